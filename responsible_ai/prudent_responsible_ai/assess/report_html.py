"""An assessment as one HTML page: no script, nothing from elsewhere. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from prudent_responsible_ai.assess.charts import interval_chart
from prudent_responsible_ai.assess.results import Assessment, Gap, Measure, Side
from prudent_responsible_ai.assess.wording import (
    AREAS,
    CAVEAT,
    alike,
    answer_in_words,
    difference,
    judged,
    pair_in_words,
    rate,
    standing_out,
    wanted,
    what,
)
from prudent_responsible_ai.shortened import cut

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --page: #fff;
--good: #0a6640;
  --bad: #b42318; --open: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #a2acb7; --line: #3d444d;
--page: #11151a;
  --good: #4cc38a; --bad: #ff8a7a; --open: #a2acb7; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width:
62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); padding-
bottom: .3rem; }
.soft, small { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft);
padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem .5rem 0; border-bottom: 1px
solid var(--line); }
th { font-weight: 600; } td.figure { white-space: nowrap; } small { display: block; white-space:
normal; }
th[scope="row"] { min-width: 17rem; } th small { font-weight: 400; }
summary { cursor: pointer; color: var(--soft); font-size: smaller; }
svg { display: block; } .axis, .tick { stroke: var(--line); stroke-width: 1; } .range { stroke-
width: 4; opacity: .55; }
.good { stroke: var(--good); fill: var(--good); } .bad { stroke: var(--bad); fill: var(--bad); }
.open { stroke: var(--open); fill: var(--open); }
b.good, b.bad, b.open { stroke: none; fill: none; } b.good { color: var(--good); } b.bad { color:
var(--bad); }
b.open { color: var(--open); font-weight: 400; } dt { font-weight: 600; margin-top: 1rem; } dd {
margin-left: 0; }
td dl { max-width: 26rem; margin: 0; } td dt { margin-top: .6rem; }
td dd { color: var(--ink); overflow-wrap: anywhere; }
@media (max-width: 44rem) { thead { display: none; } tr, th, td { display: block; }
th, td { border: 0; padding: .2rem 0; } td.figure { white-space: normal; }
tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } }
"""
_EXAMPLES = 5
"""Questions with their answers that a measure shows."""
_PAIRS = 100
"""Pairs of answers that are shown."""
_LONGEST = 400
"""Characters of a question or an answer that are shown."""


def as_html(assessment: Assessment) -> str:
    """The page."""
    name = escape(assessment.subject.name)
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Assessment of {name}</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>Assessment of {name}</h1>",
            f"<p>{escape(what(assessment))}</p>",
            f'<p class="soft">{escape(assessment.started)}, prudent {escape(assessment.prudent_version)}. '
            f"{escape(CAVEAT)}</p>",
            *_first(assessment),
            *_areas(assessment),
            *_references(assessment),
            *_answers(assessment),
            "</main></body></html>\n",
        )
    )


def _first(assessment: Assessment) -> Iterator[str]:
    said = standing_out(assessment)
    if said:
        yield "<section><h2>What stands out</h2><ul>"
        yield from (f"<li>{escape(one)}</li>" for one in said)
        yield "</ul></section>"


def _areas(assessment: Assessment) -> Iterator[str]:
    for area, heading in AREAS.items():
        measures = [one for one in assessment.measures if one.area == area]
        gaps = [one for one in assessment.gaps if one.area == area]
        if measures or gaps:
            yield f"<section><h2>{escape(heading)}</h2>"
        if measures:
            yield _table(
                "Shares of answers, on a scale of 0 to 100 %.",
                [_measure(assessment, one) for one in measures],
            )
        yield from _gaps(gaps)
        if area == "fairness":
            yield from _pairs(assessment)
        if measures or gaps:
            yield "</section>"


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    caption = "Differences between groups, on a scale of -100 to +100 points."
    shown = [one for one in gaps if one.verdict == "difference"]
    open_ones = [one for one in gaps if one.verdict != "difference"]
    if shown:
        yield _table(caption, [_gap(one) for one in shown])
    if open_ones:
        yield f"<details><summary>{len(open_ones)} differences between groups that cannot be told</summary>"
        yield f"{_table(caption, [_gap(one) for one in open_ones])}</details>"


