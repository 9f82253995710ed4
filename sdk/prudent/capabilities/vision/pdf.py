"""PDFs page by page: the text that a page brings, where it is sane, else what is read in its picture.

Bounded: pages are drawn one at a time, at a size that does not depend on what the file claims. It knows no
model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from prudent.capabilities.interface.reading import ReadDocument, ReadingOptions
from prudent.capabilities.vision.decode import ImageLimits, shown_name
from prudent.capabilities.vision.quads import Pixels
from prudent.capabilities.vision.scripts import languages_of
from prudent.errors import InvalidRequestError, RequestTooLargeError, UnsupportedMediaError
from prudent.types.image import ImageInfo
from prudent.types.reading import MOST_PAGES, Polygon, TextLine, TextPage

_MARK: Final = b"%PDF-"
_MARK_WITHIN: Final = 1024
"""Bytes before the mark that readers of PDF put up with."""

_POINTS_PER_INCH: Final = 72.0
_DOTS_PER_INCH: Final = 200.0
_MOST_PIXELS: Final = 12_000_000
_LONGEST_SIDE: Final = 6000
"""A page of A4 has 3.9 million pixels at 200 dots an inch; a larger one is drawn smaller than that."""

_LONGEST_TEXT: Final = 200_000
_STRANGE_SHARE: Final = 0.05
_SHORT: Final = 24
"""Characters of a page's own text: up to which they are read; of which so many may be no letters (fonts
without a map give such); and below which they may be a stamp on a scan."""

_PDFIUM: Final = threading.Lock()
"""PDFium is not safe for several threads, in one document or in several."""

_PASSWORD: Final = 4
"""PDFium's error code."""


def is_pdf(data: bytes) -> bool:
    """Whether the bytes say so."""
    return _MARK in data[:_MARK_WITHIN]


def read_pdf(
    data: bytes, options: ReadingOptions, read_picture: Callable[[Pixels], TextPage]
) -> ReadDocument:
    """Read the pages that are asked for.

    Raises:
        UnsupportedMediaError: the extra `pdf` is not installed.
        InvalidRequestError: it is damaged, locked, has no pages, or not the one that is asked for.
        RequestTooLargeError: it has too many bytes or pages.
    """
    called = shown_name(options.name) if options.name else "The PDF"
    if len(data) > ImageLimits().bytes:
        raise RequestTooLargeError(
            f"{called} has {len(data):,} bytes; {ImageLimits().bytes:,} are read.",
            hint="Send fewer pages.",
            param="image",
        )
    with _opened(data, called) as document:
        with _PDFIUM:
            total = len(document)
        numbers = _numbers(options.pages, total, called)
        pages = [_page(document, number, options, read_picture, called) for number in numbers]
    first = pages[0]
    info = ImageInfo(
        name=options.name,
        format="PDF",
        width=round(first.width),
        height=round(first.height),
        bytes=len(data),
    )
    return ReadDocument(tuple(pages), info, total)


@contextmanager
def _opened(data: bytes, called: str) -> Generator[Any]:
    try:
        import pypdfium2  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]
    except ImportError:
        raise UnsupportedMediaError(
            "PDFs are read with an extra that is not installed here.",
            hint="Run `pip install 'prudent[pdf]'`.",
            param="image",
        ) from None
    library: Any = pypdfium2
    with _PDFIUM:
        try:
            document = library.PdfDocument(data)
        except library.PdfiumError as error:
            raise _unreadable(called, error) from None
    try:
        yield document
    finally:
        with _PDFIUM:
            document.close()


def _unreadable(called: str, error: Any) -> InvalidRequestError:
    if getattr(error, "err_code", None) == _PASSWORD or "assword" in str(error):
        return InvalidRequestError(
            f"{called} is password-protected.", hint="Save it without a password.", param="image"
        )
    return InvalidRequestError(
        f"{called} is a damaged PDF file.", hint="Open it in a viewer and save it again.", param="image"
    )


