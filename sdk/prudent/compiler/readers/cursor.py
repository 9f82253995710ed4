"""Move over a header's bytes without trusting them: nothing is read past the end, no count is believed.

Knows no format. Every count is checked against the bytes that are left before anything is allocated for it,
so a damaged or hostile file costs a quick ModelFileError and bounded memory.
"""

from __future__ import annotations

import struct
from typing import cast

from prudent.errors import ModelFileError


class Cursor:
    """A position in a file's bytes; `offset` is where it stands."""

    def __init__(self, view: memoryview, name: str, kind: str) -> None:
        """`name` is the file's and `kind` the format's, both for messages."""
        self.offset = 0
        self._view = view
        self._name = name
        self._kind = kind

    def error(self, what: str) -> ModelFileError:
        """The error for a file that `what`, such as "claims 12 tensors"."""
        return ModelFileError(
            f"{self._name} {what}; it is damaged, or not {self._kind} file.",
            hint="Fetch the file again.",
        )

    def take(self, size: int) -> memoryview:
        """The next bytes.

        Raises:
            ModelFileError: the file ends before.
        """
        end = self.offset + size
        if end > len(self._view):
            raise self.error(f"ends inside its header (byte {end:,} of {len(self._view):,})")
        part = self._view[self.offset : end]
        self.offset = end
        return part

    def number(self, code: str) -> int:
        """The next number, in `struct`'s code."""
        return cast(int, struct.unpack(code, self.take(struct.calcsize(code)))[0])

    def count(self, code: str, *, item_bytes: int, what: str, most: int) -> int:
        """The next number as a count of items that each take at least `item_bytes` of what is left.

        Raises:
            ModelFileError: it is negative, more than `most`, or more than the file has room for.
        """
        value = self.number(code)
        if not 0 <= value <= most or value * item_bytes > len(self._view) - self.offset:
            raise self.error(f"claims {value:,} {what}")
        return value
