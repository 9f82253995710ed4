"""Makes the receipt of `prudent demo` (sdk/prudent/cli/mission/receipt.png); the memo is `prudent say`'s.

The memo: prudent say "Book the receipt from Harbour Cafe as an expense. Then look up in the handbook how much
I may spend on dinner." -o memo.ogg
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

LINES = (
    ("HARBOUR CAFE", 34),
    ("12 Pier Road", 20),
    ("Date: 2026-11-12", 22),
    ("Fish soup            14.50", 22),
    ("Bread                 2.90", 22),
    ("Tea                   3.20", 22),
    ("TOTAL EUR            20.60", 26),
    ("Thank you!", 20),
)


def main(target: Path) -> None:
    """Draw the lines on paper that is not quite white."""
    image = Image.new("L", (420, 420), 246)
    draw = ImageDraw.Draw(image)
    y = 26
    for text, size in LINES:
        font = ImageFont.truetype("DejaVuSansMono.ttf", size * 3 // 4)
        draw.text((24, y), text, font=font, fill=25)
        y += size + 16
    image.quantize(8).save(target, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
