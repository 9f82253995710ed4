"""Whisper: windows of log-mel features to text. Knows no audio file, no cutting of long files and no HTTP."""
