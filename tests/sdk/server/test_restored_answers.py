"""Values that were taken out of a request stand in the answer again, through the whole server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.server.settings import Settings
from prudent.testing import ScriptedModel, scripted_app
from prudent.types.chat import AssistantMessage
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent.types.tools import FunctionCall, ToolCall
from prudent_responsible_ai import Policy, build_pipeline
from prudent_responsible_ai.policy import AuditSettings, Rule

QUESTION = [{"role": "user", "content": "Write to bob@example.com or 13800138000."}]
SAYS = "I wrote to [EMAIL_1], not to [EMAIL_7] or eve@example.net; [PHONE_1] is next."
READS = "I wrote to bob@example.com, not to [EMAIL_7] or [EMAIL_2]; 13800138000 is next."


@pytest.fixture
def model() -> ScriptedModel:
    call = ToolCall(
        id="call_0", function=FunctionCall(name="send", arguments='{"to": "[EMAIL_1]"}'), confidence=0.5
    )
    return ScriptedModel(AssistantMessage(content=SAYS, tool_calls=[call]))


@pytest.fixture
def client(model: ScriptedModel) -> Iterator[Client]:
    """A client of a server that redacts both ways and restores."""
    rule = Rule(check="personal_data", severity=2, action=Action.REDACT)
    policy = Policy(
        name="own",
        version="1",
        rules={Source.USER: [rule], Source.ASSISTANT: [rule]},
        options={"personal_data": {"restore": True}},
        audit=AuditSettings(enabled=False),
    )
    with ExitStack() as stack:
        transport = AppTransport(
            lambda: scripted_app(model, settings=Settings(), pipeline=build_pipeline(policy))
        )
        yield Client(
            http_client=stack.enter_context(httpx.Client(transport=transport, base_url="http://localhost"))
        )


def test_the_model_sees_placeholders_and_the_user_values(client: Client, model: ScriptedModel) -> None:
    (choice,) = client.chat.completions.create(messages=QUESTION).choices
    assert "bob@example.com" not in str(model.requests)
    assert "[EMAIL_1]" in str(model.requests)
    assert choice.message.content == READS
    assert choice.message.tool_calls is not None
    assert choice.message.tool_calls[0].function.arguments == '{"to": "bob@example.com"}'


def test_a_stream_gives_the_same_text(client: Client) -> None:
    said, arguments = "", ""
    for chunk in client.chat.completions.create(messages=QUESTION, stream=True):
        for choice in chunk.choices:
            said += choice.delta.content or ""
            for call in choice.delta.tool_calls or ():
                arguments += (call.function and call.function.arguments) or ""
    assert said == READS
    assert arguments == '{"to": "bob@example.com"}'
