"""Says which sentences of an answer its documents do not support or contradict. Takes no action.

Documents are the parts of the request that are no instructions: documents, results of tools, text of images
and recordings; by option the user's text too. An answer without documents is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.grounding.claims import makes_claim
from prudent_responsible_ai.grounding.facts import Fact
from prudent_responsible_ai.grounding.judge import GroundedWeights, Judge, Judged
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.languages import language_of, measured
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.sentences import sentence_end
from prudent_responsible_ai.setup import CheckSetup, Options, SafetyModels
from prudent_responsible_ai.severity import severity_of

CATEGORY = "ungrounded"

_DOCUMENTS = (Source.DOCUMENT, Source.TOOL, Source.IMAGE, Source.AUDIO)
_MOST_SENTENCES = 200
"""Sentences of one text that are judged; what follows is said to be unverified."""


class GroundedOptions(Options):
    """`user_text`: what the user wrote counts as a document too, for apps whose users paste their texts."""

    user_text: bool = False


class GroundedCheck:
    """One finding for each sentence that is not supported: its severity by the bands of the weights.

    The label of its span is `contradicted` or `unsupported`; the reason names the nearest passage by part and
    characters, and what in the sentence has no match there.
    """

    id = "grounded"
    categories = (CATEGORY,)
    essential = False
    unit = Unit.SENTENCE

    def __init__(
        self,
        models: SafetyModels,
        options: GroundedOptions | None = None,
        weights: GroundedWeights | None = None,
    ) -> None:
        """`weights` None takes those of the package when they are first needed."""
        self._models = models
        self._options = options or GroundedOptions()
        self._given = weights

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> GroundedCheck:
        """The check with the policy's options. Raises ConfigurationError: they do not fit."""
        return cls(setup.models, setup.parsed(GroundedOptions))

    @property
    def model_hash(self) -> str | None:
        """The encoder's where it takes part, else that of the weights; None until they are needed."""
        if "_judge" not in self.__dict__:
            return None
        return self._judge.weights.encoder_sha256 or self._judge.weights.sha256

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._given or GroundedWeights.packaged(), self._models.encoder)

    def warm_up(self) -> None:
        """Read the weights, and the encoder where they ask for it."""
        self._judge.judged(["Warm up."], "", Documents([(0, "Warm up.")]))

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return the sentences of the new text that the documents of the request do not support."""
        documents = self._documents(context.around)
        if documents is None:
            return []
        question = next((part.text for part in reversed(context.around) if part.source is Source.USER), "")
        spans = [span for span in _sentences(text, context.reading.start) if makes_claim(text[slice(*span)])]
        read = spans[:_MOST_SENTENCES]
        judged = self._judge.judged([text[slice(*span)] for span in read], question, documents)
        findings = [
            _finding(one, span) for one, span in zip(judged, read, strict=True) if one.state != "supported"
        ]
        doubt = _doubt(text[context.reading.start :], documents, complete=len(read) == len(spans))
        if doubt and spans:
            findings.append(Finding(CATEGORY, 0, reason=doubt, state=CheckState.UNVERIFIED))
        return findings

    def _documents(self, around: Sequence[Part]) -> Documents | None:
        """The documents; None where there are none. Parts are named by their place in the request."""
        sources = (*_DOCUMENTS, Source.USER) if self._options.user_text else _DOCUMENTS
        texts = [(index, part.text) for index, part in enumerate(around) if part.source in sources]
        return Documents(texts) if any(text.strip() for _, text in texts) else None


def _doubt(text: str, documents: Documents, *, complete: bool) -> str | None:
    if not complete or not documents.complete:
        return "the text or its documents are too long to be read whole"
    if not measured(text):
        return f"not measured on this language ({language_of(text)})"
    return None


def _sentences(text: str, start: int) -> Iterator[tuple[int, int]]:
    """The sentences from `start` on, without white space around them."""
    while (end := sentence_end(text, start, final=True)) is not None:
        said = text[start:end]
        if said.strip():
            yield start + len(said) - len(said.lstrip()), start + len(said.rstrip())
        start = end


def _finding(judged: Judged, span: tuple[int, int]) -> Finding:
    start, end = span
    evidence = judged.evidence
    unmatched = [replace(fact, start=fact.start + start, end=fact.end + start) for fact in evidence.unmatched]
    because = tuple(Span(fact.start, fact.end, f"{fact.kind}_without_match") for fact in unmatched)
    return Finding(
        CATEGORY,
        severity_of(judged.score, judged.thresholds),
        (Span(start, end, judged.state, weight=round(judged.score, 4)),),
        _reason(judged, unmatched),
        judged.score,
        because=(Span(start, end, judged.state, weight=round(judged.score, 4)), *because) if because else (),
    )


def _reason(judged: Judged, unmatched: Sequence[Fact]) -> str:
    """What was found, on which passage, without any of its words."""
    passages = judged.evidence.passages
    if not passages:
        return "unsupported: no passage of the documents speaks of it"
    nearest = passages[0]
    reason = (
        f"{judged.state}: the nearest passage is characters {nearest.start}-{nearest.end} of part"
        f" {nearest.part}"
    )
    if unmatched:
        places = ", ".join(f"{fact.kind} at {fact.start}-{fact.end}" for fact in unmatched[:3])
        reason += f"; without match there: {places}"
    return reason
