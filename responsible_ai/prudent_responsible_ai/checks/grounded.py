"""Says which sentences of an answer its documents do not support or contradict. Takes no action.

Documents are the parts of the request that are no instructions: documents, results of tools, text of images
and recordings; by option the user's text too. An answer without documents is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Annotated

from pydantic import Field

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import CheckState
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.grounding.claims import makes_claim
from prudent_responsible_ai.grounding.facts import Fact
from prudent_responsible_ai.grounding.judge import GroundedWeights, Judge, Judged
from prudent_responsible_ai.grounding.passages import Documents
from prudent_responsible_ai.grounding.reader import Reader
from prudent_responsible_ai.grounding.rereading import ReaderFit, ReaderWeights, reread
from prudent_responsible_ai.languages import language_of, measured
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.sentences import sentence_end
from prudent_responsible_ai.setup import CheckSetup, Options, SafetyModels
from prudent_responsible_ai.severity import severity_of

CATEGORY = "ungrounded"

Seconds = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]

_DOCUMENTS = (Source.DOCUMENT, Source.TOOL, Source.IMAGE, Source.AUDIO)
_ANSWERED_BY = (Source.USER, Source.TOOL)
"""What comes after an answer that was given before."""
_MOST_SENTENCES = 200
"""Sentences of one text that are judged; what follows is said to be unverified."""


class GroundedOptions(Options):
    """`user_text`: what the user wrote counts as a document too, for apps whose users paste their texts.

    `reader`: the chat model, by its id, that reads what the signs leave open. It may take `reader_seconds`
    for one answer; what it has not read by then is judged by the signs alone and said to be unverified.
    """

    user_text: bool = False
    reader: str | None = None
    reader_seconds: Seconds = 20.0


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
        options = setup.parsed(GroundedOptions)
        if options.reader is not None:
            _require_fitted(options.reader, setup.check_id)
        return cls(setup.models, options)

    @property
    def model_hash(self) -> str | None:
        """The encoder's where it takes part, else that of the weights; None until they are needed."""
        if "_judge" not in self.__dict__:
            return None
        return self._judge.weights.encoder_sha256 or self._judge.weights.sha256

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._given or GroundedWeights.packaged(), self._models.encoder)

    @cached_property
    def _reading(self) -> tuple[Reader, ReaderFit] | None:
        """Who reads what the signs leave open, and what that weighs."""
        name = self._options.reader
        return None if name is None else (self._models.reader(name), ReaderWeights.packaged().models[name])

    def warm_up(self) -> None:
        """Read the weights, and the models where they ask for them."""
        self._judge.judged(["Warm up."], "", Documents([(0, "Warm up.")]))
        if self._reading is not None:
            self._reading[0].warm_up()

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return the sentences of the new text that the documents of the request do not support."""
        documents = self._documents(context.around)
        if documents is None:
            return []
        question = next((part.text for part in reversed(context.around) if part.source is Source.USER), "")
        spans = [span for span in _sentences(text, context.reading.start) if makes_claim(text[slice(*span)])]
        read = spans[:_MOST_SENTENCES]
        judged = self._judge.judged([text[slice(*span)] for span in read], question, documents)
        unread = 0
        if self._reading is not None and not _given_before(text, context):
            judged, unread = self._reread(judged, documents, context)
        findings = [
            _finding(one, span) for one, span in zip(judged, read, strict=True) if one.state != "supported"
        ]
        doubt = _doubt(text[context.reading.start :], documents, complete=len(read) == len(spans))
        if doubt and spans:
            findings.append(Finding(CATEGORY, 0, reason=doubt, state=CheckState.UNVERIFIED))
        if unread:
            reason = f"{unread} sentences were not read by {self._options.reader} for want of time"
            findings.append(Finding(CATEGORY, 0, reason=reason, state=CheckState.UNVERIFIED, lasting=False))
        return findings

    def _reread(
        self, judged: list[Judged], documents: Documents, context: CheckContext
    ) -> tuple[list[Judged], int]:
        """The sentences as they stand after reading, and how many there was no time for."""
        assert self._reading is not None
        reader, fit = self._reading
        began = perf_counter()
        spent = context.spent.get(self.id, 0.0)
        found = reread(judged, documents, fit, reader, self._options.reader_seconds - spent)
        context.spent[self.id] = spent + perf_counter() - began
        return found.judged, found.unread

    def _documents(self, around: Sequence[Part]) -> Documents | None:
        """The documents; None where there are none. Parts are named by their place in the request."""
        sources = (*_DOCUMENTS, Source.USER) if self._options.user_text else _DOCUMENTS
        texts = [(index, part.text) for index, part in enumerate(around) if part.source in sources]
        return Documents(texts) if any(text.strip() for _, text in texts) else None


def _require_fitted(reader: str, check_id: str) -> None:
    known = list(ReaderWeights.packaged().models)
    if reader not in known:
        raise ConfigurationError(
            f"'{reader}' cannot read for '{check_id}': how far it can be believed was not measured.",
            hint=f"Models that can: {', '.join(known)}.",
            details={"location": ("options", check_id, "reader")},
        )


def _given_before(text: str, context: CheckContext) -> bool:
    """Whether it is an answer of an earlier turn: it was read when it was given."""
    own = [
        place
        for place, part in enumerate(context.around)
        if part.source is context.source and part.text == text
    ]
    return bool(own) and any(part.source in _ANSWERED_BY for part in context.around[own[-1] + 1 :])


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
    if judged.read:
        reason += "; a chat model has read it"
    if unmatched:
        places = ", ".join(f"{fact.kind} at {fact.start}-{fact.end}" for fact in unmatched[:3])
        reason += f"; without match there: {places}"
    return reason
