"""Grammars that an answer must follow, compiled for one model's vocabulary."""
