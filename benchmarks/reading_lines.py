"""Renders the lines of text on which compiled readers are compared with float32 (a file of the package).

python benchmarks/reading_lines.py
"""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reading_pages import CHINESE_FONTS, LATIN_FONTS, chinese_text, english_text, find_fonts, wrap

from prudent import compiler

WIDTH, HEIGHT, LINES = 640, 48, 20


def main() -> None:
    """Write the image, grey, a line every 48 pixels."""
    sheet = Image.new("L", (WIDTH, HEIGHT * LINES), 255)
    draw = ImageDraw.Draw(sheet)
    rng = random.Random(48)
    latin, chinese = find_fonts(LATIN_FONTS), find_fonts(CHINESE_FONTS)
    for row in range(LINES):
        is_chinese = row % 2 == 1
        font = ImageFont.truetype(str(rng.choice(chinese if is_chinese else latin)), rng.randint(24, 32))
        text = rng.choice(chinese_text() if is_chinese else english_text())
        line = rng.choice(wrap(text, font, WIDTH - 16, by_character=is_chinese))
        top, bottom = font.getbbox(line)[1::2]
        draw.text((8, row * HEIGHT + (HEIGHT - top - bottom) // 2), line, font=font, fill=20)
    target = Path(next(iter(compiler.__path__))) / "calibration" / "reading_lines.png"
    sheet.quantize(16).save(target, optimize=True)
    print(target.name, target.stat().st_size)


if __name__ == "__main__":
    main()
