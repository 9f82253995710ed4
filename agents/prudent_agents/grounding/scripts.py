"""Which script a text is written in, as a pattern. Knows nothing of what it says."""

from __future__ import annotations

import re

IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]")
"""A Chinese character, also one of extension A."""
