"""What a check is: text in, findings out. Policies, actions and redaction are somebody else's.

Every check follows this protocol, rules and classifiers alike. A check that also runs on streamed text
keeps one promise more, so that text can be released while it is generated: see `LONGEST_MATCH`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from prudent.types.content import Source
from prudent.types.safety import AnswerPair, CheckState
from prudent.types.vision import ImageSeverity
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.text_view import Reading

LONGEST_MATCH = 512
"""Characters that a match, with what it looks ahead at, may cover before its check can tell that it is one.

A longer match must be told from its first `LONGEST_MATCH` characters, and names in `continues` what may
follow. And a match crosses white space only where `segments.JOIN` lets it, and never a character outside
Latin script (before the match, context may be anything).
"""

LOOK_BACK = 256
"""Characters before a match that a check can see as context."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the checked text that caused a finding.

    `label` says what they are. `replacement` is what a redaction puts there; None means a placeholder that
    is numbered by value. `decisive` spans are those of the counterfactual: without them, no finding.
    `restore` asks that a placeholder becomes the value again where the user reads it.
    """

    start: int
    end: int
    label: str
    weight: float = 1.0
    replacement: str | None = None
    decisive: bool = False
    restore: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `severity` is 0-7, `score` a calibrated probability where there is one.

    `reason` says on what evidence and never quotes the text. `state` is `unverified` where the text lies
    outside what the check was measured on, or was not read to the end. What is not `lasting` another try may
    find otherwise: it is not remembered. `continues` matches what may still belong to the finding after its
    end, where the text was cut before the end was known. `because` are the words that carry the finding, for
    people: they are reported in place of `spans`, which say what is acted on. `pair` are the answers whose
    difference it is.
    """

    category: str
    severity: int
    spans: tuple[Span, ...] = ()
    reason: str | None = None
    score: float | None = None
    counterfactual: str | None = None
    fidelity: float | None = None
    state: CheckState = CheckState.CHECKED
    continues: re.Pattern[str] | None = None
    because: tuple[Span, ...] = ()
    pair: AnswerPair | None = None
    lasting: bool = True

    def known(self, value: str) -> str:
        """Return the part of a span's text that is seen wherever a stream is cut: all, or its first run."""
        if self.continues is None:
            return value
        return value.lstrip().partition(" ")[0].partition("\n")[0][: LONGEST_MATCH - 1]


class Unit(Enum):
    """How much of a text a check must see at once.

    A check of WORDs finds patterns, and sees a streamed text word by word. A check of SENTENCEs judges what
    is said: of a streamed text it sees whole sentences, each once, with some of what went before.
    """

    WORD = "word"
    SENTENCE = "sentence"


@dataclass(frozen=True)
class CheckContext:
    """What a check may know beside the text: who wrote it, the views of it, and what it stands among.

    Only findings that begin at or after `reading.start` are asked for. `around` are all parts of the request,
    as they were given; for an answer, the parts of the request that it answers. `image` is that of the
    text's part. `spent` are the seconds that a check has taken of a time of its own for the whole text, by
    its id: a check that has such a time adds to them.
    """

    source: Source
    reading: Reading
    around: Sequence[Part] = ()
    image: Mapping[str, ImageSeverity] | None = None
    spent: dict[str, float] = field(default_factory=dict[str, float])


class Check(Protocol):
    """A check. It holds no state of a request and may run in several threads at once.

    `categories` are the names under which its findings are reported. An `essential` check is never skipped
    to save time. `model_hash` names the weights behind it, None where there are none. `unit` says how much
    of a text it must see at once.
    """

    @property
    def id(self) -> str: ...

    @property
    def categories(self) -> tuple[str, ...]: ...

    @property
    def essential(self) -> bool: ...

    @property
    def model_hash(self) -> str | None: ...

    @property
    def unit(self) -> Unit: ...

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return what is found in the text. May raise: the policy's `on_error` then decides."""
        ...

    def warm_up(self) -> None:
        """Load what the check needs, so that the first request does not wait for it."""
        ...


def outermost(findings: Sequence[Finding]) -> list[Finding]:
    """Drop findings of one span that lie within another's, the more severe winning between equal spans."""
    kept: list[Finding] = []
    reached = -1
    for finding in sorted(findings, key=_by_span):
        if finding.spans[0].end > reached:
            kept.append(finding)
            reached = finding.spans[0].end
    return kept


def _by_span(finding: Finding) -> tuple[int, int, int, str]:
    span = finding.spans[0]
    return span.start, -span.end, -finding.severity, span.label
