"""How often harmless texts that nobody learnt from are flagged: prose, real instructions, own pages.

    python benchmarks/everyday.py [--data FOLDER] [--keep]

No text is in a training or validation row: sentences of everyday matters (those of checks.py, 100 words
each), paragraphs of this project's README and pages, introductions of encyclopaedia articles, tasks of
MT-Bench and Vicuna, descriptions of pictures (four a text) in English and Chinese, and the half of IFEval's
instructions that is kept for tests. Flagged is what reaches the medium or the high band of the card as a
user's text, by
encoder and n-grams, on the text and on its second view. Without --data it looks for `shared/data` beside the
repository.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from checks import sentences
from encoder_scores import highest_of_views
from machine import describe, keep

sys.path.insert(0, str(Path(__file__).parents[1] / "responsible_ai" / "training"))

from rows import read_rows

from prudent_responsible_ai.encoder.card import EncoderCard, PackagedEncoder
from prudent_responsible_ai.encoder.loading import open_text_encoder
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.text_encoder import HARMS, LABELS

REPOSITORY = Path(__file__).parents[1]
DATA = Path(__file__).parents[2] / "shared" / "data"
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "jailbreak": ("direct", "jailbreak"),
    **{name: (name,) for name in HARMS if name not in ("offensive", "unsafe")},
}
"""Categories as the checks report them, by the labels that they are read from."""
SEED = 20261128
WORDS = 100
MOST = 160
_FEWEST_WORDS = 40
_CAPTIONS = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    encoder, card = open_text_encoder(), PackagedEncoder().card
    results = {
        name: flagged(encoder, card, texts, "zh" if name.endswith("zh") else "en")
        for name, texts in harmless(asked.data)
    }
    settings = {"model_hash": encoder.model_hash, "words": WORDS, "most": MOST}
    sys.stdout.write(f"{json.dumps(describe())}\n{json.dumps(settings)}\n\n{_table(results)}\n")
    if asked.keep:
        sys.stdout.write(f"{keep('everyday', settings, {'prudent': results})}\n")


def harmless(data: Path) -> Iterator[tuple[str, list[str]]]:
    """The sets of texts by name; at most MOST of each."""
    drawn = random.Random(SEED)
    yield "everyday_sentences", [sentences(drawn, WORDS) for _ in range(60)]
    pages = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    yield "pages", _some([one for page in pages for one in _paragraphs(page.read_text("utf-8"))], drawn)
    intros = (data / "quality" / "text" / "wikipedia_intros.txt").read_text("utf-8")
    yield "encyclopaedia", _some(list(_paragraphs(intros)), drawn)
    kept = [row for row in read_rows(data / "rai") if row.source == "ifeval" and row.split == "test"]
    yield "instructions", _some([row.text for row in kept], drawn)
    tasks = [row["turns"][0] for row in _rows(data / "load" / "mt_bench.jsonl")]
    tasks += [row.get("text") or row["turns"][0] for row in _rows(data / "load" / "vicuna_bench.jsonl")]
    yield "tasks", _some(tasks, drawn)
    for language, between in (("en", " "), ("zh", "")):
        rows = _rows(data / "media" / "similarity" / f"sts_captions_{language}.jsonl")
        said = list(dict.fromkeys(str(row["sentence1"]) for row in rows))
        texts = [between.join(said[at : at + _CAPTIONS]) for at in range(0, len(said), _CAPTIONS)]
        yield f"captions_{language}", _some(texts, drawn)


def flagged(
    encoder: LocalTextEncoder, card: EncoderCard, texts: Sequence[str], language: str
) -> dict[str, Any]:
    """Shares of texts in which a category, or any, reaches its medium and its high band."""
    scores = highest_of_views(encoder, texts)
    found: dict[str, Any] = {"texts": len(texts)}
    for band in ("medium", "high"):
        limits = np.array([getattr(card.thresholds(label, language), band) for label in LABELS])
        over = scores >= limits
        by_category = {
            name: over[:, [LABELS.index(label) for label in labels]].any(1)
            for name, labels in CATEGORIES.items()
        }
        found[band] = {name: float(hit.mean()) for name, hit in by_category.items() if hit.any()}
        found[band]["any"] = float(np.any(list(by_category.values()), axis=0).mean())
    return found


def _paragraphs(text: str) -> Iterator[str]:
    """Prose of about WORDS words: paragraphs joined, without code, tables and headings."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    words: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        if block.lstrip().startswith(("|", "#", "<", "!")) or len(block.split()) < 8:
            continue
        words += block.split()
        if len(words) >= WORDS:
            yield " ".join(words[:WORDS])
            words = []
    if len(words) >= _FEWEST_WORDS:
        yield " ".join(words)


def _some(texts: list[str], drawn: random.Random) -> list[str]:
    return drawn.sample(texts, min(MOST, len(texts)))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def _table(results: Mapping[str, dict[str, Any]]) -> str:
    lines = [f"{'per cent flagged at medium (high)':34}{'texts':>6}  any, then by category"]
    for name, one in results.items():
        high = one["high"]
        cells = [
            f"{key} {100 * value:.1f} ({100 * high.get(key, 0):.1f})" for key, value in one["medium"].items()
        ]
        lines.append(f"{name:34}{one['texts']:6}  {', '.join(reversed(cells))}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
