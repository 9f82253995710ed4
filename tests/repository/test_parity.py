"""`Client` and `AsyncClient` offer the same calls with the same parameters."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator

import pytest

from prudent import AsyncClient, Client

NOWHERE = "http://127.0.0.1:9"
ONLY_ONE = {"shared", "close", "aclose"}


def _calls(client: object, path: str = "") -> Iterator[tuple[str, inspect.Signature]]:
    """Walk a client's public attributes; those whose class lies in the client package are resources."""
    for name in dir(client):
        if name.startswith("_") or name in ONLY_ONE:
            continue
        value = getattr(client, name)
        if inspect.ismethod(value):
            yield f"{path}{name}", inspect.signature(value)
        elif type(value).__module__.startswith("prudent.client"):
            yield from _calls(value, f"{path}{name}.")


def _described(signature: inspect.Signature) -> tuple[list[tuple[str, str, object, str]], str]:
    """Return a signature as comparable values; what a name has of async is taken off."""
    parameters = [
        (p.name, p.kind.description, p.default, _synchronous(p.annotation))
        for p in signature.parameters.values()
    ]
    return parameters, _synchronous(signature.return_annotation)


def _synchronous(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"Async(?=[A-Z])", "", text)


@pytest.fixture
def calls() -> tuple[dict[str, inspect.Signature], dict[str, inspect.Signature]]:
    """The calls of both clients by their dotted names."""
    with Client(NOWHERE) as client:
        plain = dict(_calls(client))

    async def walk() -> dict[str, inspect.Signature]:
        async with AsyncClient(NOWHERE) as client:
            return dict(_calls(client))

    return plain, asyncio.run(walk())


def test_both_clients_have_the_same_calls(
    calls: tuple[dict[str, inspect.Signature], dict[str, inspect.Signature]],
) -> None:
    plain, asynchronous = calls
    assert set(plain) == set(asynchronous)
    assert {"chat.completions.create", "models.list", "models.retrieve"} <= set(plain)


def test_the_calls_take_and_return_the_same(
    calls: tuple[dict[str, inspect.Signature], dict[str, inspect.Signature]],
) -> None:
    plain, asynchronous = calls
    different = {
        name: (str(signature), str(asynchronous[name]))
        for name, signature in plain.items()
        if _described(signature) != _described(asynchronous[name])
    }
    assert different == {}


def test_the_constructors_take_the_same() -> None:
    own = _described(inspect.signature(Client))[0]
    assert own == _described(inspect.signature(AsyncClient))[0]
