"""Rows written for this project: attacks on an assistant's instructions, and the same words without one.

Fills the templates beside it: texts of users, and documents with an order to the model put into them or
without. A template stays on one side of train and validation. Given labelled rows, it also puts requests of
one into documents of another, as one meets them: a harmless question in the wrong place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from filling import filled, fillings, slots_of, split_of
from numpy.typing import NDArray
from rows import Row, Split

from prudent_responsible_ai.text_encoder import ATTACKS, LABELS

TEMPLATES = Path(__file__).parent / "templates"
USER_FILES = (
    *("attack_en", "attack_zh", "attack_more", "attack_everyday", "attack_triggers"),
    *("attack_prose", "attack_prose_zh", "attack_instructions", "attack_instructions_zh"),
    *("attack_questions", "attack_questions_zh"),
)
DOCUMENTS_FILE = "attack_documents"
SOURCE = "authored_"

Kind = Literal["direct", "jailbreak", "indirect", "benign", "benign_hard"]

_PLACE = "@@"
_LANGUAGE_MARK = 3
"""Characters of the mark of another language before a template: `de/`."""
_ATTACKED = 4
"""Documents with an attack for each carrier and filling; as many again have a sentence for people."""
_COMPOSED = 1_400
"""Documents made of labelled rows, at most."""
_LENGTHS_OF_REQUESTS = (15, 400)
_LENGTHS_OF_CARRIERS = (15, 1_500)
_PLACES = ("start", "middle", "end")
_CARRIERS = frozenset(
    {
        *("bipia_email", "bipia_table", "bipia_code", "tau_bench_records", "uhgeval_news"),
        *("xquad_documents", "security_docs_prose", "boolq"),
    }
)
_REQUESTS = frozenset(
    {
        *("clinc150", "gsm8k", "bfcl", "hotpotqa_via_halueval", "xquad_questions"),
        *("nq_open", "triviaqa", "mbpp", "piqa"),
    }
)
_NOT_OF_AN_ORDER = ("hate", "violence", "self_harm", "sexual", "harmful_request")
"""Harms that no order against the instructions is, where its template does not say otherwise."""
_OTHERS = 4
"""Of the orders in other languages, English documents get one in so many."""
_SHARE_OF_ORDERS = 0.4
"""Of the composed attacks, those that hold a written order instead of a labelled request."""


@dataclass(frozen=True)
class _Order:
    """A template of what is put into documents. `harmless`: a request that is wrong only where it stands."""

    text: str
    language: str
    harmless: bool

    @property
    def split(self) -> Split:
        """Drawn from the template, so that its fillings stay together."""
        return split_of(self.text)


@dataclass(frozen=True)
class _Injected:
    text: str
    harmless: bool


def rows(seed: int, labelled: Sequence[Row] = ()) -> list[Row]:
    """All rows, for train and validation; the same for the same seed, no text twice.

    `labelled` are rows to compose documents from; only those of train and validation are looked at.
    """
    drawn = np.random.default_rng(seed)
    found: dict[str, Row] = {}
    for row in (*_of_users(drawn), *_documents(drawn), *_composed(labelled, drawn)):
        found.setdefault(row.text, row)
    return list(found.values())


def _of_users(drawn: np.random.Generator) -> Iterator[Row]:
    for name in USER_FILES:
        found = _read(name)
        slots = slots_of(found["slots"])
        for section in found["sections"]:
            for line in section["templates"].splitlines():
                language, template = _language(line, found["language"])
                labels = _labels(section["kind"], harmful=section.get("harmful", False))
                for number, text in enumerate(fillings(template, slots, section["each"], drawn)):
                    yield _row(
                        (name, template, number), text, labels, language, split_of(template), section["kind"]
                    )


def _documents(drawn: np.random.Generator) -> Iterator[Row]:
    found = _read(DOCUMENTS_FILE)
    slots = slots_of(found["slots"])
    orders = _orders(found)
    for group in found["carriers"]:
        people = found["for_people"][group["language"]].splitlines()
        for template in group["templates"].splitlines():
            split = split_of(template)
            mine = _fitting(orders, group["language"], split)
            sentences = [one for one in people if split_of(one) == split]
            for number, carrier in enumerate(fillings(template, slots, group["each"], drawn)):
                about = (DOCUMENTS_FILE, template, number)
                yield _clean(about, _without_place(carrier), group["language"], split)
                for sentence in _some(sentences, _ATTACKED // 2, drawn):
                    put = filled(sentence, slots, drawn)
                    yield _clean((*about, put), _put(carrier, put, drawn)[0], group["language"], split)
                for order in _some(mine, _ATTACKED, drawn):
                    injected = _Injected(filled(order.text, slots, drawn), order.harmless)
                    yield _attacked(about, carrier, injected, (group["language"], split), drawn)


def _composed(labelled: Sequence[Row], drawn: np.random.Generator) -> Iterator[Row]:
    """Documents of labelled rows with a labelled request, or a written order, put into them."""
    found = _read(DOCUMENTS_FILE)
    slots, orders = slots_of(found["slots"]), _orders(found)
    carriers = [row for row in labelled if _is_benign(row, _CARRIERS, _LENGTHS_OF_CARRIERS)]
    requests = [row for row in labelled if _is_benign(row, _REQUESTS, _LENGTHS_OF_REQUESTS)]
    for index in drawn.permutation(len(carriers))[:_COMPOSED]:
        carrier = carriers[index]
        asked = [row for row in requests if row.split == carrier.split and _same(row, carrier)]
        written = _fitting(orders, carrier.language, carrier.split)
        if drawn.random() < _SHARE_OF_ORDERS or not asked:
            order = written[int(drawn.integers(len(written)))]
            injected = _Injected(filled(order.text, slots, drawn), order.harmless)
        else:
            injected = _Injected(asked[int(drawn.integers(len(asked)))].text, harmless=True)
        place = (carrier.language, carrier.split)
        yield _attacked(("composed", carrier.id, 0), carrier.text, injected, place, drawn)


def _is_benign(row: Row, sources: frozenset[str], lengths: tuple[int, int]) -> bool:
    return (
        row.split != "test"
        and row.source in sources
        and row.kind.startswith("benign")
        and lengths[0] <= len(row.text) <= lengths[1]
    )


def _same(request: Row, carrier: Row) -> bool:
    return (request.language == "zh") == (carrier.language == "zh")


def _fitting(orders: Sequence[_Order], language: str, split: Split) -> list[_Order]:
    """Orders of the split: for a document in English mostly English ones, else as many in its own language
    as in English. A Chinese document has Chinese ones alone."""
    some = [one for one in orders if one.split == split]
    mine = [one for one in some if one.language == language]
    if language == "zh":
        return mine
    if language == "en":
        return [*mine, *[one for one in some if one.language not in ("en", "zh")][::_OTHERS]]
    english = [one for one in some if one.language == "en"]
    return [*mine, *english[: len(mine)]] if mine else english


def _orders(found: dict[str, Any]) -> list[_Order]:
    return [
        _Order(line, group["language"], group.get("harmless", False))
        for group in found["injections"]
        for line in group["templates"].splitlines()
    ]


def _clean(about: tuple[object, ...], text: str, language: str, split: Split) -> Row:
    return _row(about, text, _labels("benign"), language, split, "benign", document=True)


def _attacked(
    about: tuple[object, ...],
    carrier: str,
    injected: _Injected,
    place: tuple[str, Split],
    drawn: np.random.Generator,
) -> Row:
    text, put = _put(carrier, injected.text, drawn)
    labels = _labels("indirect")
    if injected.harmless:
        # Alone it is no attack, so only the score for documents may learn from it.
        labels[LABELS.index("attack")] = np.nan
    return _row((*about, put), text, labels, *place, "indirect", put)


def _put(carrier: str, sentence: str, drawn: np.random.Generator) -> tuple[str, str]:
    """The carrier with the sentence in it, and the sentence as it stands there."""
    if carrier.startswith(("{", '[{"')):
        sentence = json.dumps(sentence, ensure_ascii=False)[1:-1]
    place = _PLACES[int(drawn.integers(len(_PLACES)))]
    if _PLACE in carrier and (place == "middle" or carrier.startswith(("{", "[", "<", "|"))):
        return carrier.replace(_PLACE, sentence, 1).replace(_PLACE, ""), sentence
    bare = _without_place(carrier)
    lines = bare.splitlines()
    if place == "start" or not lines:
        return f"{sentence}\n{bare}", sentence
    if place == "end" or len(lines) == 1:
        return f"{bare}\n{sentence}", sentence
    at = int(drawn.integers(1, len(lines)))
    return "\n".join([*lines[:at], sentence, *lines[at:]]), sentence


def _without_place(carrier: str) -> str:
    return carrier.replace(f" {_PLACE} ", " ").replace(_PLACE, "")


def _some(options: Sequence[Any], count: int, drawn: np.random.Generator) -> list[Any]:
    chosen = drawn.permutation(len(options))[:count]
    return [options[int(index)] for index in chosen]


def _labels(kind: Kind, *, harmful: bool = False) -> NDArray[np.float32]:
    """As the labelled rows have them: the other kinds of an attack are not known, nor are most harms."""
    labels = np.full(len(LABELS), np.nan, np.float32)
    if kind in ATTACKS:
        labels[LABELS.index("attack")] = labels[LABELS.index(kind)] = 1
        if kind == "direct":
            labels[[LABELS.index(name) for name in _NOT_OF_AN_ORDER]] = 0
    else:
        labels[:] = 0
    if harmful:
        labels[LABELS.index("harmful_request")] = labels[LABELS.index("unsafe")] = 1
    return labels


def _row(
    about: tuple[object, ...],
    text: str,
    labels: NDArray[np.float32],
    language: str,
    split: Split,
    kind: Kind,
    injected: str | None = None,
    *,
    document: bool = False,
) -> Row:
    if kind in ("benign", "benign_hard") and not document:
        # A user's request is no attack where it stands; put into a document it might be one.
        labels[LABELS.index("indirect")] = np.nan
    where, group, *rest = map(str, about)
    return Row(
        id=f"{SOURCE}{where}-{hashlib.sha256('|'.join((group, *rest)).encode()).hexdigest()[:10]}",
        text=text,
        labels=labels,
        source=SOURCE + where,
        language=language,
        split=split,
        kind=kind,
        injected=injected,
        about={"group": group},
    )


def _language(line: str, otherwise: str) -> tuple[str, str]:
    if len(line) > _LANGUAGE_MARK and line[2] == "/" and line[:2].islower():
        return line[:2], line[_LANGUAGE_MARK:].strip()
    return otherwise, line


def _read(name: str) -> dict[str, Any]:
    return yaml.safe_load((TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8"))
