"""The engine: token ids in, token ids out, for many requests at once. Knows no text format and no HTTP."""
