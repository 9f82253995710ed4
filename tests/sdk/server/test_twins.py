"""A request for a decision about somebody is answered about somebody else too, and the two are compared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import ConfigurationError, ServiceUnavailableError
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.chat import AssistantMessage
from prudent.types.content import Source
from prudent.types.safety import Action, CategoryVerdict, CheckState
from prudent.types.tools import FunctionCall, ToolCall
from prudent_responsible_ai.assemble import build_pipeline
from prudent_responsible_ai.check import Check
from prudent_responsible_ai.checks.personal_data import PersonalDataCheck
from prudent_responsible_ai.checks.secrets import SecretsCheck
from prudent_responsible_ai.checks.twin import CATEGORY, TwinCheck
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, OnFailure, Policy, Rule, StreamingMode

WOMAN = "A woman with five years of experience applies. Should we hire her? Yes or no."
MAN = "A man with five years of experience applies. Should we hire him? Yes or no."
CHINESE = "这位女性应聘者有五年经验。是否应该录用她？"
ABOUT_MEN = ("man ", "男")


def unfair(request: Any) -> str:
    asked = "\n".join(str(message.content) for message in request.messages)
    return "Yes, hire him." if any(word in asked.replace("woman", "") for word in ABOUT_MEN) else "No."


def fair(request: Any) -> str:
    del request
    return "Yes, by all means."


def policy(action: Action, on_error: OnFailure = OnFailure.ALLOW, **more: Any) -> Policy:
    rules = {Source.ASSISTANT: [Rule(check="twin", severity=4, action=action, on_error=on_error)]}
    return Policy(name="twins", version="1", audit=AuditSettings(enabled=False), rules=rules, **more)


Connect = Callable[..., Client]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A client of a server with a scripted model and a policy that compares answers."""
    with ExitStack() as stack:

        def connected(model: ScriptedModel, rules: Policy, *checks: Check) -> Client:
            pipeline = Pipeline(rules, [TwinCheck(), *checks])
            transport = AppTransport(lambda: scripted_app(model, pipeline=pipeline))
            return Client(http_client=stack.enter_context(httpx.Client(transport=transport)))

        yield connected


def asked(client: Client, text: str, **more: Any) -> Any:
    messages = [{"role": "system", "content": "You decide about men and women alike."}]
    return client.chat.completions.create(messages=[*messages, {"role": "user", "content": text}], **more)


def verdict(answer: Any) -> CategoryVerdict:
    found: CategoryVerdict = answer.choices[0].content_filter_results[CATEGORY]
    return found


@pytest.mark.parametrize("text", [WOMAN, MAN, CHINESE])
def test_another_decision_about_somebody_else_is_a_finding(connect: Connect, text: str) -> None:
    model = ScriptedModel(unfair)
    answer = asked(connect(model, policy(Action.ANNOTATE)), text)
    found = verdict(answer)
    assert (found.severity_level, found.action, found.rule) == (6, Action.ANNOTATE, "assistant.1.twin")
    assert found.reason is not None
    assert "(gender; hiring): decision" in found.reason
    assert answer.choices[0].finish_reason == "stop"
    first, second = model.requests
    assert first.messages[0] == second.messages[0]  # the developer's text is about nobody
    assert first.messages[1] != second.messages[1]


@pytest.mark.parametrize("stream", [False, True])
def test_both_answers_can_be_read_as_the_policy_lets_them_out(connect: Connect, stream: bool) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    rules = policy(Action.ANNOTATE)
    rules.rules[Source.ASSISTANT].insert(0, Rule(check="personal_data", action=Action.REDACT))
    rules.rules[Source.ASSISTANT].insert(0, Rule(check="secrets", action=Action.BLOCK))
    for other, shown in (
        ("Yes. Write to ann@mail-example.org. " + "More. " * 200, "Yes. Write to [EMAIL_1]. More."),
        (f"Yes. {secret}", None),
    ):
        model = ScriptedModel("No. Ask bob@mail-example.org.", other)
        answer = asked(connect(model, rules, PersonalDataCheck(), SecretsCheck()), WOMAN, stream=stream)
        chosen = [one for part in answer for one in part.choices] if stream else answer.choices
        pair = chosen[-1].content_filter_results[CATEGORY].pair
        assert (pair.attribute, pair.group, pair.other_group) == ("gender", "women", "men")
        assert pair.answer == "No. Ask [EMAIL_1]."
        assert "decision no against yes" in pair.differences
        if shown is None:
            assert pair.other_answer is None
        else:
            assert pair.other_answer.startswith(shown)
            assert len(pair.other_answer) < 700
    model = ScriptedModel(unfair)
    blocked = verdict(asked(connect(model, policy(Action.BLOCK)), WOMAN)).pair
    assert blocked is not None
    assert (blocked.answer, blocked.other_answer) == (None, None)
    assert "decision no against yes" in blocked.differences


def test_alike_answers_are_said_to_be_alike_and_others_are_asked_once(connect: Connect) -> None:
    model = ScriptedModel(fair)
    client = connect(model, policy(Action.BLOCK))
    found = verdict(asked(client, WOMAN))
    assert (found.detected, found.action) == (False, Action.ALLOW)
    assert found.reason == "answered again about men in place of women (gender; hiring): no difference"
    assert len(model.requests) == 2
    assert verdict(asked(client, "What is a woman's average height?")).reason is None
    assert len(model.requests) == 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("n", [1, 2])
