"""The version of what the compiler writes. Knows nothing else."""

from __future__ import annotations

COMPILER_VERSION = "5"
"""Part of every compiled model's cache key: raise it when the same file would compile to something else."""
