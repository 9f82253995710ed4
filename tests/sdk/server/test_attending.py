"""Work that is done in one go passes the checks on its way in and out, and always leaves one record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from word_check import WordCheck

from prudent.capabilities.interface import TEXT, Models
from prudent.errors import ContentFilterError, InvalidRequestError, ServiceUnavailableError
from prudent.server.attended import Performed, Streamed
from prudent.server.guard import Guard
from prudent.server.inspection import Asked
from prudent.testing import ScriptedModel, ScriptedModels
from prudent.types.content import Source
from prudent.types.safety import Action, PromptFilterResult, SafetyInfo
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, Policy, Rule

ASKED = Asked("req-1")


@dataclass
class Echo(Performed[str], Streamed[str]):
    """Finds in an image what it was told; as a stream, word by word."""

    text: str
    started: asyncio.Event = field(default_factory=asyncio.Event)
    endless: bool = False
    seen: SafetyInfo | None = None

    route = "/v1/echo"
    model = "scripted"

    def inputs(self) -> Sequence[Part]:
        return [Part(self.text, Source.USER)]

    def with_inputs(self, texts: Sequence[str]) -> Echo:
        return replace(self, text=texts[0])

    def param_of(self, result: PromptFilterResult) -> str:
        return "text"

    def outputs(self, result: str) -> Sequence[Part]:
        return [Part(result, Source.IMAGE)]

    def with_outputs(self, result: str, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]) -> str:
        assert verdicts[0].source is Source.IMAGE
        return texts[0]

    def passing(self, result: str) -> bool:
        return result == "passing"

    def with_safety(self, result: str, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]) -> str:
        self.seen = safety
        return f"{result} [{safety.action}]"

    def closing(self, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]) -> str:
        return f"[{safety.action}, {len(prompt)}]"

    async def perform(self, models: Models) -> str:
        async with models.lease(TEXT, "scripted"):
            if self.text == "wrong":
                raise InvalidRequestError("Wrong.")
            self.started.set()
            if self.endless:
                await asyncio.Event().wait()
            return self.text.removeprefix("hide ")

    async def stream(self, models: Models) -> AsyncGenerator[str, Any]:
        for word in self.text.split():
            yield word
        if self.endless:
            self.started.set()
            await asyncio.Event().wait()


def _guard(audit: AuditLog | None) -> Guard:
    on_images = [Rule(check="found", action=Action.BLOCK), Rule(check="private", action=Action.REDACT)]
    policy = Policy(
        name="words",
        version="1",
        audit=AuditSettings(enabled=False),
        rules={Source.USER: [Rule(check="forbidden", action=Action.BLOCK)], Source.IMAGE: on_images},
    )
    pipeline = Pipeline(policy, [WordCheck(word) for word in ("forbidden", "private", "found")])
    return Guard(ScriptedModels([ScriptedModel()]), pipeline, audit, default_model="scripted")


def _with_guard(test: Callable[[Guard], Coroutine[Any, Any, None]], audit: AuditLog | None = None) -> None:
    async def main() -> None:
        guard = _guard(audit)
        async with asyncio.timeout(20):
            await test(guard)
        await guard.close()

    asyncio.run(main())


@pytest.fixture
def audit(tmp_path: Path) -> AuditLog:
    """A log that must be written."""
    return AuditLog(tmp_path / "audit", key=b"k" * 32)


def test_what_was_found_goes_out_without_what_was_taken_out_of_it(audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        answer = await guard.attend(Echo("a private matter"), ASKED)
        assert "private" not in answer
        assert answer.endswith("[redact]")

    _with_guard(test, audit)
    (kept,) = audit.records()
    assert [(text["source"], text["characters"]) for text in kept["body"]["texts"]] == [
        ("user", 16),
        ("image", 16),
    ]
    assert (kept["body"]["route"], kept["body"]["outcome"]) == ("/v1/echo", "completed")


@pytest.mark.parametrize(("text", "param"), [("forbidden", "text"), ("found", None)])
def test_a_refusal_names_what_was_refused(text: str, param: str | None, audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        with pytest.raises(ContentFilterError, match="refused") as caught:
            await guard.attend(Echo(text), ASKED)
        assert caught.value.param == param
        assert caught.value.details["content_filter_result"][text]["filtered"] is True

    _with_guard(test, audit)
    assert [kept["body"]["outcome"] for kept in audit.records()] == ["content_filter"]


def test_each_event_is_checked_and_the_last_says_what_stood_guard(audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        events = [event async for event in guard.attend_stream(Echo("one private two"), ASKED)]
        assert (events[0], events[2], events[3]) == ("one", "two", "[redact, 1]")
        assert "private" not in events[1]
        with pytest.raises(ContentFilterError):
            [event async for event in guard.attend_stream(Echo("one found two"), ASKED)]

    _with_guard(test, audit)
    assert [kept["body"]["outcome"] for kept in audit.records()] == ["completed", "content_filter"]


def test_what_a_later_event_replaces_is_checked_and_not_kept(audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        events = [event async for event in guard.attend_stream(Echo("passing words"), ASKED)]
        assert events[:2] == ["passing", "words"]

    _with_guard(test, audit)
    (kept,) = audit.records()
    assert [text["characters"] for text in kept["body"]["texts"]] == [len("passing words"), len("words")]


def test_an_error_of_the_work_is_the_callers_and_is_on_record(audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        with pytest.raises(InvalidRequestError):
            await guard.attend(Echo("wrong"), ASKED)

    _with_guard(test, audit)
    assert [kept["body"]["outcome"] for kept in audit.records()] == ["invalid_request_error"]


def test_a_caller_that_leaves_ends_the_work(audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        call = Echo("slow", endless=True)
        task = asyncio.create_task(guard.attend(call, ASKED))
        await call.started.wait()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        events = guard.attend_stream(Echo("slow", endless=True), ASKED)
        assert await anext(events) == "slow"
        await events.aclose()

    _with_guard(test, audit)
    assert [kept["body"]["outcome"] for kept in audit.records()] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("streaming", [False, True])
def test_a_server_that_stops_tells_who_waits(streaming: bool, audit: AuditLog) -> None:
    async def test(guard: Guard) -> None:
        call = Echo("slow", endless=True)

        async def ask() -> None:
            if streaming:
                [event async for event in guard.attend_stream(call, ASKED)]
            else:
                await guard.attend(call, ASKED)

        task = asyncio.create_task(ask())
        await call.started.wait()
        await guard.drain(0)
        with pytest.raises(ServiceUnavailableError):
            await task
        with pytest.raises(ServiceUnavailableError):
            await guard.attend(Echo("late"), ASKED)

    _with_guard(test, audit)
