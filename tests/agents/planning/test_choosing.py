"""A tool is chosen by the model's word, nearness, and what words mean; here the model is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, cast

import pytest

from prudent_agents import tool
from prudent_agents.models.driver import Model, Reply
from prudent_agents.planning.choosing import Chooser


@tool
def stock(item: str) -> int:
    """How many of an item there are."""
    return len(item)


@tool
def price(item: str) -> float:
    """What one item takes, in euros: its price."""
    return float(len(item))


@tool
def temperature(room: str) -> float:
    """Current temperature of a room in degrees."""
    return float(len(room))


@tool
def humidity(room: str) -> float:
    """Relative humidity of a room in percent."""
    return float(len(room))


class Wrong:
    """Has two thirds for the first tool, whatever is asked."""

    name = "wrong"

    async def choose(self, messages: object, options: Sequence[str]) -> Reply:
        rest = (1 - 0.66) / (len(options) - 1)
        return Reply(self.name, scores={one: rest if at else 0.66 for at, one in enumerate(options)})


async def _asked(purpose: str, reply: Awaitable[Reply]) -> Reply:
    del purpose
    return await reply


def _chosen(request: str, *tools: Any) -> str | None:
    chooser = Chooser(tools, None)
    choice = asyncio.run(chooser.choose(request, cast("Model", Wrong()), _asked))
    return None if choice.tool is None else choice.tool.name


@pytest.mark.parametrize(
    ("request_", "chosen"),
    [
        ("Which is cheaper, a chair or a lamp?", "price"),
        ("What do 3 tables and 2 lamps cost together?", "price"),
        ("台灯多少钱?", "price"),
        ("Are there any lamps?", "stock"),
    ],
)
def test_words_that_mean_a_price_are_of_a_price(request_: str, chosen: str) -> None:
    assert _chosen(request_, stock, price) == chosen


def test_warmer_is_of_a_temperature_and_damp_of_humidity() -> None:
    assert _chosen("Is it warmer in the attic or in the kitchen?", humidity, temperature) == "temperature"
    assert _chosen("Is it damp in the cellar?", temperature, humidity) == "humidity"
