"""A tool's definition of the protocol as a Tool, and what a call gave as JSON. Knows no connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prudent.types.content import Source
from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool
from prudent_agents.values import JSON, canonical

if TYPE_CHECKING:
    import mcp_types as wire

MOST_RESULT = 1 << 20
"""Characters of a result."""
_CARD = 300
_NAME = 64


@dataclass(frozen=True, slots=True)
class Terms:
    """How a server's tools are taken. `effects` overrules what they say of themselves, by tool."""

    server: str
    trusted: bool = False
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    timeout: float = 60.0
    effects: Mapping[str, Effect | str] | None = None


def definition_of(tool: wire.Tool) -> dict[str, Any]:
    """Everything of a definition that models and rules go by; it is what is pinned."""
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "input": tool.input_schema,
        "output": tool.output_schema,
        "annotations": tool.annotations and tool.annotations.model_dump(mode="json", exclude_none=True),
    }


def tool_from(tool: wire.Tool, terms: Terms, function: Callable[..., Any]) -> Tool:
    """The Tool `server.name`. What it gives is untrusted unless the server is trusted.

    Raises:
        ToolDefinitionError: its schema is none.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{terms.server}.{tool.name}")[:_NAME]
    words = " ".join((tool.description or tool.title or tool.name).split())
    said = (terms.effects or {}).get(tool.name)
    return Tool(
        name=name,
        card=words if len(words) <= _CARD else f"{words[:_CARD]}…",
        parameters=tool.input_schema,
        returns=tool.output_schema,
        function=function,
        effect=effect_of(tool.annotations) if said is None else Effect(said),
        timeout=terms.timeout,
        source=Source.TOOL,
        trusted=terms.trusted,
        confidentiality=terms.confidentiality,
        approval=bool(tool.annotations and tool.annotations.destructive_hint and said is None),
        validate=_validator(name, tool.input_schema),
    )


def effect_of(annotations: wire.ToolAnnotations | None) -> Effect:
    """What a tool's hints promise; without any it is a write. A destructive one also asks for approval."""
    if annotations is not None and annotations.read_only_hint:
        return Effect.READ
    if annotations is not None and annotations.idempotent_hint:
        return Effect.IDEMPOTENT
    return Effect.WRITE


def _validator(name: str, schema: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    from jsonschema import Draft202012Validator, SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ToolDefinitionError(f"The schema of the MCP tool {name} is none: {error.message}.") from error
    # An empty registry: a schema's references are looked up in itself and never fetched.
    validator: Any = Draft202012Validator(schema, registry=Registry())

    def validate(given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            error = next(iter(validator.iter_errors(dict(given))), None)
        except Unresolvable as unknown:
            raise ToolError(f"The schema of {name} refers to something elsewhere: {unknown}.") from unknown
        if error is not None:
            field = ".".join(map(str, error.absolute_path))
            raise ToolArgumentsError(f"{name}: {field or 'arguments'}: {error.message}", param=field or None)
        return dict(given)

    return validate


def result_of(name: str, result: wire.CallToolResult, terms: Terms) -> JSON:
    """What a call gave: its structured content, or its text. Other content is told by kind and size.

    Raises:
        ToolError: the tool reports an error, or gives too much. The server's words are in
            `details["said"]`, and in the message only where the server is trusted.
    """
    texts = [_shown(block) for block in result.content]
    if result.is_error:
        said = " ".join(text for text in texts if isinstance(text, str))[:2000]
        told = f": {said[:300]}" if terms.trusted and said else ""
        raise ToolError(f"{name} reports an error{told}.", details={"said": said, "known": False})
    data: JSON = result.structured_content
    if data is None:
        whole = all(isinstance(text, str) for text in texts)
        data = "\n".join(map(str, texts)) if whole else texts
    if len(data if isinstance(data, str) else canonical(data)) > MOST_RESULT:
        raise ToolError(f"{name} gave more than {MOST_RESULT:,} characters.", details={"known": False})
    return data


def _shown(block: Any) -> JSON:
    if block.type == "text":
        return str(block.text)
    if block.type in ("image", "audio"):
        return {"kind": block.type, "type": block.mime_type, "base64_characters": len(block.data)}
    if block.type == "resource" and getattr(block.resource, "text", None) is not None:
        return str(block.resource.text)
    resource = getattr(block, "resource", block)
    return {"kind": block.type, "uri": str(getattr(resource, "uri", ""))}
