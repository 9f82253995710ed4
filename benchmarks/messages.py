"""What the checks say of 640 short messages, harmful and harmless, in English and Chinese.

    python benchmarks/messages.py [--verbose] [--keep]

The messages stand beside this file (`language<tab>label<tab>text`). They were written for this by somebody
who saw no training row and no data set: what a sceptic types who tries the checks. Nothing is learnt from
them and no threshold is set on them. A message is found where a category, or the category of its label,
reaches the medium or the high band of the card. --verbose prints the messages that are judged wrongly.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from encoder_scores import highest_of_views
from everyday import CATEGORIES
from machine import describe, keep

from prudent_responsible_ai.encoder.card import PackagedEncoder
from prudent_responsible_ai.encoder.loading import open_text_encoder
from prudent_responsible_ai.text_encoder import LABELS

MESSAGES = Path(__file__).with_suffix(".tsv")
SAFE = "safe"
_CATEGORY = {"direct": "jailbreak"}
"""The category of a label that is called otherwise."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    encoder, card = open_text_encoder(), PackagedEncoder().card
    rows = [line.split("\t") for line in MESSAGES.read_text(encoding="utf-8").splitlines()]
    scores = highest_of_views(encoder, [text for _, _, text in rows])
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    wrong: list[str] = []
    for (language, label, text), own in zip(rows, scores, strict=True):
        counted = counts[f"{label}, {language}"]
        counted["messages"] += 1
        for band in ("medium", "high"):
            found = [
                name
                for name, labels in CATEGORIES.items()
                if any(
                    own[LABELS.index(one)] >= getattr(card.thresholds(one, language), band) for one in labels
                )
            ]
            counted[f"{band}, any"] += bool(found)
            counted[f"{band}, its own"] += _CATEGORY.get(label, label) in found
            if band == "medium" and bool(found) is (label == SAFE):
                wrong.append(f"{language}\t{label}\t{','.join(found) or 'nothing'}\t{text}")
    settings = {"model_hash": encoder.model_hash, "messages": len(rows)}
    sys.stdout.write(f"{json.dumps(describe())}\n{json.dumps(settings)}\n\n{_table(counts)}\n")
    if asked.verbose:
        sys.stdout.write("\n".join(["", *wrong, ""]))
    if asked.keep:
        sys.stdout.write(f"{keep('messages', settings, {'prudent': counts})}\n")


def _table(counts: dict[str, dict[str, int]]) -> str:
    lines = [f"{'':24}messages   medium: any, its own     high: any, its own"]
    for name, one in sorted(counts.items()):
        shares = [
            f"{one[f'{band}, {what}'] / one['messages']:7.0%}"
            for band in ("medium", "high")
            for what in ("any", "its own")
        ]
        lines.append(f"{name:24}{one['messages']:8}   {'   '.join(shares)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
