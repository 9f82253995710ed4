"""BFCL-like questions: tools are offered, and what a model calls is compared with checked answers."""
