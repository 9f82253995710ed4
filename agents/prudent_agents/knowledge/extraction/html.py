"""The text of an HTML file as a reader sees it. Scripts are not run, and no link is followed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from prudent.errors import RequestTooLargeError
from prudent_agents.knowledge.extraction.decoding import decoded
from prudent_agents.knowledge.extraction.extracted import Extracted, Heading

MOST_BYTES = 8 << 20
"""Of an HTML file: the parser's time is not linear in broken ones."""

_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "canvas", "select"}
)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure
        footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead
        tr ul""",
    )
)
_APART = frozenset({"p", "blockquote", "pre", "table", "ul", "ol", "section", "article", "figure"})
"""Blocks with an empty line around them."""
_CELLS = frozenset({"td", "th"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LONGEST_HEADING = 300
_LONGEST_TAG = 10_000
_OPENING = re.compile("<")
_DATA = re.compile(r"""(['"])data:[^'"<>]*\1""")
"""Pictures and fonts inside the page."""
_SPACE = re.compile(r"[ \t\r\n\f\u00a0]+")


def read_html(data: bytes, name: str) -> Extracted:
    """An HTML file. Raises UnsupportedMediaError, RequestTooLargeError."""
    if len(data) > MOST_BYTES:
        raise RequestTooLargeError(
            f"{name[:200]} has {len(data):,} bytes; of HTML {MOST_BYTES:,} are read.",
            hint="Split it, or save it as text.",
        )
    page = _Page()
    page.feed(_with_whole_tags(decoded(data, name, declares=True)))
    page.close()
    return page.extracted()


def _with_whole_tags(html: str) -> str:
    """The same page, but where a < begins no tag of bearable length it is a sign like others.

    The parser looks at what follows an unclosed one again and again.
    """
    html = _DATA.sub('""', html)
    pieces: list[str] = []
    done, end = 0, -1
    for match in _OPENING.finditer(html):
        start = match.start()
        if end < start:
            end = html.find(">", start)
            end = len(html) + _LONGEST_TAG if end < 0 else end
        if end - start >= _LONGEST_TAG:
            pieces += (html[done:start], "&lt;")
            done = start + 1
    return "".join([*pieces, html[done:]])


class _Page(HTMLParser):
    """Collects text; `_gap` is what is to stand before the next word."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._length = 0
        self._gap = ""
        self._unseen: list[str] = []
        self._kept_spaces = 0
        self._title: list[str] | None = None
        self._titles: list[str] = []
        self._heading: tuple[str, int, int] | None = None
        """Its tag, its offset and its first piece."""
        self._awaited: str | None = None
        self._headings: list[Heading] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        if self._unseen or tag in _UNSEEN:
            if tag in _UNSEEN:
                self._unseen.append(tag)
            return
        self._between(tag)
        if tag == "title":
            self._title = []
        elif tag == "pre":
            self._kept_spaces += 1
        elif tag in _HEADINGS:
            self._awaited = tag
        elif tag == "img":
            self.handle_data(f" {dict(attrs).get('alt') or ''} ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser. In HTML the slash closes nothing but what is empty anyway."""
        self.handle_starttag(tag, attrs)
        if tag in _UNSEEN and self._unseen:
            self._unseen.pop()

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        if self._unseen:
            if tag == self._unseen[-1]:
                self._unseen.pop()
            return
        if tag == "title" and self._title is not None:
            self._titles.append(_SPACE.sub(" ", "".join(self._title)).strip())
            self._title = None
        elif tag == "pre":
            self._kept_spaces = max(0, self._kept_spaces - 1)
        elif tag in _HEADINGS:
            self._end_heading()
        self._between(tag)

    def handle_data(self, data: str) -> None:
        """See HTMLParser."""
        if self._unseen:
            return
        if self._title is not None:
            self._title.append(data)
            return
        text = data if self._kept_spaces else _SPACE.sub(" ", data)
        if not text.strip():
            self._gap = self._gap or (" " if text else "")
            return
        if text[0] == " " and not self._gap:
            self._gap = " "
        if self._pieces:
            self._add(self._gap)
        self._gap = ""
        if self._awaited is not None:
            self._heading, self._awaited = (self._awaited, self._length, len(self._pieces)), None
        self._add(text if self._kept_spaces else text.strip(" "))
        self._gap = " " if text[-1] == " " and not self._kept_spaces else ""

    def extracted(self) -> Extracted:
        """What was collected."""
        self._end_heading()
        title = next(filter(None, self._titles), "") or (self._headings[0].text if self._headings else "")
        return Extracted("".join(self._pieces), "html", title, headings=tuple(self._headings))

    def _between(self, tag: str) -> None:
        """The gap that a tag makes; of several the widest holds."""
        gap = (
            "\t" if tag in _CELLS else "\n\n" if tag in _APART | _HEADINGS else "\n" if tag in _BLOCKS else ""
        )
        order = ("", " ", "\t", "\n", "\n\n")
        self._gap = max(self._gap, gap, key=order.index)

    def _end_heading(self) -> None:
        if self._heading is not None:
            tag, start, first = self._heading
            text = _SPACE.sub(" ", "".join(self._pieces[first:])).strip()
            if len(text) <= _LONGEST_HEADING:
                self._headings.append(Heading(start, int(tag[1]), text))
        self._heading = self._awaited = None

    def _add(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
