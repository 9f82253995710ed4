"""`@tool`: makes a tool of a typed function. Knows pydantic and nothing of agents."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic_core import PydanticSerializationError

from prudent.types.tools import TOOL_NAME
from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.values import JSON

_ARGUMENT_LINE = re.compile(r"^\s*(?::param\s+)?(\w+)\s*(?:\([^)]*\))?:\s+(.+)$")


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    *, name: str | None = None, effect: Effect | str = Effect.READ, **options: Any
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    effect: Effect | str = Effect.READ,
    **options: Any,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function, sync or async; its docstring's first line is the card that models read.

    `effect` is read, idempotent or write. Other options are fields of `Tool`: timeout, retries,
    precondition, trusted, confidentiality, approval, verify, source.

        @tool
        def meter(room: str) -> float:
            "Energy used today, in kWh."
            return READINGS[room]

    Raises:
        ToolDefinitionError: an argument has no type or one that JSON cannot express, or the name is not one.
    """

    def made(inner: Callable[..., Any]) -> Tool:
        return tool_of(inner, name=name, effect=Effect(effect), **options)

    if function is not None:
        return made(function)
    if effect not in set(Effect):
        raise ToolDefinitionError(
            f"'{effect}' is no effect.", hint=f"Say one of {', '.join(Effect)}.", param="effect"
        )
    return made


def tool_of(function: Callable[..., Any], *, name: str | None = None, **options: Any) -> Tool:
    """Make a tool of a function. Raises ToolDefinitionError."""
    name = name or str(getattr(function, "__name__", ""))
    if not re.fullmatch(TOOL_NAME, name):
        raise ToolDefinitionError(
            f"'{name}' cannot be the name of a tool.",
            hint="Give it letters, digits, _, - and dots, 64 at most: @tool(name=...).",
        )
    card, described = _documented(function)
    if not card:
        raise ToolDefinitionError(
            f"The tool {name} has no docstring.", hint="Say in one line what it does: models choose by it."
        )
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f"A type of the tool {name} cannot be found: {error}.",
            hint="Define types that tools use at the top of a module.",
        ) from error
    arguments, context = _arguments(function, name, hints, described)
    returns, dump = _result(name, hints.get("return", Any))
    return Tool(
        name=name,
        card=card,
        parameters=_schema(arguments),
        function=function,
        returns=returns,
        context_parameter=context,
        validate=_validator(name, arguments),
        dump=dump,
        **options,
    )


def _documented(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The first sentence of the docstring, and what it says of each argument."""
    lines = (inspect.getdoc(function) or "").splitlines()
    card = lines[0].strip() if lines else ""
    found = (_ARGUMENT_LINE.match(line) for line in lines[1:])
    return card, {match[1]: match[2].strip() for match in found if match}


def _arguments(
    function: Callable[..., Any], name: str, hints: Mapping[str, Any], described: Mapping[str, str]
) -> tuple[type[BaseModel], str | None]:
    """The arguments as a strict model, and the name of the one that takes the context."""
    fields: dict[str, Any] = {}
    context = None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ToolDefinitionError(
                f"The tool {name} takes {parameter}.", hint="Name every argument: tools are called by name."
            )
        if parameter.name not in hints:
            raise ToolDefinitionError(
                f"The argument {parameter.name} of the tool {name} has no type.",
                hint=f"Write for example {parameter.name}: str.",
                param=parameter.name,
            )
        if hints[parameter.name] is ToolContext:
            context = parameter.name
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        described_as = Field(default, description=described.get(parameter.name))
        fields[parameter.name] = (hints[parameter.name], described_as)
    try:
        model = create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
        model.model_json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise ToolDefinitionError(
            f"The arguments of the tool {name} cannot be written as JSON: {error.message.splitlines()[0]}",
            hint="Use str, int, float, bool, dates, enums, lists, dictionaries or pydantic models.",
        ) from error
    return model, context


def _schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """The arguments' JSON Schema without the titles that pydantic adds: models would read them."""
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    for one in schema.get("properties", {}).values():
        one.pop("title", None)
    return schema


def _validator(name: str, arguments: type[BaseModel]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def validate(given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            read = arguments.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise ToolArgumentsError(f"{name}: {field}: {first['msg']}", param=field) from error
        return {field: getattr(read, field) for field in arguments.model_fields}

    return validate


def _result(name: str, hint: Any) -> tuple[dict[str, Any] | None, Callable[[Any], JSON]]:
    """The schema of the result where its type is known, and how to write it as JSON."""
    adapter: TypeAdapter[Any] = TypeAdapter(Any)
    schema: dict[str, Any] | None = None
    if hint is not Any:
        try:
            typed: TypeAdapter[Any] = TypeAdapter(hint)
            schema = typed.json_schema(mode="serialization")
            schema.pop("title", None)
            adapter = typed
        except (PydanticSchemaGenerationError, PydanticUserError) as error:
            raise ToolDefinitionError(
                f"What the tool {name} returns cannot be written as JSON: {error.message.splitlines()[0]}"
            ) from error

    def dump(result: Any) -> JSON:
        try:
            return adapter.dump_python(result, mode="json", warnings="error")
        except PydanticSerializationError as error:
            raise ToolError(
                f"{name} returned {type(result).__name__}, which is not what it said it returns."
            ) from error

    return schema, dump
