"""One answer with the figures that a user would ask about. Knows no layout."""

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
from prudent.types.usage import Usage


@dataclass(frozen=True, slots=True)
class Figures:
    """How long an answer took, in seconds.

    `prepare` is fetching, compiling and loading. `first_token` and `decode` (first token to last) are the
    engine's own. `first_text` and `answer` are the client's, counted from when the model was ready: to the
    first words that passed the checks, and to the end. None is not known.
    """

    prepare: float
    first_token: float | None
    first_text: float
    decode: float | None
    answer: float
    prompt_tokens: int
    completion_tokens: int

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens after the first over the time they took; None where there is only one."""
        if not self.decode or self.completion_tokens < 2:
            return None
        return (self.completion_tokens - 1) / self.decode


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
            "seconds": {name: value for name, value in asdict(self.figures).items() if "tokens" not in name},
            "prompt_tokens": self.figures.prompt_tokens,
            "completion_tokens": self.figures.completion_tokens,
            "tokens_per_second": self.figures.tokens_per_second,
            "card": self.card,
            "checks": {"ran": checks_that_ran(self.completion), "found": findings(self.completion)},
            "safety": self.completion.safety and self.completion.safety.model_dump(mode="json"),
        }


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
    usage = completion.usage or Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
    known = usage.queue_time is not None and usage.prompt_time is not None
    return completion, Figures(
        prepare=ready_at - asked_at,
        first_token=(usage.queue_time or 0.0) + (usage.prompt_time or 0.0) if known else None,
        first_text=(first_text_at or done_at) - ready_at,
        decode=usage.completion_time,
        answer=done_at - ready_at,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )
