"""The real model reads what readers commonly fail on, and answers bad files in words.

The images in tests/data/reading are ours (benchmarks/reading_samples.py) and were not used to take ranges.
"""

from __future__ import annotations

import io
import json
import resource
import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from prudent.capabilities.interface.reading import ReadingOptions
from prudent.capabilities.reading import ReadingModel
from prudent.errors import (
    InvalidRequestError,
    PrudentError,
    RequestTooLargeError,
    ServiceUnavailableError,
    UnsupportedMediaError,
)
from prudent.types.reading import TextPage

DATA = Path(__file__).parents[2] / "data" / "reading"
TEXTS: dict[str, list[str]] = json.loads((DATA / "texts.json").read_text(encoding="utf-8"))
BAD = Path(__file__).parents[4] / "shared" / "data" / "media" / "bad"


@pytest.fixture(scope="module")
def reader_model() -> Iterator[ReadingModel]:
    """PP-OCRv6 small, int8."""
    with ReadingModel.load() as model:
        yield model


@pytest.fixture(scope="module")
def reader_page(reader_model: ReadingModel) -> Callable[[str], TextPage]:
    """One of the images, with words; read once."""

    @cache
    def read(name: str) -> TextPage:
        data = (DATA / f"{name}.png").read_bytes()
        return reader_model.read(data, ReadingOptions(words=True)).pages[0]

    return read


def _letters(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("name", TEXTS)
def test_what_others_miss_is_read_in_order(reader_page: Callable[[str], TextPage], name: str) -> None:
    page = reader_page(name)
    read, truth = _letters(page.text), _letters("".join(TEXTS[name]))
    same = sum(
        block.size for block in SequenceMatcher(None, read, truth, autojunk=False).get_matching_blocks()
    )
    assert same / max(len(read), len(truth)) >= 0.97, page.text


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_page_says_how_it_lies(reader_page: Callable[[str], TextPage], turn: int) -> None:
    """The image was turned counterclockwise, so its text runs by that angle less."""
    page = reader_page(f"turned_{turn}")
    assert page.orientation == (360 - turn) % 360
    start, end = page.lines[0].polygon[:2]
    along = {0: (1, 0), 90: (0, -1), 180: (-1, 0), 270: (0, 1)}[turn]
    run = np.subtract(end, start)
    assert float(run @ np.array(along)) > 0.99 * float(np.linalg.norm(run))


def test_vertical_print_is_told(reader_page: Callable[[str], TextPage]) -> None:
    page = reader_page("vertical")
    assert all(line.vertical for line in page.lines)
    assert page.orientation == 0
    assert page.languages == ["zh"]


def test_cells_of_a_row_are_parted_by_tabs(reader_page: Callable[[str], TextPage]) -> None:
    rows = reader_page("table").text.split("\n")
    assert [row.count("\t") for row in rows] == [2] * 5


def test_words_lie_in_their_line_in_order(reader_page: Callable[[str], TextPage]) -> None:
    page = reader_page("two_columns")
    for line in page.lines:
        assert line.text == page.text[line.offset : line.offset + len(line.text)]
        assert line.words is not None
        assert " ".join(word.text for word in line.words) == line.text
        left, right = line.polygon[0][0], line.polygon[1][0]
        starts = [word.polygon[0][0] for word in line.words]
        assert starts == sorted(starts)
        assert left - 1 <= starts[0]
        assert line.words[-1].polygon[1][0] <= right + 1


def test_a_paragraph_is_what_stands_between_empty_lines(reader_page: Callable[[str], TextPage]) -> None:
    page = reader_page("two_columns")
    assert page.paragraphs[0] == TEXTS["two_columns"][0]
    assert len(page.paragraphs) == 3
    assert page.lines[-1].paragraph == 2


def _image(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 3), (200, 300)])
def test_an_empty_image_has_no_text(reader_model: ReadingModel, size: tuple[int, int]) -> None:
    page = reader_model.read(_image(np.full((*size, 3), 255, np.uint8)), ReadingOptions()).pages[0]
    assert page.text == ""
    assert page.lines == []
    assert page.languages == []


def test_noise_is_not_read_for_long(reader_model: ReadingModel) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    page = reader_model.read(_image(noise), ReadingOptions()).pages[0]
    assert len(page.text) < 40


