"""Makes the images in tests/data/reading, with known text: what readers commonly fail on.

    python benchmarks/reading_samples.py

Own work, CC0; rendered with DejaVu, Liberation and Noto fonts, whose licences leave rendered text free.
"""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reading_pages import chinese_text, english_text, find_fonts, wrap

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "reading"
SANS, SERIF, BOLD = "DejaVuSans.ttf", "LiberationSerif-Regular.ttf", "DejaVuSans-Bold.ttf"
CHINESE, CHINESE_SERIF = "NotoSansCJK-Regular.ttc", "NotoSerifCJK-Regular.ttc"

Sample = tuple[Image.Image, list[str]]


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font that must be here."""
    return ImageFont.truetype(str(find_fonts((name,))[0]), size)


def column(
    size: tuple[int, int], face: ImageFont.FreeTypeFont, lines: list[str], **look: object
) -> Image.Image:
    """Lines below each other."""
    mode, ground, ink = look.get("mode", "L"), look.get("ground", 255), look.get("ink", 0)
    image = Image.new(str(mode), size, ground)  # type: ignore[arg-type]
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        draw.text((20, 16 + round(row * face.size * 1.5)), line, font=face, fill=ink)  # type: ignore[arg-type]
    return image


def turned() -> dict[str, Sample]:
    """The same page in four directions, and tilted."""
    face = font(SANS, 20)
    lines = wrap(english_text()[0], face, 520, by_character=False)[:4]
    page = column((560, 150), face, lines)
    samples = {f"turned_{a}": (page.rotate(a, expand=True), lines) for a in (0, 90, 180, 270)}
    samples["tilted"] = page.rotate(8, Image.Resampling.BICUBIC, expand=True, fillcolor=255), lines
    return samples


def vertical() -> Sample:
    """Chinese in columns from right to left."""
    face, text = font(CHINESE_SERIF, 34), chinese_text()[0]
    columns = [text[i * 8 : i * 8 + 8] for i in range(4)]
    image = Image.new("L", (300, 350), 255)
    draw = ImageDraw.Draw(image)
    for place, letters in enumerate(columns):
        for row, letter in enumerate(letters):
            draw.text((240 - place * 64, 16 + row * 40), letter, font=face, fill=0)
    return image, columns


def transparent() -> Sample:
    """White letters on nothing."""
    lines = ["White letters on nothing", "second line 1234"]
    return column((460, 110), font(SANS, 26), lines, mode="RGBA", ground=(0, 0, 0, 0), ink=(255,) * 4), lines


def tiny() -> Sample:
    """One short line, 65 pixels wide."""
    image = Image.new("L", (65, 20), 255)
    ImageDraw.Draw(image).text((3, 1), "房间 47", font=font(CHINESE, 14), fill=0)
    return image, ["房间 47"]


def two_columns() -> Sample:
    """A heading over two columns of equal lines."""
    face, texts = font(SERIF, 18), english_text()
    left = wrap(texts[0] + " " + texts[1], face, 360, by_character=False)[:9]
    right = wrap(texts[2] + " " + texts[0], face, 360, by_character=False)[:9]
    heading = "A heading that goes over both of the columns"
    image = Image.new("L", (860, 330), 255)
    draw = ImageDraw.Draw(image)
    draw.text((30, 14), heading, font=font(BOLD, 22), fill=0)
    for x, lines in ((30, left), (460, right)):
        for row, line in enumerate(lines):
            draw.text((x, 60 + row * 27), line, font=face, fill=0)
    return image, [heading, *left, *right]


def table() -> Sample:
    """Cells that stand in columns and are read row by row."""
    rows = [
        ["Name", "Size", "Price"],
        ["Garden hose, green", "25 m", "14.90"],
        ["Watering can", "10 l", "8.50"],
        ["Spade with ash handle", "1.2 kg", "32.00"],
        ["Wheelbarrow", "85 l", "74.95"],
    ]
    image = Image.new("L", (640, 230), 255)
    draw = ImageDraw.Draw(image)
    for row, cells in enumerate(rows):
        for x, cell in zip((20, 340, 520), cells, strict=True):
            draw.text((x, 12 + row * 42), cell, font=font(SANS, 20), fill=0)
    return image, ["\t".join(cells) for cells in rows]


def small_print() -> Sample:
    """A page of 2200 x 3000 with a title and three lines of notes in letters of 17 pixels."""
    lines = wrap(english_text()[1], font(SERIF, 17), 900, by_character=False)[:3]
    image = Image.new("L", (2200, 3000), 255)
    draw = ImageDraw.Draw(image)
    draw.text((200, 300), "BIG TITLE", font=font(BOLD, 300), fill=0)
    for row, line in enumerate(lines):
        draw.text((200, 2600 + row * 30), line, font=font(SERIF, 17), fill=0)
    return image, ["BIG TITLE", *lines]


def strip() -> Sample:
    """One line of 4,000 pixels."""
    face = font(SANS, 20)
    text = wrap(" ".join(english_text()[:3]), face, 3960, by_character=False)[0]
    return column((4000, 50), face, [text]), [text]


def main() -> None:
    """Write them and their texts."""
    samples: dict[str, Sample] = {
        **turned(),
        "vertical": vertical(),
        "transparent": transparent(),
        "tiny": tiny(),
        "two_columns": two_columns(),
        "table": table(),
        "small_print": small_print(),
        "strip": strip(),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (image, _) in samples.items():
        small = image if image.mode == "RGBA" else image.quantize(8)
        small.save(FOLDER / f"{name}.png", optimize=True)
    texts = {name: lines for name, (_, lines) in samples.items()}
    (FOLDER / "texts.json").write_text(
        json.dumps(texts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    print({path.name: path.stat().st_size for path in sorted(FOLDER.iterdir())})


if __name__ == "__main__":
    main()
