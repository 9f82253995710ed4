"""What a run has read in documents for a question: whether they say it, and what is told where they do not.

Knows evidence and no model. Where the documents are silent, so is the answer; where the model's answer is not
theirs, the sentence that says it stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prudent.types.content import Source
from prudent_agents.plan import Ref, Step
from prudent_agents.running.evidence import Evidence, borne_out, evidence, named, not_said, passages_of
from prudent_agents.running.summing import Known
from prudent_agents.running.work import Work
from prudent_agents.values import JSON, Value, canonical

_BEFORE = 0.5
"""Share of a question's words in what came before from which on the answer may be there."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The evidence of every search for a question."""

    question: str
    found: tuple[Evidence, ...]

    @property
    def silent(self) -> bool:
        """Whether the documents do not say it."""
        return all(one.said is False for one in self.found)

    @property
    def nothing(self) -> str:
        """What is told then."""
        return not_said(self.question, taken_out=any(one.taken_out for one in self.found))

    def right(self, answer: str) -> str:
        """The answer where it is the documents'; else their own words, or that they do not say it."""
        if any(one.said is None for one in self.found):
            return answer
        texts = [str(one["text"]) for evidence in self.found if evidence.said for one in evidence.narrowed()]
        nearest = " ".join(one.sentence for one in self.found)
        if borne_out(answer, self.question, texts if len(self.found) == 1 else ["\n".join(texts)], nearest):
            return answer
        return self.instead

    @property
    def instead(self) -> str:
        """The sentences that surely say it, or that the documents do not, and what is nearest."""
        sure = [one.quoted for one in self.found if one.sure]
        near = [one.quoted for one in self.found if one.said]
        return " ".join(dict.fromkeys(sure)) or not_said(self.question, " ".join(dict.fromkeys(near)))

    def narrowed(self, known: Sequence[Known]) -> list[Known]:
        """What is known, without passages beside the one that says it."""
        kept: list[Known] = []
        for about, value, source in known:
            one = next((one for one in self.found if list(one.passages) == value.data), None)
            if one is None or not one.said:
                kept += [(about, value, source)] if one is None or one.said is None else []
                continue
            kept.append((about, value.model_copy(update={"data": one.narrowed()}), source))
        return kept


def read_for(work: Work, question: str, known: Sequence[Known]) -> Reading | None:
    """The reading of an answer; None where more is known than passages of documents."""
    before = [name for name in work.background if name in work.state.results]
    told = "\n".join(canonical(work.state.results[name].data) for name in before)
    searched = [one for one in known if one[0] not in before]
    if not searched or (told and named(question, told) >= _BEFORE):
        return None
    found = [_evidence(about or question, value, source) for about, value, source in searched]
    kept = [one for one in found if one is not None]
    return Reading(question, tuple(kept)) if len(kept) == len(found) else None


def read_in(work: Work, step: Step) -> Reading | None:
    """The reading of a step that writes from passages and from the very question that they were found for."""
    plan, results = work.state.plan, work.state.results
    refs = [one for one in step.arguments.values() if isinstance(one, Ref)]
    for ref in refs:
        source = None if plan is None or ref.step not in plan.names else plan.step(ref.step)
        asked = None if source is None else source.arguments.get("question")
        if isinstance(asked, Ref) and not asked.path and asked in refs and asked.step in results:
            question: JSON = results[asked.step].data
            one = _evidence(str(question), results[ref.step], work.source(ref.step))
            if isinstance(question, str) and one is not None:
                return Reading(question, (one,))
    return None


def _evidence(question: str, value: Value, source: Source) -> Evidence | None:
    if source is not Source.DOCUMENT:
        return None
    if value.data == []:
        return Evidence(said=False)
    passages = passages_of(value.data)
    return evidence(question, passages) if passages else None
