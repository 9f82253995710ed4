"""Personal data found: our checks against presidio-analyzer, on the whole test split, on logs and on code.

    python benchmarks/privacy.py [--data FOLDER] [--spacy MODEL] [--without-names] [--words N] [--keep]

Both see the same texts. Ours are `personal_data` and `names` as used, with default options. Presidio is
AnalyzerEngine with its default recognisers, in English, with the given spaCy model; its own default,
en_core_web_lg, is taken where none is given. Of its findings that overlap, the one with the higher score,
then the longer, counts. A span counts as found where start, end and label are right; `overlap` where it
shares a character with one of that label; `redacted` counts characters whatever their label.

Gold: a title alone is no name, and street, place and postcode that follow each other are one address (some
sources label each line). SSN and other identity numbers are one label. Dates, URLs, ages, postcodes alone,
nationalities and what is a secret are left out. False findings are counted in text that holds no personal
data: see privacy_texts. Needs `prudent[bench]`, and the encoder but for --without-names.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from machine import describe, keep
from privacy_texts import code, logs

sys.path.insert(0, str(Path(__file__).parents[1] / "responsible_ai" / "training"))

from names import name_spans, whole_addresses

from prudent.types.content import Source
from prudent_responsible_ai.check import Check, CheckContext
from prudent_responsible_ai.checks.names import NamesCheck
from prudent_responsible_ai.checks.number_plates import number_plates
from prudent_responsible_ai.checks.personal_data import PersonalDataCheck
from prudent_responsible_ai.safety_models import LocalSafetyModels
from prudent_responsible_ai.text_view import Reading

DATA = Path(__file__).parents[2] / "shared" / "data" / "rai"
SEED = 20261128
NATURAL = "wnut17"
"""The only source of natural text; it labels names alone, and is shown apart."""

NAMES = ("PERSON", "LOCATION", "ORG", "ADDRESS")
STRUCTURED = (
    *("EMAIL", "PHONE", "CREDIT_CARD", "IBAN", "NATIONAL_ID", "PASSPORT", "DRIVER_LICENSE", "LICENSE_PLATE"),
    *("COMPANY_ID", "IP", "MAC", "CRYPTO", "WECHAT", "QQ"),
)
_GOLD = {"SSN": "NATIONAL_ID"}
_OURS = {
    "email": "EMAIL",
    "phone": "PHONE",
    "payment_card": "CREDIT_CARD",
    "iban": "IBAN",
    "passport": "PASSPORT",
    "driving_licence": "DRIVER_LICENSE",
    "number_plate": "LICENSE_PLATE",
    "company_id": "COMPANY_ID",
    "ip_address": "IP",
    "mac_address": "MAC",
    "crypto_wallet": "CRYPTO",
    "wechat_id": "WECHAT",
    "qq_number": "QQ",
    "bank_account": "BANK_ACCOUNT",
    "birth_date": "BIRTH_DATE",
    **{label.lower(): label for label in NAMES},
}
_PRESIDIO = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN_CODE": "IBAN",
    "US_SSN": "NATIONAL_ID",
    "US_ITIN": "NATIONAL_ID",
    "UK_NHS": "NATIONAL_ID",
    "US_PASSPORT": "PASSPORT",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "MAC",
    "CRYPTO": "CRYPTO",
    "US_BANK_NUMBER": "BANK_ACCOUNT",
    "PERSON": "PERSON",
    "LOCATION": "LOCATION",
    "ORGANIZATION": "ORG",
}
_UNTOLD = ("URL", "DATE_TIME", "NRP", "BIRTH_DATE", "AGE")
"""Findings of either side for which there is no gold here."""

Spans = set[tuple[int, int, str]]
Detector = Callable[[str], Spans]


@dataclass
class Tally:
    """Counts of spans; `characters` of names whatever the label: found rightly, found, wanted."""

    right: int = 0
    found: int = 0
    wanted: int = 0
    overlapping_found: int = 0
    overlapping_wanted: int = 0
    characters: list[int] = field(default_factory=lambda: [0, 0, 0])

    def add(self, found: Spans, wanted: Spans) -> None:
        self.right += len(found & wanted)
        self.found += len(found)
        self.wanted += len(wanted)
        self.overlapping_found += sum(_overlaps(one, wanted) for one in found)
        self.overlapping_wanted += sum(_overlaps(one, found) for one in wanted)
        covered, asked = _characters(found), _characters(wanted)
        for index, count in enumerate((len(covered & asked), len(covered), len(asked))):
            self.characters[index] += count

    def report(self) -> dict[str, float]:
        right, found, wanted = self.characters
        precision = self.overlapping_found / max(1, self.found)
        recall = self.overlapping_wanted / max(1, self.wanted)
        return {
            "n": self.wanted,
            "precision": _share(self.right, self.found),
            "recall": _share(self.right, self.wanted),
            "f1": _share(2 * self.right, self.found + self.wanted),
            "overlap_f1": _share(2 * precision * recall, precision + recall),
            "redacted_f1": _share(2 * right, found + wanted),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--spacy", default="en_core_web_lg", help="name or folder of presidio's spaCy model")
    parser.add_argument(
        "--without-names", action="store_true", help="structured data alone: no encoder needed"
    )
    parser.add_argument("--words", type=int, default=20_000, help="of logs, and of code")
    parser.add_argument("--split", default="test", choices=["train", "test"])
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    detectors = {"prudent": _ours(names=not asked.without_names), "presidio": _presidio(asked.spacy)}
    rows = [row for row in _rows(asked.data) if row["split"] == asked.split]
    quiet = {"logs": list(logs(asked.words, SEED)), "code": list(code(asked.words))}
    results = {name: _measured(detector, rows, quiet) for name, detector in detectors.items()}
    settings = {
        "split": asked.split,
        "rows": len(rows),
        "words": {name: sum(len(text.split()) for text in texts) for name, texts in quiet.items()},
        "spacy_model": Path(asked.spacy).name,
        "names": not asked.without_names,
    }
    print(json.dumps({"settings": settings, "machine": describe()}, indent=1))
    _print(results)
    if asked.keep:
        print(keep("privacy", settings, results))


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / "pii.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _gold(row: dict[str, Any]) -> Spans:
    structured = {
        (span["start"], span["end"], _GOLD.get(span["label"], span["label"]))
        for span in row["spans"]
        if _GOLD.get(span["label"], span["label"]) in STRUCTURED
    }
    return structured | set(whole_addresses(row["text"], name_spans(row)))


def _ours(*, names: bool) -> Detector:
    checks: list[Check] = [PersonalDataCheck()]
    if names:
        checks.append(NamesCheck(LocalSafetyModels()))
    for check in checks:
        check.warm_up()

    def detect(text: str) -> Spans:
        context = CheckContext(Source.USER, Reading(text))
        found = {
            (span.start, span.end, _OURS.get(span.label, "NATIONAL_ID"))
            for check in checks
            for one in check.check(text, context)
            for span in one.spans
        }
        if not names:
            found |= {(start, end, "LICENSE_PLATE") for start, end in number_plates(text)}
        return found

    return detect


def _presidio(model: str) -> Detector:
    logging.getLogger("tldextract").setLevel(logging.CRITICAL)  # it asks the network for a list, and has one
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    engine = NlpEngineProvider(nlp_configuration=_with_defaults(configuration)).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=engine)

    def detect(text: str) -> Spans:
        kept: Spans = set()
        for one in sorted(
            analyzer.analyze(text, language="en"), key=lambda one: (-one.score, one.start - one.end)
        ):
            span = (one.start, one.end, _PRESIDIO.get(one.entity_type, one.entity_type))
            if not _overlaps_any(span, kept):
                kept.add(span)
        return kept

    return detect


def _with_defaults(configuration: dict[str, Any]) -> dict[str, Any]:
    """Presidio's own settings of the spaCy engine (labels, what is ignored), with another model."""
    import presidio_analyzer
    import yaml

    file = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    return {**yaml.safe_load(file.read_text(encoding="utf-8")), **configuration}


