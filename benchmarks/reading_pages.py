"""Pages of text rendered here, with known text: for the ranges of int8 readers and for choosing their rules.

Fonts are looked up by file name in the usual folders; pages need only those that are there. The same seed and
the same fonts give the same pages. Knows no model.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")

LATIN_FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSans-Bold.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSerif-Regular.ttf",
    "LiberationSerif-Italic.ttf",
    "Carlito-Regular.ttf",
    "FreeSerif.ttf",
)
CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSerifCJK-Regular.ttc",
    "NotoSansCJK-Bold.ttc",
    "wqy-zenhei.ttc",
    "ukai.ttc",
)

OTHER_LATIN = (
    "Größe und Maß: fünf Äpfel kosten 3,80 €, süße Brötchen 1,20 €.",
    "L'été dernier, où étiez-vous ? Ça dépend du train de 8 h 45.",
    "El niño comió piñas y años después volvió al jardín. ¿Dónde está?",
    "Não há amanhã sem manhã; a ação começa às 7 horas.",
    "Zażółć gęślą jaźń, łódź płynie do Gdańska.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "INVOICE No. 2024-0137  TOTAL: $1,284.50 (VAT 19%)",
    "def area(r): return 3.14159 * r ** 2  # m²",
    "Tel. +44 20 7946 0958, e-mail info@example.org, https://example.org/a?b=1&c=2",
    "OPEN 24 HOURS  NO PARKING  EXIT 12B",
)


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """An image, its lines in reading order, and how it was made."""

    name: str
    image: Image.Image
    lines: list[str]

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def find_fonts(names: tuple[str, ...]) -> list[Path]:
    """Those of the named font files that this machine has."""
    found: list[Path] = []
    for name in names:
        hits = (hit for folder in FONT_FOLDERS if folder.is_dir() for hit in sorted(folder.rglob(name)))
        if (first := next(hits, None)) is not None:
            found.append(first)
    return found


def english_text() -> list[str]:
    """Sentences that ship with the compiler, and some of other Latin alphabets."""
    folder = files("prudent.compiler") / "calibration"
    prose = (folder / "prose.txt").read_text(encoding="utf-8") + (folder / "numbers.txt").read_text("utf-8")
    words = [line.strip() for line in prose.splitlines() if line.strip()]
    return [*words, *OTHER_LATIN]


def chinese_text() -> list[str]:
    """Chinese sentences that ship with the compiler."""
    folder = files("prudent.compiler") / "calibration"
    text = (folder / "chinese.txt").read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int, *, by_character: bool) -> list[str]:
    """Lines of at most `width` pixels."""
    pieces = list(text) if by_character else [word + " " for word in text.split(" ")]
    lines, line = [], ""
    for piece in pieces:
        if line and font.getlength((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def background(rng: random.Random, width: int, height: int) -> Image.Image:
    """Paper, a tint, a gradient or clouds of colour such as a photograph has."""
    kind = rng.random()
    if kind < 0.45:
        tone = rng.randint(235, 255)
        return Image.new("RGB", (width, height), (tone, tone, tone - rng.randint(0, 20)))
    if kind < 0.6:
        return Image.new("RGB", (width, height), tuple(rng.randint(10, 60) for _ in range(3)))
    noise = np.random.default_rng(rng.randint(0, 1 << 30))
    small = noise.integers(0, 256, (rng.randint(2, 12), rng.randint(2, 12), 3), np.uint8)
    clouds = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    if kind < 0.8:  # pale
        return Image.blend(clouds, Image.new("RGB", (width, height), "white"), 0.7)
    return clouds


def spoil(rng: random.Random, image: Image.Image) -> Image.Image:
    """What copying, photographing and compressing do to a page."""
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    if rng.random() < 0.4:
        noise = np.random.default_rng(rng.randint(0, 1 << 30))
        grain = noise.normal(0, rng.uniform(3, 18), (image.height, image.width, 1))
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    if rng.random() < 0.5:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(25, 85))
        image = Image.open(buffer).convert("RGB")
    return image


def page(
    rng: random.Random, name: str, *, fonts: list[Path], texts: list[str], chinese: bool
) -> RenderedPage:
    """One column of paragraphs on some ground, a little turned at times."""
    width, height = rng.randint(320, 1400), rng.randint(240, 1200)
    size = rng.choice((14, 16, 18, 20, 24, 28, 34, 44, 60))
    font = ImageFont.truetype(str(rng.choice(fonts)), size)
    ground = background(rng, width, height)
    dark = np.asarray(ground.convert("L")).mean() < 128
    ink = (
        tuple(rng.randint(190, 255) for _ in range(3))
        if dark
        else tuple(rng.randint(0, 90) for _ in range(3))
    )
    draw, lines, y = ImageDraw.Draw(ground), [], size
    leading = round(size * rng.uniform(1.25, 1.8))
    while y + leading < height:
        for line in wrap(rng.choice(texts), font, width - 2 * size, by_character=chinese)[
            : rng.randint(1, 6)
        ]:
            if y + leading >= height:
                break
            draw.text((size, y), line, font=font, fill=ink)
            lines.append(line)
            y += leading
        y += leading // 2
    if rng.random() < 0.3:
        fill = tuple(int(v) for v in np.asarray(ground).reshape(-1, 3)[0])
        ground = ground.rotate(rng.uniform(-4, 4), Image.Resampling.BICUBIC, expand=True, fillcolor=fill)
    return RenderedPage(name, spoil(rng, ground), lines)


def pages(count: int, seed: int) -> Iterator[RenderedPage]:
    """Pages, every second one Chinese where a Chinese font is here."""
    latin, chinese = find_fonts(LATIN_FONTS), find_fonts(CHINESE_FONTS)
    if not latin:
        raise SystemExit("None of the fonts is here: " + ", ".join(LATIN_FONTS))
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        if index % 2 and chinese:
            yield page(rng, f"zh{index}", fonts=chinese, texts=chinese_text(), chinese=True)
        else:
            yield page(rng, f"en{index}", fonts=latin, texts=english_text(), chinese=False)
