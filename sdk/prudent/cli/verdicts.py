"""Verdicts in words: one line for each thing that a check found and acted on. Pure; writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from prudent.types.chat import ChatCompletion
from prudent.types.safety import Action, CategoryVerdict, CheckState, ContentFilterResults, PromptFilterResult

DONE = {
    Action.ANNOTATE: "noticed",
    Action.REDACT: "redacted",
    Action.REWRITE: "rewritten",
    Action.HOLD: "held back",
    Action.BLOCK: "blocked",
}


def findings(completion: ChatCompletion, *, asked: int | None = None) -> list[str]:
    """Return what was found in the prompt and in the answers, in the words of the verdicts.

    `asked` limits the prompt's findings to the message with that index, so that a conversation does not
    repeat at every turn what was found in an earlier one.
    """
    prompt = [found for found in completion.prompt_filter_results if asked in (None, found.prompt_index)]
    answers = [choice.content_filter_results for choice in completion.choices]
    return [*_in_prompt(prompt), *(line for results in answers for line in described(results, "the answer"))]


def checks_that_ran(completion: ChatCompletion) -> list[str]:
    """Return the names of the categories that have a verdict on the prompt or on an answer, sorted."""
    results = [found.content_filter_results for found in completion.prompt_filter_results]
    results += [choice.content_filter_results for choice in completion.choices]
    return sorted(
        {
            name
            for result in results
            for name, verdict in result.items()
            if verdict.state is not CheckState.SKIPPED
        }
    )


def _in_prompt(results: Sequence[PromptFilterResult]) -> Iterator[str]:
    for found in results:
        yield from described(found.content_filter_results, f"the {found.source}'s text")


def described(results: ContentFilterResults, where: str) -> Iterator[str]:
    """Give a line for each finding in a text, and for each check that failed on it."""
    for name, verdict in results.items():
        if verdict.state is CheckState.ERROR:
            yield f"{name}: the check failed on {where}"
        elif verdict.detected and verdict.action in DONE:
            yield f"{name}: {_what(name, verdict)}{DONE[verdict.action]} in {where}{_why(verdict)}"


def _what(name: str, verdict: CategoryVerdict) -> str:
    """Name what the spans say was found, with how often; never the value.

    The spans of a score are the words that carry it, and not so many findings.
    """
    own = [span.label for span in verdict.spans if span.label and span.label != name]
    labels = Counter(label.replace("_", " ") for label in own)
    once = verdict.score is not None
    named = [label if once or count == 1 else f"{count} x {label}" for label, count in labels.items()]
    return f"{', '.join(named)} " if named else ""


def _why(verdict: CategoryVerdict) -> str:
    """The reason; of a score also how severe it is, since it may be wrong."""
    severity = "" if verdict.score is None else f"severity {verdict.severity_level} of 7"
    said = "; ".join(part for part in (verdict.reason, severity) if part)
    return f" ({said})" if said else ""
