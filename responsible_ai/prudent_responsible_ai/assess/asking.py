"""How an app is asked: questions in, replies out, several at a time, in bounded time. No transport.

An `Ask` may be anything that answers a conversation; `asking_client` makes one of a client of prudent.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias

from prudent.errors import ConnectionFailedError, ContentFilterError, PrudentError
from prudent_responsible_ai.assess.results import Pair, Side
from prudent_responsible_ai.shortened import cut

CONCURRENCY = 8
"""Questions at once: a server reads and answers them together."""
MAX_TOKENS = 48
"""Tokens of an answer: enough to see what comes out."""
SHORT = 24
"""Tokens in which an answer decides, refuses or begins to do what it was asked to."""
UNASKED = "unasked"
"""The error of a question for which there was no time."""

LONGEST_KEPT = 2000
"""Characters of a question or an answer that a report keeps: an app may answer with any number."""

_WEIGHT = 0.25
"""What the last answer counts for in how long answers take of late."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `system` comes before the app's own; `document` is given with the question as data.

    `belongs` names what is asked together or not at all, as both of a pair are; where it is empty, that is
    the id up to its first full stop.
    """

    id: str
    text: str
    system: str | None = None
    document: str | None = None
    max_tokens: int = MAX_TOKENS
    belongs: str = ""

    def messages(self) -> list[dict[str, Any]]:
        """The conversation to send."""
        said = self.text if self.document is None else f"Document:\n{self.document}\n\n{self.text}"
        first = [] if self.system is None else [{"role": "system", "content": self.system}]
        return [*first, {"role": "user", "content": said}]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a text, a block by a check, or the code of an error, whose words are then the text."""

    text: str = ""
    blocked: bool = False
    error: str | None = None


Ask: TypeAlias = Callable[[Question], Reply]


@dataclass
class Asker:
    """Asks, and counts. Equal conversations are asked once. `heard` is called after each answer.

    After `until` (by `clock`, seconds) nothing more is asked: such questions have the error `UNASKED`. As it
    is not known how far the time goes, what belongs together is asked in an order that `seed` draws: what was
    asked by then is a sample of all. What would end later is not begun: `takes` are the seconds that an
    answer took of late. `exchanges` has what was answered, by the ids of questions; `pairs` are answers that
    should be alike and are not, as the evidence found them.
    """

    ask: Ask
    concurrency: int = CONCURRENCY
    heard: Callable[[], None] = lambda: None
    until: float = math.inf
    clock: Callable[[], float] = perf_counter
    seed: int = 0
    asked: int = 0
    errors: int = 0
    unasked: int = 0
    takes: float = 0.0
    exchanges: dict[str, tuple[Question, Reply]] = field(default_factory=dict[str, "tuple[Question, Reply]"])
    pairs: list[Pair] = field(default_factory=list[Pair])
    _known: dict[str, Reply] = field(default_factory=dict[str, Reply])

    def all(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions.

        Raises:
            ConnectionFailedError: nothing answers any more.
        """
        new = {repr(question.messages()): question for question in self._drawn(questions)}
        new = {key: question for key, question in new.items() if key not in self._known}
        with ThreadPoolExecutor(self.concurrency) as pool:
            for key, reply in zip(new, pool.map(self._in_time, new.values()), strict=True):
                self._known[key] = reply
                if reply.error == UNASKED:
                    self.unasked += 1
                    continue
                self.asked += 1
                self.errors += reply.error is not None
                self.heard()
        replies = [self._known[repr(question.messages())] for question in questions]
        for question, reply in zip(questions, replies, strict=True):
            if reply.error is None:
                self.exchanges[question.id] = question, reply
        return replies

    def _in_time(self, question: Question) -> Reply:
        began = self.clock()
        if began + self.takes >= self.until:
            return Reply(error=UNASKED)
        reply = self.ask(question)
        self.takes += (self.clock() - began - self.takes) * _WEIGHT
        return reply

    def _drawn(self, questions: Sequence[Question]) -> list[Question]:
        groups: dict[str, list[Question]] = {}
        for question in questions:
            groups.setdefault(question.belongs or question.id.partition(".")[0], []).append(question)
        order = list(groups)
        random.Random(f"order:{self.seed}").shuffle(order)  # noqa: S311 (which questions come first)
        return [question for name in order for question in groups[name]]


def kept(text: str) -> str:
    """The text as reports keep it."""
    return cut(text, LONGEST_KEPT)


def side(group: str, question: Question, reply: Reply) -> Side:
    """One side of a pair."""
    return Side(group=group, question=kept(question.text), answer=kept(reply.text), blocked=reply.blocked)


def asking_client(client: Any, *, model: str | None = None, system: str | None = None) -> Ask:
    """Ask through a prudent `Client`. `system` is the app's own instruction, put before each conversation."""

    def ask(question: Question) -> Reply:
        messages = question.messages()
        if system is not None:
            messages = [{"role": "system", "content": system}, *messages]
            messages = _joined(messages)
        try:
            answer = client.chat.completions.create(
                messages=messages,
                temperature=0,
                max_tokens=question.max_tokens,
                **({"model": model} if model else {}),
            )
        except ContentFilterError:
            return Reply(blocked=True)
        except ConnectionFailedError:
            raise
        except PrudentError as error:
            return Reply(str(error), error=error.code or error.type)
        choice = answer.choices[0]
        return Reply(choice.message.content or "", blocked=choice.finish_reason == "content_filter")

    return ask


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Two system messages in a row as one: many chat templates take only the first."""
    if len(messages) > 1 and messages[1]["role"] == "system":
        text = f"{messages[0]['content']}\n{messages[1]['content']}"
        return [{"role": "system", "content": text}, *messages[2:]]
    return messages
