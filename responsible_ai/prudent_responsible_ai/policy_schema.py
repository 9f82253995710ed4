"""The JSON Schema of policy files, for editors: it takes what the loader and the checks take.

It reads no file and opens no model.
"""

from __future__ import annotations

from typing import Any

from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.checks import CHECKS, OPTIONS
from prudent_responsible_ai.checks.grounded import GroundedCheck
from prudent_responsible_ai.checks.twin import TWIN, WORKING_ACTIONS
from prudent_responsible_ai.grounding.rereading import ReaderWeights
from prudent_responsible_ai.policy_file import PolicyFile
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import CheckSetup, Options

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RULE = {"$ref": "#/$defs/Rule"}


def policy_schema() -> dict[str, Any]:
    """The schema of a file that may extend another. It does not follow `extends`, and does not know what
    options mean (that a pattern is one, say); `prudent policy check` does.
    """
    schema = PolicyFile.model_json_schema()
    ids = {"enum": list(CHECKS)}
    rule: dict[str, Any] = schema["$defs"]["Rule"]
    rule["properties"]["check"] |= ids
    rule["allOf"] = [_rewrites(), *_categories()]
    kept: dict[str, Any] = schema["properties"]
    for section in ("rules", "floor"):
        kept[section] |= {
            "additionalProperties": {
                "type": "array",
                "uniqueItems": True,
                "items": {"allOf": [_RULE, {"not": _has("check", [TWIN])}]},
            },
            "properties": {
                Source.ASSISTANT.value: {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {"allOf": [_RULE, {"not": _has("action", [Action.HOLD])}, _comparing()]},
                }
            },
        }
    kept["options"]["propertyNames"] = ids
    kept["options"]["properties"] = {name: _options(name, schema["$defs"]) for name in CHECKS}
    kept["degrade"]["anyOf"][0]["items"] = ids
    schema["allOf"] = [_floor_holds()]
    return {"$schema": _DIALECT, **schema, "title": "prudent policy"}


def _options(check: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """What can be said to a check; what that refers to goes to the schema's own definitions."""
    own = OPTIONS.get(check, Options).model_json_schema()
    definitions.update(own.pop("$defs", {}))
    if check == GroundedCheck.id:
        own["properties"]["reader"]["anyOf"][0]["enum"] = list(ReaderWeights.packaged().models)
    return own


def _has(key: str, values: list[Any]) -> dict[str, Any]:
    """An object with one of these values under a key."""
    return {"properties": {key: {"enum": values}}, "required": [key]}


def _rewrites() -> dict[str, Any]:
    """`text` and the action `rewrite` belong together."""
    text = {"properties": {"text": {"type": "string"}}, "required": ["text"]}
    none = {"properties": {"text": {"type": "null"}}}
    return {"if": _has("action", [Action.REWRITE]), "then": text, "else": none}


def _categories() -> list[dict[str, Any]]:
    """Each check has its own categories. A factory opens no model."""
    made = {name: factory(CheckSetup(shared_models(), name)) for name, factory in CHECKS.items()}
    return [
        {
            "if": _has("check", [name]),
            "then": {"properties": {"category": {"enum": [*check.categories, None]}}},
        }
        for name, check in made.items()
    ]


def _comparing() -> dict[str, Any]:
    """Of compared answers nothing can be taken out."""
    return {"if": _has("check", [TWIN]), "then": {"properties": {"action": {"enum": [*WORKING_ACTIONS]}}}}


def _floor_holds() -> dict[str, Any]:
    """A floor with rules for answers needs them held."""
    rules = {"properties": {Source.ASSISTANT.value: {"minItems": 1}}, "required": [Source.ASSISTANT.value]}
    return {
        "if": {"properties": {"floor": rules}, "required": ["floor"]},
        "then": {"properties": {"streaming": {"enum": ["hold", None]}}},
    }
