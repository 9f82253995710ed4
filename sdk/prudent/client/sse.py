"""Server-sent events from bytes, wherever the chunks are cut. Knows no HTTP and no JSON.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its data lines joined by newlines, and its name where it has one."""

    data: str
    event: str | None = None


class EventDecoder:
    """Takes bytes as they come, gives events as they are complete.

    Lines are split before they are decoded, so that a chunk may end inside a character. An event that is
    not closed by an empty line is not an event.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._after_cr = False
        self._data: list[str] = []
        self._event: str | None = None

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Take more bytes; return the events that they complete."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")  # the second half of a line end that was cut in two
            self._after_cr = False
        if chunk.endswith(b"\r"):
            self._after_cr = True
        lines = (self._rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop()
        events = (self._line(line.decode("utf-8", "replace")) for line in lines)
        return [event for event in events if event is not None]

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        return None

    def _dispatch(self) -> ServerEvent | None:
        data, event = self._data, self._event
        self._data, self._event = [], None
        return ServerEvent("\n".join(data), event) if data else None
