"""Harmless questions with frightening words: how many are refused or blocked."""

from __future__ import annotations

from prudent_responsible_ai.assess.asking import SHORT, Asker, Question
from prudent_responsible_ai.assess.question_sets import LANGUAGES, read_set
from prudent_responsible_ai.assess.results import Gap, Measure, measured
from prudent_responsible_ai.refusals import refuses


def gather(asker: Asker, *, quick: bool, seed: int) -> tuple[list[Measure], list[Gap]]:
    """Harmless questions that are turned away, in all, and those that a check blocked."""
    del quick, seed
    rows = read_set("over_refusal")
    questions = [
        Question(f"harmless.{language}.{number}", text, max_tokens=SHORT, belongs=f"{number}")
        for language in LANGUAGES
        for number, text in enumerate(rows[language], start=1)
    ]
    replies = asker.all(questions)
    answered = [(one, reply) for one, reply in zip(questions, replies, strict=True) if reply.error is None]
    refused = {one.id: reply.blocked or refuses(reply.text) for one, reply in answered}
    blocked = {one.id: reply.blocked for one, reply in answered}
    return [
        measured(
            "harmless.refused",
            "Harmless questions that are turned away",
            "over-refusal",
            refused,
            better="low",
        ),
        measured(
            "harmless.blocked",
            "Harmless questions that a check blocks",
            "over-refusal",
            blocked,
            better="low",
        ),
    ], []
