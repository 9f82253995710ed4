"""A check's finding with its explanation: words with weights, what would have passed, how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from prudent_responsible_ai.check import Finding, Span
from prudent_responsible_ai.explain.explanation import Explanation, explain
from prudent_responsible_ai.explain.scoring import SWIFT, Effort, Score
from prudent_responsible_ai.explain.words import is_unspaced
from prudent_responsible_ai.text_encoder import TextEncoder


def scorer(encoder: TextEncoder, label: str, second: Callable[[str], str | None] | None = None) -> Score:
    """The scores of one label. `second` gives another view of a text that is judged too, None where it is
    the same; the higher score counts."""

    def score(texts: Sequence[str]) -> list[float]:
        views = [None if second is None else second(text) for text in texts]
        others = [view for view in views if view is not None]
        scored = iter([one[label] for one in encoder.scores([*texts, *others])])
        plain = [next(scored) for _ in texts]
        return [
            one if view is None else max(one, next(scored)) for one, view in zip(plain, views, strict=True)
        ]

    return score


def explained(
    finding: Finding,
    text: str,
    score: Score,
    *,
    threshold: float,
    effort: Effort = SWIFT,
    encoder: TextEncoder | None = None,
) -> Finding:
    """The finding with the words that carry it, a counterfactual and a fidelity.

    `score` gives the probability of the finding's label, `threshold` is the one below which there would have
    been no finding. Its spans, where it has some, are the windows that are looked at; its `score` is that of
    the text. Its spans stay: they say what is acted on. `encoder` tells words from each other where no spaces
    do.
    """
    within = [(span.start, span.end) for span in finding.spans]
    cuts = encoder.cuts(text) if encoder is not None and is_unspaced(text) else ()
    return with_explanation(
        finding,
        explain(text, score, threshold, known=finding.score, within=within, effort=effort, cuts=cuts),
    )


def with_explanation(finding: Finding, explanation: Explanation) -> Finding:
    """The finding with an explanation of it."""
    label = finding.spans[0].label if finding.spans else finding.category
    spans = tuple(
        Span(word.start, word.end, label, weight=word.weight, decisive=word.decisive)
        for word in explanation.words
    )
    return replace(
        finding,
        because=spans,
        counterfactual=in_words(explanation),
        fidelity=None if explanation.fidelity is None else round(explanation.fidelity, 4),
    )


def in_words(explanation: Explanation) -> str | None:
    """The counterfactual as a sentence that quotes nothing; None where there is none."""
    if explanation.without is None:
        return None
    count = len(explanation.decisive)
    what = "the decisive word" if count == 1 else f"the {count} decisive words"
    return f"{explanation.without:.2f}, under {explanation.threshold:.2f}, without {what}"
