"""The kinds of requests that a soak sends, and what each one's answer must be. Knows no server process.

Every answer can be told from every other: a logit bias makes the model repeat one word that no other request
of the moment has, a schema admits one mark only, or a seed's answer is known from a quiet run. A reply that
is lost, cut, doubled or somebody else's is found by its text.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

CHAT = "/v1/chat/completions"
_WORDS = [
    "apple",
    "bridge",
    "candle",
    "door",
    "engine",
    "flower",
    "garden",
    "hammer",
    "island",
    "jacket",
    "kettle",
    "ladder",
    "mirror",
    "needle",
    "orange",
    "pencil",
    "queen",
    "river",
    "silver",
    "table",
    "umbrella",
    "valley",
    "window",
    "yellow",
    "zebra",
    "anchor",
    "basket",
    "copper",
    "dinner",
    "eagle",
    "forest",
    "glass",
    "honey",
    "iron",
    "judge",
    "king",
    "lemon",
    "moon",
    "night",
    "ocean",
    "paper",
    "rabbit",
    "stone",
    "tower",
    "uncle",
    "voice",
    "water",
]
_FILLER = "The harbour was quiet and the boats lay still while the tide went out. "


class WrongReplyError(Exception):
    """An answer that is not what it must be."""


@dataclass
class Outcome:
    """How one request ended."""

    kind: str
    status: str
    seconds: float = 0.0


@dataclass
class Reference:
    """A prompt with a seed, and the answer that a quiet server gave."""

    body: dict[str, Any]
    text: str = ""


@dataclass
class Soak:
    """What the requests share."""

    http: httpx.AsyncClient
    random: random.Random
    lengths: list[tuple[int, int]]
    """Tokens of prompt and answer to draw from."""
    longest: int
    """Tokens of an answer that is not meant to come to its end."""
    marks: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Words of one token that nobody is using."""
    references: list[Reference] = field(default_factory=list[Reference])

    async def prepare(self) -> None:
        """Find marks, and the answers that seeds have in quiet."""
        for word in _WORDS:
            reply = await self.http.post(
                "/v1/tokenize", json={"prompt": f" {word}", "add_special_tokens": False}
            )
            tokens = reply.raise_for_status().json()["tokens"]
            if len(tokens) == 1:
                self.marks.append((tokens[0], f" {word}"))
        if len(self.marks) < len(_WORDS) // 2:
            raise SystemExit("too few of the marks are one token of this model")
        for number in range(8):
            body = {
                "messages": self._messages(self.random.choice(self.lengths)[0] // 3, f"Story {number}."),
                "temperature": 0.9,
                "seed": number,
                "max_tokens": 24,
            }
            reply = await self.http.post(CHAT, json=body)
            self.references.append(Reference(body, _text(reply.raise_for_status().json())))

    # Requests whose answer is one word, over and over.

    async def marked(self, *, stream: bool = False, n: int = 1, **fields: Any) -> str:
        """An answer of one word from beginning to end, as long as it was asked to be."""
        token, word = await self._borrow()
        try:
            body = self._body_of(token, n=n, **fields)
            if stream:
                text, end = await self._streamed(body)
                self._check(text, word, body["max_tokens"], end)
                return "ok"
            reply = await self.http.post(CHAT, json=body)
            if reply.status_code in (429, 504):
                return _refusal(reply, may_be_late="deadline" in fields)
            answer = reply.raise_for_status().json()
            if len(answer["choices"]) != n:
                raise WrongReplyError(f"{len(answer['choices'])} choices instead of {n}")
            for choice in answer["choices"]:
                self._check(choice["message"]["content"], word, body["max_tokens"], choice)
            return "ok"
        finally:
            self.marks.append((token, word))

    async def marked_stream(self) -> str:
        """The same, event by event."""
        return await self.marked(stream=True)

    async def choices(self) -> str:
        """Several answers to one prompt."""
        return await self.marked(n=3)

    async def urgent_or_not(self) -> str:
        """A lower class gives way and returns: its answer is whole."""
        return await self.marked(priority=self.random.choice(["batch", "background"]))

    async def late(self) -> str:
        """A deadline that may pass at the door, in the line, or in the answer."""
        return await self.marked(deadline=self.random.choice([0.1, 1.0, 5.0, 20.0]), max_tokens=self.longest)

    async def leaves(self) -> str:
        """Reads some of a stream and hangs up; what it read is its own."""
        token, word = await self._borrow()
        most = self.random.randint(0, 12)
        try:
            text = ""
            async for part, _ in self.events(self._body_of(token, max_tokens=self.longest)):
                text += part
                most -= 1
                if most < 0:
                    break
            if not (word * (len(text) // len(word) + 1)).startswith(text):  # a word's end may be held back
                raise WrongReplyError(f"{text!r} instead of {word!r}")
            return "left"
        finally:
            self.marks.append((token, word))

    async def hangs_up(self) -> str:
        """Asks for a whole answer and hangs up before it comes."""
        token, word = await self._borrow()
        try:
            answer = self.http.post(CHAT, json=self._body_of(token, max_tokens=self.longest))
            reply = await asyncio.wait_for(answer, self.random.uniform(0.01, 0.8))
            return _refusal(reply) if reply.status_code == 429 else "ok"
        except TimeoutError:
            return "left"
        finally:
            self.marks.append((token, word))

    # Requests whose answer is known otherwise.

    async def seeded(self) -> str:
        """The answer of a quiet run, to the letter."""
        reference = self.random.choice(self.references)
        if self.random.random() < 0.5:
            text, _ = await self._streamed(reference.body)
        else:
            reply = await self.http.post(CHAT, json=reference.body)
            if reply.status_code == 429:
                return _refusal(reply)
            text = _text(reply.raise_for_status().json())
        if text != reference.text:
            raise WrongReplyError(f"{text!r} instead of {reference.text!r}")
        return "ok"

    async def shaped(self) -> str:
        """A schema with room for one mark only."""
        mark = f"m{self.random.randrange(10**9)}"
        schema = {
            "type": "object",
            "properties": {"mark": {"enum": [mark]}, "size": {"enum": ["small", "large"]}},
            "required": ["mark", "size"],
            "additionalProperties": False,
        }
        body = {
            "messages": self._messages(40, "Describe the boat."),
            "max_tokens": 64,
            "response_format": {"type": "json_schema", "json_schema": {"name": "boat", "schema": schema}},
        }
        reply = await self.http.post(CHAT, json=body)
        if reply.status_code == 429:
            return _refusal(reply)
        text = _text(reply.raise_for_status().json())
        if json.loads(text)["mark"] != mark:
            raise WrongReplyError(f"{text!r} instead of the mark {mark}")
        return "ok"

    async def wrong(self) -> str:
        """A request that must be refused, and by the right status."""
        good = {"messages": self._messages(10, "Hello.")}
        body, status = self.random.choice(
            [
                (b"{not json", 400),
                (json.dumps(good | {"temperature": "hot"}).encode(), 400),
                (json.dumps(good | {"logit_bias": {"99999999": 1}}).encode(), 400),
                (json.dumps(good | {"max_tokens": 10**7}).encode(), 400),
                (json.dumps({"messages": self._messages(10**5, "Long.")}).encode(), 400),
                (json.dumps(good | {"model": "no-such-model"}).encode(), 404),
                (json.dumps(good | {"no_such_parameter": 1}).encode(), 400),
            ]
        )
        reply = await self.http.post(CHAT, content=body, headers={"content-type": "application/json"})
        if reply.status_code != status:
            raise WrongReplyError(f"status {reply.status_code} instead of {status} for {body[:80]!r}")
        return "refused"

    def kinds(self) -> list[tuple[Callable[[], Awaitable[str]], int]]:
        """Every kind with its weight."""
        return [
            (self.marked, 20),
            (self.marked_stream, 20),
            (self.seeded, 20),
            (self.urgent_or_not, 8),
            (self.leaves, 8),
            (self.shaped, 6),
            (self.late, 6),
            (self.hangs_up, 5),
            (self.wrong, 5),
            (self.choices, 2),
        ]

    async def _borrow(self) -> tuple[int, str]:
        """A mark that no other request has meanwhile."""
        while not self.marks:
            await asyncio.sleep(0.01)
        return self.marks.pop(self.random.randrange(len(self.marks)))

    def _body_of(self, token: int, **fields: Any) -> dict[str, Any]:
        prompt, answer = self.random.choice(self.lengths)
        return {
            "messages": self._messages(prompt, f"Number {self.random.randrange(10**6)}."),
            "max_tokens": answer,
            "logit_bias": {str(token): 100},
            "temperature": self.random.choice([0.0, 1.0]),
            **fields,
        }

    def _messages(self, tokens: int, ending: str) -> list[dict[str, str]]:
        """A system prompt that many share, and a text of about so many tokens in all."""
        sentences = max(0, tokens - 40) // 15
        return [
            {"role": "system", "content": "You live by the sea and tell what you see. " + _FILLER},
            {"role": "user", "content": _FILLER * sentences + ending},
        ]

    def _check(self, text: str | None, word: str, most: int, end: dict[str, Any]) -> None:
        """`end` is the choice with its finish reason."""
        said = text or ""
        count, rest = divmod(len(said), len(word))
        if rest or said != word * count:
            raise WrongReplyError(f"{said!r} instead of {word!r} over and over")
        late = (end.get("incomplete_details") or {}).get("reason") == "deadline"
        if end["finish_reason"] != "length" or (count != most and not late) or count > most:
            raise WrongReplyError(f"{count} tokens instead of {most}, finish {end['finish_reason']}")

    async def _streamed(self, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The text of a stream, and the choice with its finish reason."""
        text, end = "", None
        async for part, choice in self.events(body):
            if end is not None:
                raise WrongReplyError("something came after the end")
            text += part
            if choice["finish_reason"]:
                end = choice
        if end is None:
            raise WrongReplyError("the stream ended without an end")
        return text, end

    async def events(self, body: dict[str, Any]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        async with self.http.stream("POST", CHAT, json=body | {"stream": True}) as reply:
            if reply.status_code == 429:
                raise RefusedError(reply)
            reply.raise_for_status()
            done = False
            async for line in reply.aiter_lines():
                if not line.startswith("data: "):
                    continue
                done = line == "data: [DONE]"
                event = {} if done else json.loads(line[6:])
                if "error" in event:
                    raise WrongReplyError(f"an error in the stream: {event['error'].get('code')}")
                for choice in event.get("choices", []):
                    yield choice["delta"].get("content") or "", choice
            if not done:
                raise WrongReplyError("the stream broke off")


class RefusedError(Exception):
    """The server had no room."""

    def __init__(self, reply: httpx.Response) -> None:
        super().__init__(str(reply.status_code))
        self.retry_after = float(reply.headers.get("retry-after", "nan"))


def _refusal(reply: httpx.Response, *, may_be_late: bool = False) -> str:
    """What a refusal counts as; one without Retry-After is wrong."""
    if reply.status_code == 504 and may_be_late:
        return "late"
    if reply.status_code != 429 or "retry-after" not in reply.headers:
        raise WrongReplyError(f"status {reply.status_code} without Retry-After")
    raise RefusedError(reply)


def _text(answer: dict[str, Any]) -> str:
    return answer["choices"][0]["message"]["content"]
