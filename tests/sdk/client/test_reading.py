"""client.vision.read and `prudent read`, from a file to checked text, with the real model in this process."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from prudent import AsyncClient, Client
from prudent.cli.main import app
from prudent.errors import InvalidRequestError, UnsupportedMediaError

DATA = Path(__file__).parents[2] / "data" / "reading"


@pytest.fixture(scope="module")
def reader_client() -> Iterator[Client]:
    """A client whose policy redacts personal data."""
    with Client(policy="strict") as client:
        yield client


@pytest.fixture(scope="module")
def letter() -> Image.Image:
    """Two lines, one of them with an address that nobody may see; Pillow brings the font."""
    image = Image.new("RGB", (760, 120), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    draw.text((20, 15), "Please call back before Friday noon", font=font, fill="black")
    draw.text((20, 65), "or write to ann.lee@mail-example.org today", font=font, fill="black")
    return image


def test_text_has_its_file_its_lines_and_its_checks(reader_client: Client) -> None:
    answer = reader_client.vision.read(DATA / "table.png")
    assert answer.text.splitlines()[0] == "Name\tSize\tPrice"
    assert (answer.image.name, answer.image.format, answer.image.width) == ("table.png", "PNG", 640)
    assert (answer.model, answer.pages_total) == ("pp-ocrv6-small", 1)
    assert [line.text for line in answer.lines[:3]] == ["Name", "Size", "Price"]
    assert answer.lines[0].words is None
    assert answer.confidence is not None
    assert answer.confidence > 0.9
    assert answer.safety is not None
    assert answer.safety.policy == "strict"
    assert answer.content_filter_results is not None
    assert not answer.content_filter_results["pii"].filtered


def test_what_is_redacted_is_in_no_line_and_no_word(reader_client: Client, letter: Image.Image) -> None:
    answer = reader_client.vision.read(letter, words=True)
    assert answer.content_filter_results is not None
    assert answer.content_filter_results["pii"].detected
    assert "example.org" not in answer.model_dump_json()
    assert "ann.lee" not in answer.model_dump_json()
    first, second = answer.lines
    assert first.text == "Please call back before Friday noon"
    assert second.text.startswith("or write to ")
    assert second.text.endswith(" today")
    assert [word.text for word in second.words or ()] == ["or", "write", "to", "today"]


def test_a_pdf_is_a_document_with_pages(reader_client: Client, letter: Image.Image) -> None:
    buffer = io.BytesIO()
    letter.save(buffer, "PDF")
    answer = reader_client.vision.read(buffer.getvalue(), pages=[1])
    assert answer.image.format == "PDF"
    assert answer.pages[0].source == "image"
    assert answer.lines[0].text == "Please call back before Friday noon"
    assert "example.org" not in answer.model_dump_json()


@pytest.mark.parametrize(
    ("image", "options", "error", "param"),
    [
        (b"not an image", {}, UnsupportedMediaError, "image"),
        (b"", {}, InvalidRequestError, "image"),
        (DATA / "tiny.png", {"pages": [2]}, InvalidRequestError, "pages"),
        (DATA / "tiny.png", {"pages": [0]}, InvalidRequestError, "pages[0]"),
        (DATA / "tiny.png", {"model": "smollm2-135m-instruct"}, InvalidRequestError, "model"),
    ],
)
def test_what_cannot_be_read_is_said(
    reader_client: Client, image: object, options: dict[str, object], error: type[Exception], param: str
) -> None:
    with pytest.raises(error) as caught:
        reader_client.vision.read(image, **options)  # type: ignore[arg-type]
    assert getattr(caught.value, "param", None) == param


def test_the_awaited_client_reads_the_same(reader_client: Client) -> None:
    async def read() -> str:
        async with AsyncClient(policy="strict") as client:
            return (await client.vision.read(DATA / "vertical.png")).text

    assert asyncio.run(read()) == reader_client.vision.read(DATA / "vertical.png").text


def test_the_command_prints_plain_text_or_json(reader_client: Client) -> None:
    done = CliRunner().invoke(app, ["read", str(DATA / "transparent.png"), str(DATA / "tiny.png")])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["White letters on nothing", "second line 1234"]
    data = (DATA / "tiny.png").read_bytes()
    done = CliRunner().invoke(app, ["read", "--json", "--words", "-"], input=data)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["pages"][0]["lines"][0]["words"]


@pytest.mark.parametrize("pages", ["0", "x", "3-1", "1-", "1-1000", ""])
def test_the_command_wants_page_numbers(pages: str) -> None:
    done = CliRunner().invoke(app, ["read", "--pages", pages, "x.pdf"])
    assert done.exit_code == 2
    assert "--pages" in done.stderr


@pytest.mark.parametrize("place", [0, 1])
def test_the_documentations_python_runs(
    reader_client: Client, place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "vision-read.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[place + 1].split("```")[0]
    shutil.copy(DATA / "table.png", tmp_path / "invoice.png")
    Image.open(DATA / "table.png").convert("L").save(tmp_path / "contract.pdf")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "vision-read.md", "exec"), {})