def _numbers(asked: tuple[int, ...] | None, total: int, called: str) -> tuple[int, ...]:
    if total < 1:
        raise InvalidRequestError(f"{called} has no pages.", param="image")
    if asked is None:
        if total > MOST_PAGES:
            raise RequestTooLargeError(
                f"{called} has {total:,} pages; {MOST_PAGES} are read at a time.",
                hint="Ask for some of them with `pages`.",
                param="pages",
            )
        return tuple(range(1, total + 1))
    beyond = next((number for number in asked if number > total), None)
    if beyond is not None:
        raise InvalidRequestError(f"{called} has {total} pages, and no page {beyond}.", param="pages")
    return asked


def _page(
    document: Any,
    number: int,
    options: ReadingOptions,
    read_picture: Callable[[Pixels], TextPage],
    called: str,
) -> TextPage:
    with _PDFIUM:
        try:
            page = document[number - 1]
            own = _own_text(page, number) if options.use_text_layer else None
            picture = _drawn(page) if own is None else None
            page.close()
        except Exception as error:  # whatever a hostile page drives the library to
            raise InvalidRequestError(
                f"Page {number} of {called} is damaged.", hint="Leave it out with `pages`.", param="image"
            ) from error
    if own is not None:
        return own
    assert picture is not None
    return read_picture(picture).model_copy(update={"number": number})


def _drawn(page: Any) -> Pixels:
    width, height = page.get_size()
    scale = min(
        _DOTS_PER_INCH / _POINTS_PER_INCH,
        (_MOST_PIXELS / max(1.0, width * height)) ** 0.5,
        _LONGEST_SIDE / max(1.0, width, height),
    )
    bitmap = page.render(scale=scale, rev_byteorder=True)
    pixels = np.array(bitmap.to_numpy()[:, :, :3], np.uint8)
    bitmap.close()
    return pixels


def _own_text(page: Any, number: int) -> TextPage | None:
    """What the page says in letters, if they are letters and not a stamp on a scan."""
    layer = page.get_textpage()
    try:
        count = layer.count_chars()
        if not 0 < count <= _LONGEST_TEXT:
            return None
        text: str = layer.get_text_range(0, count)
        if not _is_sane(text) or (len(text.strip()) < _SHORT and _has_picture(page)):
            return None
        lines, offset = list[TextLine](), 0
        width, height = page.get_size()
        at = 0
        pieces: list[str] = []
        for raw in text.splitlines(keepends=True):
            line = raw.rstrip("\r\n")
            if line.strip():
                polygon = _polygon(layer, at, len(line), page.get_rotation(), width, height)
                lines.append(TextLine(text=line, offset=offset, paragraph=0, polygon=polygon))
                pieces.append(line)
                offset += len(line) + 1
            at += len(raw)
    finally:
        layer.close()
    return TextPage(
        number=number,
        text="\n".join(pieces),
        lines=lines,
        width=width,
        height=height,
        languages=languages_of(pieces),
        source="text_layer",
    )


def _is_sane(text: str) -> bool:
    """Letters, and few of what a font without a map to Unicode gives."""
    if not any(letter.isalnum() for letter in text):
        return False
    strange = sum(
        1
        for letter in text
        if letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or (letter < " " and letter not in "\r\n\t")
    )
    return strange <= _STRANGE_SHARE * len(text)


def _has_picture(page: Any) -> bool:
    import pypdfium2.raw as raw  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]

    kinds: Any = raw
    return any(True for _ in page.get_objects(filter=[kinds.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _polygon(layer: Any, start: int, count: int, rotation: int, width: float, height: float) -> Polygon:
    """Corners of some characters' rectangle, from the upper left of the page as it is shown."""
    boxes: list[tuple[float, float, float, float]] = [
        layer.get_rect(index) for index in range(layer.count_rects(start, count))
    ]
    if not boxes:
        return []
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [_shown(x, y, rotation % 360, width, height) for x, y in corners]


def _shown(x: float, y: float, rotation: int, width: float, height: float) -> tuple[float, float]:
    """From PDF's axes to those of the page as it is turned for showing, whose size is given."""
    points = {0: (x, height - y), 90: (y, x), 180: (width - x, y), 270: (width - y, height - x)}
    across, down = points[rotation]
    return round(across, 1), round(down, 1)