def _measured(
    detect: Detector, rows: Sequence[dict[str, Any]], quiet: dict[str, list[str]]
) -> dict[str, Any]:
    detect("Warm up with Ann Lee, 13800138000.")
    tallies: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    began = time.perf_counter()
    for row in rows:
        found, gold = detect(row["text"]), _gold(row)
        source = row["source"]
        for group, labels in (("structured", STRUCTURED), ("names", NAMES)):
            if group == "structured" and source == NATURAL:
                continue
            whole = "all but wnut17" if source != NATURAL else NATURAL
            english = source.startswith("presidio") or (row.get("lang") == "en" and source != NATURAL)
            places = [whole, *(["english"] if english else []), *([source] if source != NATURAL else [])]
            for place in places:
                tallies[group][place].add(_of(found, labels), _of(gold, labels))
        for label in (*STRUCTURED, *NAMES):
            if source != NATURAL:
                tallies["labels"][label].add(_of(found, (label,)), _of(gold, (label,)))
            elif label in NAMES:
                tallies["labels of wnut17"][label].add(_of(found, (label,)), _of(gold, (label,)))
    seconds = time.perf_counter() - began
    return {
        **{group: {key: one.report() for key, one in each.items()} for group, each in tallies.items()},
        "false_findings_per_1000_words": {name: _false(detect, texts) for name, texts in quiet.items()},
        "milliseconds_per_row": round(1000 * seconds / max(1, len(rows)), 2),
    }


def _false(detect: Detector, texts: Sequence[str]) -> dict[str, float]:
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        for _, _, label in detect(text):
            if label not in _UNTOLD:
                counts["names" if label in NAMES else "structured"] += 1
    words = sum(len(text.split()) for text in texts)
    return {group: round(1000 * counts[group] / words, 3) for group in ("structured", "names")}


def _of(spans: Spans, labels: Iterable[str]) -> Spans:
    return {span for span in spans if span[2] in labels}


def _overlaps(span: tuple[int, int, str], others: Spans) -> bool:
    return any(span[0] < other[1] and other[0] < span[1] and span[2] == other[2] for other in others)


def _overlaps_any(span: tuple[int, int, str], others: Spans) -> bool:
    return any(span[0] < other[1] and other[0] < span[1] for other in others)


def _characters(spans: Spans) -> set[int]:
    return {at for start, end, _ in spans for at in range(start, end)}


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _print(results: dict[str, dict[str, Any]]) -> None:
    groups = [
        name for name in next(iter(results.values())) if isinstance(next(iter(results.values()))[name], dict)
    ]
    for group in groups:
        print(f"\n{group}")
        for key in next(iter(results.values()))[group]:
            for name, each in results.items():
                shown = "  ".join(f"{what} {value}" for what, value in each[group].get(key, {}).items())
                print(f"  {key:26} {name:9} {shown}")
    for name, each in results.items():
        print(f"{name}: {each['milliseconds_per_row']} ms per row")


if __name__ == "__main__":
    main()