def _pdf(*names: str) -> bytes:
    """A PDF of scans."""
    images = [Image.open(DATA / f"{name}.png").convert("L") for name in names]
    buffer = io.BytesIO()
    images[0].save(buffer, "PDF", save_all=True, append_images=images[1:], resolution=100)
    return buffer.getvalue()


def _written_pdf(text: str) -> bytes:
    """A PDF of one page with letters, made by hand; readers of PDF rebuild its table."""
    stream = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
    return (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>endobj\n"
        f"4 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\n"
        "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n"
    ).encode()


def test_a_pdf_of_scans_is_read_page_by_page(reader_model: ReadingModel) -> None:
    document = reader_model.read(_pdf("table", "turned_180"), ReadingOptions())
    assert document.pages_total == 2
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text.startswith("Name\tSize\tPrice")
    assert document.pages[1].orientation == 180
    assert {page.source for page in document.pages} == {"image"}


def test_pages_are_chosen(reader_model: ReadingModel) -> None:
    document = reader_model.read(_pdf("table", "tiny"), ReadingOptions(pages=(2,)))
    assert [page.number for page in document.pages] == [2]
    with pytest.raises(InvalidRequestError, match="no page 3") as caught:
        reader_model.read(_pdf("table", "tiny"), ReadingOptions(pages=(3,)))
    assert caught.value.param == "pages"
    with pytest.raises(InvalidRequestError, match="one page"):
        reader_model.read((DATA / "table.png").read_bytes(), ReadingOptions(pages=(2,)))


def test_a_pdfs_own_text_is_taken_unless_its_picture_is_wanted(reader_model: ReadingModel) -> None:
    data = _written_pdf("Written in letters, 4711")
    own = reader_model.read(data, ReadingOptions()).pages[0]
    assert (own.text, own.source) == ("Written in letters, 4711", "text_layer")
    assert own.lines[0].confidence is None
    x, y = own.lines[0].polygon[3]
    assert (x, 842 - y) == pytest.approx((72, 700), abs=8)
    drawn = reader_model.read(data, ReadingOptions(use_text_layer=False)).pages[0]
    assert (_letters(drawn.text), drawn.source) == (_letters(own.text), "image")


def test_text_without_a_map_to_letters_is_not_taken(reader_model: ReadingModel) -> None:
    """Control characters are what a font without such a map gives."""
    page = reader_model.read(_written_pdf("\\001\\002\\003\\004 x"), ReadingOptions()).pages[0]
    assert page.source == "image"


def test_too_many_pages_are_asked_for_in_parts(reader_model: ReadingModel) -> None:
    with pytest.raises(RequestTooLargeError, match="51 pages") as caught:
        reader_model.read(_pdf(*["tiny"] * 51), ReadingOptions(name="long.pdf"))
    assert caught.value.param == "pages"


def test_a_file_that_is_no_image_is_refused(reader_model: ReadingModel) -> None:
    with pytest.raises(UnsupportedMediaError, match=r"notes\.txt"):
        reader_model.read(b"just text", ReadingOptions(name="notes.txt"))


def _answer(model: ReadingModel, data: bytes, name: str) -> tuple[str, PrudentError | None]:
    try:
        return model.read(data, ReadingOptions(name=name)).pages[0].text, None
    except PrudentError as error:
        return "", error


def _bad_files() -> list[dict[str, Any]]:
    if not BAD.is_dir():
        return []
    rows = [json.loads(line) for line in (BAD / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    sounds = (".wav", ".mp3", ".flac", ".mp4")
    return [row for row in rows if not row["file"].endswith(sounds)]


@pytest.mark.skipif(not BAD.is_dir(), reason="the shared test media are not here")
def test_bad_files_get_right_answers_in_bounded_time_and_memory(reader_model: ReadingModel) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for row in _bad_files():
        data = (BAD / row["file"]).read_bytes()
        start = time.process_time()
        text, refusal = _answer(reader_model, data, row["file"])
        assert time.process_time() - start < 5, row
        if refusal is None:
            assert row.get("text", "") in text, row
        else:
            assert not row["should_succeed"], row
            assert refusal.http_status in (400, 413, 415), row
            assert row["file"] in refusal.message, row
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 * 1024, "kB on Linux"


def test_a_closed_model_says_so() -> None:
    model = ReadingModel.load()
    model.close()
    with pytest.raises(ServiceUnavailableError):
        model.read((DATA / "tiny.png").read_bytes(), ReadingOptions())
