"""Puts what benchmarks measured of the encoder on test splits onto its card.

    python responsible_ai/training/measure.py RUN.json... [--card FILE]

A run is a file that benchmarks/harm.py, attack.py or privacy.py wrote with --keep; what it found of
prudent goes onto the card under the benchmark's name, with the hash of the weights that it was measured on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from prudent_responsible_ai.encoder.card import EncoderCard

CARD = Path(__file__).parents[1] / "prudent_responsible_ai" / "weights" / "encoder.json"
OURS = "prudent"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--card", type=Path, default=CARD)
    asked = parser.parse_args()
    card = EncoderCard.model_validate_json(asked.card.read_bytes())
    measures = dict(card.measures)
    for path in asked.runs:
        name = path.name.split("-", 1)[0]
        measures[name] = json.loads(path.read_text(encoding="utf-8"))["results"][OURS]
    card = card.model_copy(update={"measures": measures})
    asked.card.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
