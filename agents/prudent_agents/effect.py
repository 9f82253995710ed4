"""What a call of a tool leaves behind. Knows no tool."""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """What a call leaves behind; it decides what happens after a crash or a failure.

    read: nothing, so it may run again. idempotent: the same call with the same key leaves the same behind,
    so it may run again. write: something, so it never runs again by itself.
    """

    READ = "read"
    IDEMPOTENT = "idempotent"
    WRITE = "write"
