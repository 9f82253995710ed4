"""Text out of tokens one at a time. Knows bytes and UTF-8, not what a token is."""

from __future__ import annotations

import codecs
from collections.abc import Callable


class IncrementalDecoder:
    """Turns token ids into text as they come; the pieces together are the text of all ids together.

    A code point whose bytes are spread over tokens comes out whole with the last of them. Bytes that can no
    longer become valid UTF-8 come out as U+FFFD at once, a sequence cut by the end with `finish`. One decoder
    serves one answer and one thread.
    """

    def __init__(self, visible_bytes: Callable[[int], bytes]) -> None:
        """`visible_bytes` gives what a token adds to the answer: nothing for a control token."""
        self._visible_bytes = visible_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, token: int) -> str:
        """The text that has become certain with this token; often empty."""
        return self._decoder.decode(self._visible_bytes(token))

    def finish(self) -> str:
        """What was still open at the end: empty, or U+FFFD. The decoder is as new afterwards."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest
