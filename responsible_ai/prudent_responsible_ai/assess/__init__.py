"""Evidence about an app, gathered by asking it: statistics, runners, reports. Knows no server."""
