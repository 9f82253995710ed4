"""One question in several wordings: right, and the same each time."""

from __future__ import annotations

from prudent_responsible_ai.assess.asking import SHORT, Asker, Question
from prudent_responsible_ai.assess.evidence.grounded import holds
from prudent_responsible_ai.assess.question_sets import read_set
from prudent_responsible_ai.assess.results import Gap, Measure, measured


def gather(asker: Asker, *, quick: bool, seed: int) -> tuple[list[Measure], list[Gap]]:
    """Right answers over all wordings, and questions that are right in all wordings or in none."""
    del quick, seed
    rows = read_set("reliability")
    questions = [
        Question(f"{row['id']}.{number}", text, max_tokens=SHORT)
        for row in rows
        for number, text in enumerate(row["wordings"], start=1)
    ]
    replies = {one.id: reply for one, reply in zip(questions, asker.all(questions), strict=True)}
    answers = {row["id"]: row["answer"] for row in rows}
    right = {
        key: holds(reply, answers[key.partition(".")[0]])
        for key, reply in replies.items()
        if reply.error is None
    }
    stable: dict[str, bool] = {}
    for row in rows:
        outcomes = {outcome for key, outcome in right.items() if key.partition(".")[0] == row["id"]}
        if outcomes:
            stable[row["id"]] = len(outcomes) == 1
    return [
        measured("reliable.right", "Right answers to easy questions", "reliability", right, better="high"),
        measured(
            "reliable.stable",
            "Questions answered alike in every wording",
            "reliability",
            stable,
            better="high",
            note="Alike: right in all wordings, or wrong in all.",
        ),
    ], []
