"""Sound before any model of language: decoding, features, voice activity, chunks. Knows no request."""
