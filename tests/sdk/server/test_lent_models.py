"""A check that has a chat model read gets one of the server's own, in every way that answers are given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted_encoder import ScriptedEncoder
from scripted_encoder import ScriptedModels as ScriptedSafetyModels

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import ContentFilterError
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import ScriptedModel, ScriptedModels
from prudent.types.safety import CategoryVerdict, CheckState
from prudent_responsible_ai.grounding.rereading import ReaderWeights

READER = next(iter(ReaderWeights.packaged().models))
DOCUMENT = "The museum opens at nine on weekdays and at ten on Sundays. Tickets cost 12 euros."
TURNED = "The museum opens at ten on weekdays and at nine on Sundays."
POLICY = """
name: read
version: "1"
audit: {{enabled: false}}
rules:
  assistant:
    - {{check: grounded, severity: 4, action: block, on_error: {on_error}}}
options:
  grounded: {{reader: {reader}, reader_seconds: {seconds}}}
"""

Connect = Callable[..., Client]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """A client of a server whose model says what is turned round, and which has a model that reads."""
    with ExitStack() as stack:

        def connected(*readers: ScriptedModel, on_error: str = "block", seconds: float = 20) -> Client:
            path = tmp_path / "policy.yaml"
            path.write_text(POLICY.format(reader=READER, on_error=on_error, seconds=seconds))
            pool = ScriptedModels([ScriptedModel(TURNED, id="scripted"), *readers])

            def app() -> Any:
                return create_app(
                    Settings(model="scripted", preload=False, policy=str(path)),
                    pool=pool,  # pyright: ignore[reportArgumentType]
                    safety=ScriptedSafetyModels(ScriptedEncoder({})),  # pyright: ignore[reportArgumentType]
                )

            return Client(http_client=stack.enter_context(httpx.Client(transport=AppTransport(app))))

        yield connected


def asked(client: Client, **more: Any) -> Any:
    content = [
        {"type": "text", "text": DOCUMENT, "source": "document"},
        {"type": "text", "text": "When does the museum open?"},
    ]
    return client.chat.completions.create(messages=[{"role": "user", "content": content}], **more)


def verdict(answer: Any) -> CategoryVerdict:
    found: CategoryVerdict = answer.choices[0].content_filter_results["ungrounded"]
    return found


def test_a_model_of_the_server_reads_the_answer_and_its_doubt_blocks_it(connect: Connect) -> None:
    reader = ScriptedModel("No", id=READER)
    answer = asked(connect(reader))
    assert answer.choices[0].finish_reason == "content_filter"
    assert verdict(answer).filtered
    (read,) = reader.requests
    said = "\n".join(str(message.content) for message in read.messages)
    assert DOCUMENT in said
    assert TURNED in said


def test_what_it_believes_goes_out_streamed_too(connect: Connect) -> None:
    reader = ScriptedModel("Yes", id=READER)
    client = connect(reader)
    assert asked(client).text == TURNED
    assert "".join(chunk.text for chunk in asked(client, stream=True)) == TURNED
    assert len(reader.requests) == 2


def test_safety_check_has_it_read_too(connect: Connect) -> None:
    parts = [{"text": DOCUMENT, "source": "document"}, {"text": TURNED, "source": "assistant"}]
    checked = connect(ScriptedModel("No", id=READER)).safety.check(parts)
    assert checked.blocked


def test_a_model_that_is_not_here_is_an_error_of_the_check(connect: Connect) -> None:
    assert asked(connect()).choices[0].finish_reason == "content_filter"
    answer = asked(connect(on_error="allow"))
    assert answer.text == TURNED
    assert verdict(answer).state is CheckState.ERROR


def test_a_model_that_is_too_slow_leaves_it_unverified_in_time(connect: Connect) -> None:
    slow = ScriptedModel("No", id=READER, delay=30)
    began = time.monotonic()
    try:
        answer = asked(connect(slow, seconds=0.2))
        assert verdict(answer).state is CheckState.UNVERIFIED
    except ContentFilterError:
        pytest.fail("nothing says to block it")
    assert time.monotonic() - began < 10