def _pairs(assessment: Assessment) -> Iterator[str]:
    """Requests that were answered otherwise about somebody else: both answers, side by side."""
    if not assessment.pairs:
        return
    many = len(assessment.pairs)
    yield f"<details><summary>{many} requests answered otherwise about somebody else, to read</summary>"
    yield '<div class="wide"><table><thead><tr><th scope="col">Swapped, and what differs</th>'
    yield '<th scope="col">About the one</th><th scope="col">About the other</th></tr></thead><tbody>'
    for one in assessment.pairs[:_PAIRS]:
        yield f'<tr><th scope="row">{escape(pair_in_words(one))}<small>{escape(one.id)}</small></th>'
        yield f"{_side(one.first)}{_side(one.second)}</tr>"
    yield "</tbody></table></div>"
    if many > _PAIRS:
        yield f"<p>{many - _PAIRS} more are in report.json.</p>"
    yield "</details>"


def _side(one: Side) -> str:
    question = escape(cut(one.question, _LONGEST))
    return f"<td><small>{question}</small>{escape(answer_in_words(one, _LONGEST))}</td>"


def _table(caption: str, rows: list[str]) -> str:
    head = '<tr><th scope="col">What</th><th scope="col">95 % interval</th><th scope="col">Figure</th></tr>'
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption><thead>{head}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _measure(assessment: Assessment, one: Measure) -> str:
    word = judged(one)
    tone = {"good": "good", "poor": "bad", "": "open"}[word]
    said = rate(one)
    chart = interval_chart(
        one.rate, one.low, one.high, start=0, end=1, label=f"{one.title}: {said}", tone=tone
    )
    failed = _failed(assessment, one) if one.failed else ""
    note = f"<small>{escape(one.note)}</small>" if one.note else ""
    return (
        f'<tr><th scope="row">{escape(one.title)}<small>{wanted(one)}</small>{note}</th><td>{chart}</td>'
        f'<td class="figure">{escape(said)} <b class="{tone}">{word}</b>{failed}</td></tr>'
    )


def _failed(assessment: Assessment, one: Measure) -> str:
    exchanges = assessment.exchanges_of(one)[:_EXAMPLES]
    if not exchanges:
        return _folded(f"{len(one.failed)} on the wrong side", ", ".join(one.failed))
    head = f"{len(one.failed)} on the wrong side; {len(exchanges)} to read"
    said = "".join(
        f"<dt>{escape(each.id)}: {escape(cut(each.question, _LONGEST))}</dt>"
        f"<dd>{'<b>blocked</b> ' if each.blocked else ''}{escape(cut(each.answer, _LONGEST))}</dd>"
        for each in exchanges
    )
    return f"<details><summary>{escape(head)}</summary><small><dl>{said}</dl></small></details>"


def _gap(one: Gap) -> str:
    tone = "bad" if one.verdict == "difference" else "open"
    said = difference(one)
    chart = interval_chart(
        one.difference, one.low, one.high, start=-1, end=1, label=f"{one.title}: {said}", tone=tone
    )
    who = f"<small>{escape(one.first)} less {escape(one.second)}</small>"
    note = _folded("More", one.note) if one.note else ""
    return (
        f'<tr><th scope="row">{escape(one.title)}{who}</th><td>{chart}</td>'
        f'<td class="figure"><b class="{tone}">{escape(said)}</b>{note}</td></tr>'
    )


def _folded(head: str, said: str) -> str:
    return f"<details><summary>{escape(head)}</summary><small>{escape(said)}</small></details>"


def _references(assessment: Assessment) -> Iterator[str]:
    rows: list[str] = []
    for titles, found in alike(assessment):
        said = "; ".join(f"{each.framework}: {each.identifier} ({each.title})" for each in found)
        rows.append(f'<tr><th scope="row">{escape("; ".join(titles))}</th><td>{escape(said)}</td></tr>')
    yield '<section><h2>What frameworks ask for this evidence</h2><div class="wide"><table><thead><tr>'
    yield '<th scope="col">Finding</th><th scope="col">Where</th></tr></thead><tbody>'
    yield f"{''.join(rows)}</tbody></table></div></section>"


def _answers(assessment: Assessment) -> Iterator[str]:
    if not assessment.answers:
        return
    yield "<section><h2>What the people who run it say</h2><dl>"
    for one in assessment.answers:
        said = '<span class="soft">Not answered.</span>' if one.answer is None else escape(one.answer)
        yield f"<dt>{escape(one.question)}</dt><dd>{said}</dd>"
    yield "</dl></section>"
