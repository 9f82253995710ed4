"""A tool from a published JSON Schema and a function on a backend's state, its arguments validated.

Knows no backend and no task.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from prudent_agents.errors import ToolArgumentsError
from prudent_agents.tool import Effect, Tool

Handler = Callable[[dict[str, Any], dict[str, Any]], Any]


def backend_tool(
    schema: Mapping[str, Any],
    handler: Handler,
    state: dict[str, Any],
    *,
    writes: bool,
    trusted: bool = False,
    told: Callable[[Any], Any] = lambda result: result,
) -> Tool:
    """The tool; `told` makes what it says of a result. Its card is the first sentence of its description."""
    name: str = schema["name"]
    validator: Any = Draft202012Validator(schema["parameters"])

    def validate(given: Mapping[str, Any]) -> dict[str, Any]:
        for error in validator.iter_errors(dict(given)):
            raise ToolArgumentsError(f"{name}: {error.message}.")
        return dict(given)

    async def call(**given: Any) -> Any:
        return told(copy.deepcopy(handler(state, given)))

    return Tool(
        name=name,
        card=f"{schema['description'].splitlines()[0].split('. ')[0].rstrip('.')}.",
        parameters=schema["parameters"],
        function=call,
        effect=Effect.WRITE if writes else Effect.READ,
        trusted=trusted,
        validate=validate,
    )
