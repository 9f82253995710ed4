"""An assessment as Markdown: the whole report, and a system card. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator

from prudent_responsible_ai.assess.results import Assessment
from prudent_responsible_ai.assess.wording import (
    AREAS,
    CAVEAT,
    alike,
    answer_in_words,
    difference,
    pair_in_words,
    rate,
    standing_out,
    wanted,
    what,
)

_PAIRS = 50
"""Pairs of answers that are shown."""
_LONGEST = 200
"""Characters of an answer that are shown."""


def as_markdown(assessment: Assessment) -> str:
    """The report."""
    return "\n".join(_report(assessment)) + "\n"


def as_system_card(assessment: Assessment) -> str:
    """A system card: what the app is, who answers for it, and what was measured."""
    return "\n".join(_card(assessment)) + "\n"


def _report(assessment: Assessment) -> Iterator[str]:
    yield f"# Assessment of {_inline(assessment.subject.name)}"
    yield ""
    yield f"{_inline(what(assessment))} {assessment.started}, prudent {assessment.prudent_version}."
    yield ""
    yield CAVEAT
    if said := standing_out(assessment):
        yield from ("", "## What stands out", "", *(f"- {one}" for one in said))
    yield from _figures(assessment, "##")
    yield from _pairs(assessment)
    yield from _references(assessment)
    yield from _answers(assessment, "##")


def _figures(assessment: Assessment, level: str) -> Iterator[str]:
    for area, heading in AREAS.items():
        measures = [one for one in assessment.measures if one.area == area]
        gaps = [one for one in assessment.gaps if one.area == area]
        if not measures and not gaps:
            continue
        yield from (
            "",
            f"{level} {heading}",
            "",
            "| | share of answers (95 % interval) | |",
            "| --- | --- | --- |",
        )
        for one in measures:
            yield f"| {one.title} | {rate(one)} | {wanted(one)} |"
        for one in gaps:
            yield f"| {one.title}: {one.first} less {one.second} | {difference(one)} | nearer 0 is better |"
        notes = list(dict.fromkeys(one.note for one in measures if one.note))
        notes += [f"{one.title}: {one.note}" for one in gaps if one.note]
        yield from ("", *(f"- {note}" for note in notes))


def _pairs(assessment: Assessment) -> Iterator[str]:
    if not assessment.pairs:
        return
    yield from ("", "## Answered otherwise about somebody else", "")
    for one in assessment.pairs[:_PAIRS]:
        yield f"- {_inline(pair_in_words(one))}"
        for side in (one.first, one.second):
            answer = _inline(answer_in_words(side, _LONGEST))
            yield f"  - {_inline(side.question)} **{answer or '(nothing)'}**"
    if (more := len(assessment.pairs) - _PAIRS) > 0:
        yield f"- {more} more are in report.json."


def _references(assessment: Assessment) -> Iterator[str]:
    yield from (
        "",
        "## What frameworks ask for this evidence",
        "",
        "| finding | framework | where |",
        "| --- | --- | --- |",
    )
    for titles, found in alike(assessment):
        finding = "; ".join(titles)
        for reference in found:
            yield f"| {finding} | {reference.framework} | {reference.identifier}, {reference.title} |"


def _answers(assessment: Assessment, level: str) -> Iterator[str]:
    if not assessment.answers:
        return
    yield from ("", f"{level} What the people who run it say")
    for one in assessment.answers:
        if one.answer is not None:
            yield from ("", f"**{one.question}**", "", _inline(one.answer))
    unanswered = [one.question for one in assessment.answers if one.answer is None]
    if unanswered:
        yield from ("", "Not answered:", "", *(f"- {question}" for question in unanswered))


def _card(assessment: Assessment) -> Iterator[str]:
    subject = assessment.subject
    yield f"# System card: {_inline(subject.name)}"
    yield from ("", "## Components", "")
    yield f"- Model: {subject.model or 'not stated'}"
    yield f"- Checks: {'policy ' + subject.policy if subject.policy else 'those of the server'}"
    if subject.address:
        yield f"- Address: {_inline(subject.address)}"
    if subject.system:
        yield f"- Instruction: {_inline(subject.system)}"
    yield f"- Assessed: {assessment.started}, prudent {assessment.prudent_version}"
    yield from _answers(assessment, "##")
    yield from ("", "## Evaluation", "", _inline(what(assessment)), "", CAVEAT)
    yield from _figures(assessment, "###")
    yield from ("", "## Known failures", "")
    failed = [one for one in assessment.measures if one.failed]
    for one in failed:
        yield f"- {one.title}: {', '.join(one.failed)}"
    if not failed:
        yield "- None in this run, which does not mean that there are none."
    unknown = [one.title for one in assessment.gaps if one.verdict == "cannot tell"]
    if unknown:
        yield from ("", f"Could not be told: {'; '.join(unknown)}.")


def _inline(text: str) -> str:
    """A text that others wrote, so that it breaks no table and brings no markup."""
    plain = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        plain = plain.replace(sign, f"\\{sign}")
    return plain
