"""Chat models asked for one thing at a time, and what they are told."""