def test_where_it_blocks_nothing_of_the_answer_goes_out(connect: Connect, stream: bool, n: int) -> None:
    client = connect(ScriptedModel(unfair), policy(Action.BLOCK))
    if not stream:
        choices = asked(client, MAN, n=n).choices
        assert [(one.message.content or "", one.finish_reason) for one in choices] == [
            ("", "content_filter")
        ] * n
        return
    chunks = [choice for chunk in asked(client, MAN, n=n, stream=True) for choice in chunk.choices]
    assert not any(choice.delta.content for choice in chunks)
    assert [one.finish_reason for one in chunks if one.finish_reason] == ["content_filter"] * n


def test_a_twin_that_cannot_be_answered_is_the_rules_on_error(connect: Connect) -> None:
    for on_error, finish in ((OnFailure.ALLOW, "stop"), (OnFailure.BLOCK, "content_filter")):
        model = ScriptedModel("Yes.", ServiceUnavailableError("gone"))
        answer = asked(connect(model, policy(Action.ANNOTATE, on_error)), WOMAN)
        assert answer.choices[0].finish_reason == finish
        assert verdict(answer).state is CheckState.ERROR


def calls(*made: tuple[str, str]) -> AssistantMessage:
    return AssistantMessage(
        tool_calls=[
            ToolCall(id=f"call_{place}", function=FunctionCall(name=name, arguments=arguments))
            for place, (name, arguments) in enumerate(made)
        ]
    )


ABOUT_HER = '{"who": {"name": "Mary", "gender": "female"}, "approve": false, "rate": 7.5}'
ABOUT_HIM = '{"who": {"name": "John", "gender": "male"}, "approve": true, "rate": 4}'


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "severity", "said"),
    [
        (("decide", ABOUT_HER), ("decide", ABOUT_HIM), 6, "decide's 'approve' false against true"),
        (("decide", ABOUT_HER), ("invite", "{}"), 6, "calls decide against invite"),
        (("rate", '{"rate": 7.5}'), ("rate", '{"rate": 4}'), 4, "rate's 'rate' 7.5 against 4"),
        (("note", '{"of": "the woman"}'), ("note", '{"of": "The man"}'), 0, "no difference"),
    ],
)
def test_decisions_that_are_made_by_calling_a_tool_are_compared(
    connect: Connect, stream: bool, first: tuple[str, str], second: tuple[str, str], severity: int, said: str
) -> None:
    client = connect(ScriptedModel(calls(first), calls(second)), policy(Action.BLOCK))
    answer = asked(client, WOMAN, stream=stream)
    chosen = [one for part in answer for one in part.choices] if stream else answer.choices
    deltas = [one.delta if stream else one.message for one in chosen]
    found = chosen[-1].content_filter_results[CATEGORY]
    assert (found.severity_level, found.detected) == (severity, severity > 0)
    assert said in found.reason
    assert chosen[-1].finish_reason == ("content_filter" if severity else "tool_calls")
    assert any(delta.tool_calls for delta in deltas) is (severity == 0)


def test_a_call_against_words_is_another_decision(connect: Connect) -> None:
    model = ScriptedModel("I would need more papers.", calls(("approve_loan", "{}")))
    found = verdict(asked(connect(model, policy(Action.ANNOTATE)), WOMAN))
    assert (found.severity_level, found.reason and "no tool against approve_loan" in found.reason) == (
        6,
        True,
    )


def test_a_stream_that_is_not_held_reports_only(connect: Connect) -> None:
    client = connect(ScriptedModel(unfair), policy(Action.BLOCK, streaming=StreamingMode.OFF))
    answer = asked(client, WOMAN)
    assert (answer.text, verdict(answer).action) == ("No.", Action.ANNOTATE)


def test_a_continued_prompt_is_compared_too_and_keeps_its_echo(connect: Connect) -> None:
    model = ScriptedModel("No.", "Yes, hire him.")
    answer = connect(model, policy(Action.ANNOTATE)).completions.create(prompt=WOMAN, echo=True)
    assert answer.choices[0].text == f"{WOMAN}No."
    assert verdict(answer).severity_level == 6
    assert model.completions[1].prompts == [MAN]


def test_a_reader_who_leaves_stops_both_answers(connect: Connect) -> None:
    model = ScriptedModel("word " * 500, delay=0.01)
    with asked(connect(model, policy(Action.ANNOTATE)), WOMAN, stream=True) as chunks:
        next(iter(chunks))
    for _ in range(200):
        if model.running == 0:
            break
        threading.Event().wait(0.01)
    assert (len(model.requests), model.running) == (2, 0)


@pytest.mark.parametrize(
    ("source", "action"), [(Source.USER, Action.ANNOTATE), (Source.ASSISTANT, Action.REDACT)]
)
def test_a_rule_that_cannot_work_is_refused(source: Source, action: Action) -> None:
    wrong = Policy(name="w", version="1", rules={source: [Rule(check="twin", action=action)]})
    with pytest.raises(ConfigurationError, match="cannot work"):
        build_pipeline(wrong)
