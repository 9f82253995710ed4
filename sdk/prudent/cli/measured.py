"""One answer with the figures that a user would ask about. Knows no layout.

Times are taken at the client, so they hold everything that stands between a question and its answer:
checks, prefill, decoding and the release of checked text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from prudent.capabilities.fold import Folding
from prudent.cli.conversation import Conversation
from prudent.cli.verdicts import checks_that_ran, findings
from prudent.cli.waiting import Waiting
from prudent.types.chat import ChatCompletion


@dataclass(frozen=True, slots=True)
class Figures:
    """How long an answer took, in seconds.

    `prepare` is fetching, compiling and loading; the other two count from when the model was ready:
    `first_text` to the first words that passed the checks, `answer` to the last.
    """

    prepare: float
    first_text: float
    answer: float
    prompt_tokens: int
    completion_tokens: int

    @property
    def tokens_per_second(self) -> float:
        """Tokens of the answer over the whole time from ready to done, prefill and checks included."""
        return self.completion_tokens / self.answer if self.answer > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """An answer, its figures, and the card of the model that gave it."""

    question: str
    completion: ChatCompletion
    figures: Figures
    card: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """Return everything as one JSON object."""
        return {
            "question": self.question,
            "answer": self.completion.text,
            "model": self.completion.model,
            "seconds": {
                name: round(value, 4) for name, value in asdict(self.figures).items() if name in SECONDS
            },
            "prompt_tokens": self.figures.prompt_tokens,
            "completion_tokens": self.figures.completion_tokens,
            "tokens_per_second": round(self.figures.tokens_per_second, 2),
            "card": self.card,
            "checks": {"ran": checks_that_ran(self.completion), "found": findings(self.completion)},
            "safety": self.completion.safety and self.completion.safety.model_dump(mode="json"),
        }


SECONDS = ("prepare", "first_text", "answer")


def ask_measured(
    conversation: Conversation, question: str, waiting: Waiting, write: Callable[[str], None]
) -> tuple[ChatCompletion, Figures]:
    """Ask, pass the answer's text to `write` while it comes, and return it with its figures."""
    whole = Folding()
    asked_at = time.perf_counter()
    first_text_at: float | None = None
    waiting.begin()
    try:
        with closing(conversation.ask(question)) as answer:
            for chunk in answer:
                waiting.over()
                whole.add(chunk)
                if chunk.text:
                    first_text_at = first_text_at or time.perf_counter()
                    write(chunk.text)
    finally:
        waiting.over()
    done_at = time.perf_counter()
    completion = whole.completion()
    ready_at = max(asked_at, waiting.last_event_at or asked_at)
    usage = completion.usage
    return completion, Figures(
        prepare=ready_at - asked_at,
        first_text=(first_text_at or done_at) - ready_at,
        answer=done_at - ready_at,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )
