"""The typed client with the server, the checks and a real model in this process."""

from __future__ import annotations

import asyncio

import pytest

from prudent.client import AsyncClient, Client
from prudent.errors import ConfigurationError, ModelNotFoundError
from prudent.runtime.artifact import DecoderArtifact
from prudent.types.progress import Progress

SMOL = "smollm2-135m-instruct"
ASK = [{"role": "user", "content": "Count from one to ten."}]

pytestmark = pytest.mark.usefixtures("smol_artifact")


def test_the_first_call_loads_the_model_and_the_close_frees_it(smol_artifact: DecoderArtifact) -> None:
    heard: list[Progress] = []
    with Client(model=SMOL, progress=heard.append) as client:
        answer = client.chat.completions.create(messages=ASK, temperature=0, max_tokens=8)
        stream = client.chat.completions.create(messages=ASK, temperature=0, max_tokens=8, stream=True)
        assert "".join(chunk.text for chunk in stream) == answer.text != ""
        assert answer.safety is not None
        assert answer.safety.policy == "default"
        card = client.models.retrieve(SMOL).card
    assert card is not None
    assert card["id"] == smol_artifact.card.id
    assert [(event.stage, event.done) for event in heard if event.stage == "load"] == [
        ("load", 0),
        ("load", 1),
    ]


def test_calls_may_be_awaited() -> None:
    async def main() -> None:
        async with AsyncClient(model=SMOL) as client:
            answers = await asyncio.gather(
                *(client.chat.completions.create(messages=ASK, temperature=0, max_tokens=6) for _ in range(3))
            )
            assert len({answer.text for answer in answers}) == 1

    asyncio.run(main())


def test_a_policy_is_chosen_by_name() -> None:
    with Client(model=SMOL, policy="off") as client:
        answer = client.chat.completions.create(messages=ASK, max_tokens=2)
    assert answer.safety is not None
    assert answer.safety.policy == "off"
    with Client(model=SMOL, policy="nothing") as client, pytest.raises(ConfigurationError, match="nothing"):
        client.models.list()


def test_an_unknown_model_is_not_found() -> None:
    with Client(model="smollm") as client, pytest.raises(ModelNotFoundError, match="smollm2"):
        client.chat.completions.create(messages=ASK)
