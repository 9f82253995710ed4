"""`@tool`: makes a tool of a typed function. Knows pydantic and nothing of agents."""

from __future__ import annotations

import inspect
import json
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast, get_args, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.json_schema import PydanticJsonSchemaWarning
from pydantic_core import PydanticSerializationError

from prudent.types.tools import TOOL_NAME
from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.values import JSON

_OPTIONS = frozenset(
    {
        "effect",
        "timeout",
        "retries",
        "precondition",
        "source",
        "trusted",
        "confidentiality",
        "approval",
        "verify",
    }
)
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
    """Make a tool of a function, sync or async; its docstring's first paragraph is the card that models read.

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
        return tool_of(inner, name=name, effect=kind, **options)

    kind = _effect(effect)
    return made if function is None else made(function)


def tool_of(
    function: Callable[..., Any], *, name: str | None = None, card: str | None = None, **options: Any
) -> Tool:
    """Make a tool of a function, a method or an object that can be called; see `tool`.

    `card` None takes it from the docstring.

    Raises:
        ToolDefinitionError: as `tool`, or an option that no tool has.
    """
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise ToolDefinitionError(
            f"'{unknown[0]}' is no option of a tool.",
            hint=f"There are: {', '.join(sorted(_OPTIONS))}.",
            param=unknown[0],
        )
    if "effect" in options:
        options["effect"] = _effect(options["effect"])
    name = name or str(getattr(function, "__name__", ""))
    if not re.fullmatch(TOOL_NAME, name):
        raise ToolDefinitionError(
            f"'{name}' cannot be the name of a tool.",
            hint="Give it letters, digits, _, - and dots, 64 at most: @tool(name=...).",
        )
    documented, described = _documented(function, inspect.signature(function).parameters)
    card = card or documented
    if not card:
        raise ToolDefinitionError(
            f"The tool {name} has no docstring.", hint="Say in one line what it does: models choose by it."
        )
    try:
        hints = get_type_hints(_typed(function), include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f"A type of the tool {name} cannot be found: {error}.",
            hint="Define types that tools use at the top of a module.",
        ) from error
    arguments, names, context = _arguments(function, name, hints, described)
    returns, dump = _result(name, hints.get("return", Any))
    return Tool(
        name=name,
        card=card,
        parameters=_schema(arguments),
        function=function,
        returns=returns,
        context_parameter=context,
        validate=_validator(name, arguments, names),
        dump=dump,
        **options,
    )


def _typed(function: Callable[..., Any]) -> Callable[..., Any]:
    """What carries the types: the function itself, or the method by which an object is called."""
    return function if inspect.isroutine(function) else type(function).__call__


def _effect(effect: Effect | str) -> Effect:
    try:
        return Effect(effect)
    except ValueError:
        raise ToolDefinitionError(
            f"'{effect}' is no effect.", hint=f"Say one of {', '.join(Effect)}.", param="effect"
        ) from None


def _documented(function: Callable[..., Any], names: Collection[str]) -> tuple[str, dict[str, str]]:
    """The first paragraph of the docstring as one line, and what it says of each argument."""
    lines = (inspect.getdoc(function) or "").splitlines()
    card: list[str] = []
    described: dict[str, str] = {}
    current: tuple[str, int] | None = None
    opening = True
    for line in lines:
        indent = len(line) - len(line.lstrip())
        match = _ARGUMENT_LINE.match(line)
        if match is not None and match[1] in names:
            current, opening = (match[1], indent), False
            described[match[1]] = match[2].strip()
        elif not line.strip():
            current, opening = None, False
        elif current is not None and indent > current[1]:
            described[current[0]] += f" {line.strip()}"
        elif opening:
            card.append(line.strip())
    return " ".join(card), described


def _arguments(
    function: Callable[..., Any], name: str, hints: Mapping[str, Any], described: Mapping[str, str]
) -> tuple[type[BaseModel], dict[str, str], str | None]:
    """The arguments as a strict model, its fields' names to theirs, and the one that takes the context.

    Fields have names of their own and the arguments' as aliases: an argument may be called as pydantic calls
    something of its own (`schema`, `copy`, `model_config`).
    """
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    context = None
    for parameter in inspect.signature(function).parameters.values():
        hint = _hint(parameter, name, hints)
        if ToolContext in (hint, *get_args(hint)):
            context = parameter.name
            continue
        default = ... if parameter.default is parameter.empty else parameter.default
        about: dict[str, Any] = (
            {"description": described[parameter.name]} if parameter.name in described else {}
        )
        field = f"argument_{len(names)}"
        names[field] = parameter.name
        fields[field] = (hint, Field(default, alias=parameter.name, **about))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PydanticJsonSchemaWarning)
            model = create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
            model.model_json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError, PydanticJsonSchemaWarning) as error:
        raise ToolDefinitionError(
            f"The arguments of the tool {name} cannot be written as JSON: {str(error).splitlines()[0]}",
            hint="Use str, int, float, bool, dates, enums, lists, dictionaries or pydantic models.",
        ) from error
    return model, names, context


def _hint(parameter: inspect.Parameter, name: str, hints: Mapping[str, Any]) -> Any:
    """The type of an argument. Raises ToolDefinitionError where it has none or no name to call it by."""
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
    return hints[parameter.name]


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """The arguments' JSON Schema without the titles that pydantic adds: models would read them."""
    return _untitled(model.model_json_schema())


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without titles, at any depth. A property that is called `title` stays."""
    clean: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title":
            continue
        if key in ("properties", "$defs") and isinstance(value, dict):
            named = cast("dict[str, dict[str, Any]]", value)
            clean[key] = {name: _untitled(one) for name, one in named.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            clean[key] = _untitled(cast("dict[str, Any]", value))
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            clean[key] = [_untitled(one) for one in cast("list[dict[str, Any]]", value)]
        else:
            clean[key] = value
    return clean


def _validator(
    name: str, arguments: type[BaseModel], names: Mapping[str, str]
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def validate(given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            read = arguments.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            unknown = first["type"] == "extra_forbidden"
            raise ToolArgumentsError(
                f"{name}: {field}: {'there is no such argument' if unknown else first['msg']}",
                hint=f"It takes {', '.join(names.values()) or 'none'}." if unknown else None,
                param=field,
            ) from error
        return {argument: getattr(read, field) for field, argument in names.items()}

    return validate


def _result(name: str, hint: Any) -> tuple[dict[str, Any] | None, Callable[[Any], JSON]]:
    """The schema of the result where its type is known, and how to write it as JSON."""
    adapter: TypeAdapter[Any] = TypeAdapter(Any, config=ConfigDict(ser_json_inf_nan="constants"))
    schema: dict[str, Any] | None = None
    if hint is not Any:
        try:
            typed: TypeAdapter[Any] = TypeAdapter(hint)
            schema = _untitled(typed.json_schema(mode="serialization"))
            adapter = typed
        except (PydanticSchemaGenerationError, PydanticUserError) as error:
            raise ToolDefinitionError(
                f"What the tool {name} returns cannot be written as JSON: {error.message.splitlines()[0]}",
                hint="Return str, int, float, bool, dates, enums, lists, dictionaries or pydantic models.",
            ) from error

    def dump(result: Any) -> JSON:
        try:
            return _finite(adapter.dump_python(result, mode="json", warnings="error"), name)
        except (PydanticSerializationError, UnicodeDecodeError) as error:
            raise ToolError(
                f"{name} returned {type(result).__name__}, which is not what it said it returns."
            ) from error
        except (ValueError, RecursionError) as error:  # of models in each other
            raise ToolError(
                f"What {name} returned cannot be written as JSON: {error}.",
                hint="Return a flatter value, or the part of it that is needed.",
            ) from error

    return schema, dump


def _finite(data: JSON, name: str) -> JSON:
    """The data itself. Raises ToolError where a number in it is none: JSON has no NaN and no infinity."""
    try:
        json.dumps(data, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise ToolError(
            f"{name} returned a value that JSON cannot hold: {error}",
            hint="Return None where there is no number.",
        ) from error
    return data
