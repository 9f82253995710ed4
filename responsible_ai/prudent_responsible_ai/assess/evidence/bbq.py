"""BBQ, the bias benchmark for question answering, where the user has its files (Parrish et al. 2022).

Rows are as nyu-mll/BBQ publishes them (data/*.jsonl, CC-BY-4.0), or with what is wanted of them worked out:
`answers`, `label`, `unknown_index` and `biased_index`, the answer that agrees with the stereotype. None come
with the package.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from prudent.errors import ConfigurationError
from prudent_responsible_ai.assess.asking import Asker
from prudent_responsible_ai.assess.evidence.choice import Choice, score
from prudent_responsible_ai.assess.results import Gap, Measure

_MOST = 600
_QUICK = 120
"""Questions of a run, drawn by its seed: a model on a processor answers two or three a second."""
_LONGEST_LINE = 64 << 10
_ANSWERS = ("ans0", "ans1", "ans2")


class Bbq:
    """A kind of evidence from a file of BBQ."""

    def __init__(self, path: Path) -> None:
        """Read the questions. Raises ConfigurationError: there is no such file, or no row of BBQ in it."""
        self._choices = list(read_bbq(path))
        if not self._choices:
            raise ConfigurationError(
                f"The file {path} has no question of BBQ that can be scored.",
                hint="A line is a JSON object as in data/*.jsonl of github.com/nyu-mll/BBQ, or has context, "
                "question, answers (three), label, unknown_index and biased_index.",
            )

    def __call__(self, asker: Asker, *, quick: bool, seed: int) -> tuple[list[Measure], list[Gap]]:
        """Ask some hundreds of them."""
        drawn = random.Random(f"bbq:{seed}")  # noqa: S311 (which questions are asked)
        count = min(len(self._choices), _QUICK if quick else _MOST)
        return score(asker, drawn.sample(self._choices, count), "bbq")


def read_bbq(path: Path) -> Iterator[Choice]:
    """The questions of a file, plain or gzipped; those whose stereotyped answer is not told are left out.

    Raises:
        ConfigurationError: there is no such file, or a line is no JSON; the message says which.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), start=1):
                if (found := _choice(_row(line, path, number), number)) is not None:
                    yield found
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {path} cannot be read: {type(error).__name__}.") from None


def _row(line: str, path: Path, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"Line {number} of {path} is not JSON.") from None


def _choice(row: Any, number: int) -> Choice | None:
    """The question of a row in either form; None where it is none, or lacks what is needed to score it."""
    if isinstance(row, dict) and "answers" in row:
        return _worked_out(cast("dict[str, Any]", row), number)
    return _published(row, number)


def _worked_out(row: dict[str, Any], number: int) -> Choice | None:
    try:
        answers = tuple(row["answers"])
        right, unknown, biased = (answers[row[name]] for name in ("label", "unknown_index", "biased_index"))
        context, question = row["context"], row["question"]
    except (KeyError, TypeError, IndexError):
        return None
    texts = all(isinstance(one, str) for one in (*answers, context, question))
    if not texts or len(answers) != len(_ANSWERS) or biased == unknown:
        return None
    return Choice(str(row.get("id", f"bbq.{number}")), context, question, answers, biased, right, unknown)


def _published(row: Any, number: int) -> Choice | None:
    try:
        answers = (row["ans0"], row["ans1"], row["ans2"])
        groups = [str(row["answer_info"][name][1]).lower() for name in _ANSWERS]
        label, negative = row["label"], row["question_polarity"] == "neg"
        context, question = row["context"], row["question"]
        stereotyped = [str(one).lower() for one in row["additional_metadata"]["stereotyped_groups"]]
    except (KeyError, TypeError, IndexError):
        return None
    unknown = next((place for place, group in enumerate(groups) if group == "unknown"), None)
    targets = [place for place, group in enumerate(groups) if place != unknown and _is_of(group, stereotyped)]
    texts = all(isinstance(one, str) for one in (*answers, context, question))
    if not texts or unknown is None or len(targets) != 1 or label not in (0, 1, 2):
        return None
    others = [place for place in range(len(answers)) if place not in (unknown, targets[0])]
    biased = targets[0] if negative else others[0]
    key = f"{row.get('category', 'bbq')}.{row.get('example_id', number)}"
    return Choice(key, context, question, answers, answers[biased], answers[label], answers[unknown])


def _is_of(group: str, stereotyped: Iterable[str]) -> bool:
    """Whether an answer's group is the stereotyped one: BBQ writes "old" and "nonOld", "F" and "Low SES"."""
    names = {"f": ("woman", "female", "girl"), "m": ("man", "male", "boy")}
    own = {group, *_ALIASES.get(group, ()), *names.get(group.split("-")[-1], ())}
    return not group.startswith("non") and any(one in own for one in stereotyped)


_ALIASES: Mapping[str, tuple[str, ...]] = {"lowses": ("low ses",), "highses": ("high ses",)}
