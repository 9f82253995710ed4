"""Why a verdict is what it is: which words carry it, and what would have passed. Knows no check, no model."""
