"""An explained verdict in the terminal: the text with its words in colour, and what they mean below it.

Colour is never alone: the words are named again in plain text. Pure but for what it prints.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

import typer
from rich.console import Console
from rich.text import Text

from prudent.cli.verdicts import DONE
from prudent.types.content import Source
from prudent.types.safety import (
    Action,
    AnswerPair,
    CategoryVerdict,
    CheckState,
    PromptFilterResult,
    VerdictSpan,
)

_STYLES = ((0.8, "bold black on bright_red"), (0.4, "black on yellow"), (0.0, "underline"))
"""By the least weight of each."""

_WORDS_SHOWN = 12
_SHAPELESS = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that are shown by their names."""
_LEFT_AS_THEY_ARE = "\n\t\u200c\u200d"
"""Characters without a shape that texts need: ends of lines, and what joins letters and pictures."""
_SHAPELESS_SHOWN = 3


def found(result: PromptFilterResult) -> dict[str, CategoryVerdict]:
    """What the policy acts on, and checks that did not do their work; the sternest first."""
    telling = {
        name: verdict
        for name, verdict in result.content_filter_results.items()
        if verdict.action is not Action.ALLOW or verdict.state is not CheckState.CHECKED
    }
    return dict(sorted(telling.items(), key=lambda one: (-one[1].action.rank, -one[1].severity_level)))


def below(result: PromptFilterResult) -> str | None:
    """What was seen but no rule acts on, in a line; None where there is nothing."""
    seen = [
        f"{name} (severity {verdict.severity_level}{_scored(verdict)})"
        for name, verdict in result.content_filter_results.items()
        if verdict.detected and verdict.action is Action.ALLOW
    ]
    return f"Below every rule of the policy: {', '.join(seen)}." if seen else None


def looked_at(result: PromptFilterResult) -> list[str]:
    """What checks say that found nothing, where they say what they looked at."""
    return [
        f"{name}: {verdict.reason}"
        for name, verdict in result.content_filter_results.items()
        if verdict.reason and not verdict.detected and verdict.state is CheckState.CHECKED
    ]


def _scored(verdict: CategoryVerdict) -> str:
    return "" if verdict.score is None else f", score {verdict.score:.2f}"


def print_explained(text: str, result: PromptFilterResult, policy: str) -> None:
    """Print the verdicts on a text with their reasons."""
    verdicts = found(result)
    if result.source is Source.ASSISTANT:
        typer.echo(f"The answer: {legible(text)}\n")
    if not verdicts:
        typer.echo(f"The policy {policy} has nothing against this text.")
    console = Console(highlight=False, soft_wrap=True)
    for name, verdict in verdicts.items():
        console.print(headline(name, verdict), style="bold", markup=False)
        if verdict.detected and verdict.spans:
            console.print(coloured(text, verdict.spans))
        for line in details(text, verdict):
            console.print(f"  {line}", markup=False)
        console.print()
    for line in looked_at(result):
        typer.echo(line)
    if (seen := below(result)) is not None:
        typer.echo(seen)


def headline(name: str, verdict: CategoryVerdict) -> str:
    """What was done about a category, and how severe it is."""
    if verdict.state is CheckState.UNVERIFIED and not verdict.detected:
        return f"{name}: unverified"
    if verdict.state in (CheckState.ERROR, CheckState.SKIPPED):
        return f"{name}: {verdict.reason or verdict.state}"
    return (
        f"{name}: {DONE.get(verdict.action, 'allowed')}, severity {verdict.severity_level} of 7"
        f" ({verdict.severity}){_scored(verdict)}"
    )


def details(text: str, verdict: CategoryVerdict) -> Iterator[str]:
    """Reason, words, counterfactual, fidelity and rule, as far as there are any; a line each."""
    if verdict.state in (CheckState.ERROR, CheckState.SKIPPED):
        return  # the headline says it
    if verdict.reason:
        yield f"reason: {legible(verdict.reason)}"
    if not verdict.detected:
        return
    if verdict.pair is not None:
        yield from _compared(verdict.pair)
        return
    words = named(text, [span for span in verdict.spans if not span.decisive])
    decisive = named(text, [span for span in verdict.spans if span.decisive])
    if decisive:
        yield f"decisive: {decisive}"
    if words:
        yield f"{'also ' if decisive else ''}carried by: {words}"
    if verdict.counterfactual:
        yield f"would have passed: {legible(verdict.counterfactual)} (scored to prove it)"
    elif verdict.score is not None:
        yield "would have passed: no small set of words was found without which it does"
    if verdict.fidelity is not None:
        yield f"fidelity: {verdict.fidelity:.2f} (0 as words drawn at random, 1 the words are all there is)"
    if verdict.rule:
        yield f"rule: {verdict.rule}"


def _compared(pair: AnswerPair) -> Iterator[str]:
    """What was swapped, both answers and their differences."""
    yield f"swapped: {pair.other_group} in place of {pair.group} ({pair.attribute}; {pair.decision})"
    for group, answer in ((pair.group, pair.answer), (pair.other_group, pair.other_answer)):
        yield f"answer about {group}: {'not let out' if answer is None else legible(answer)}"
    yield f"differs: {legible('; '.join(pair.differences))}"


def named(text: str, spans: Sequence[VerdictSpan]) -> str:
    """The words of spans with their weights, the heaviest first."""
    ranked = sorted(spans, key=lambda span: (-span.weight, span.start))
    shown = [f"{quoted(text[span.start : span.end])} {span.weight:.2f}" for span in ranked[:_WORDS_SHOWN]]
    more = len(ranked) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more else [])])


def quoted(word: str) -> str:
    """A word in quotes, on one line."""
    return f"'{legible(word, '')}'"


def legible(text: str, kept: str = _LEFT_AS_THEY_ARE) -> str:
    """The text with the names of its characters that have no shape, but for those `kept`.

    Whatever could move, hide or reorder what stands in the terminal is among them. Of many in a row the first
    few are named, and how many they are.
    """
    pieces: list[str] = []
    for has_shape, run in groupby(text, lambda one: one in kept or _has_shape(one)):
        characters = "".join(run)
        if has_shape:
            pieces.append(characters)
        elif len(characters) <= _SHAPELESS_SHOWN:
            pieces.append(_name(characters))
        else:
            first = _name(characters[:_SHAPELESS_SHOWN])
            pieces.append(f"{first}... ({len(characters)} characters without a shape)")
    return "".join(pieces)


def _has_shape(character: str) -> bool:
    return unicodedata.category(character) not in _SHAPELESS


def _name(characters: str) -> str:
    return characters.encode("unicode_escape").decode("ascii")


def coloured(text: str, spans: Sequence[VerdictSpan]) -> Text:
    """The text with each span in the colour of its weight; decisive ones are set in brackets."""
    shown = Text("  ")
    at = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.start < at:
            continue
        shown.append(legible(text[at : span.start]))
        word = legible(text[span.start : span.end])
        style = next(style for least, style in _STYLES if span.weight >= least)
        shown.append(f"[{word}]" if span.decisive else word, style=style)
        at = span.end
    shown.append(legible(text[at:]))
    return shown
