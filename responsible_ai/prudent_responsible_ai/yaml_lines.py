"""YAML data together with the place of every value, for errors that point at it. Knows no schema.

Only plain data: no tags, no anchors, no duplicate keys; `on`, `off`, `yes` and `no` are words, not booleans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import yaml

from prudent.errors import ConfigurationError

Location = tuple[int | str, ...]
Place = tuple[int, int]
"""Line and column, both from 1."""

MAX_DEPTH = 16

_SCALARS = {
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True)
class LinedYaml:
    """The data of one document, and the line (from 1) of each location in it.

    `keys` and `values` have line and column (from 1) of where a location's key and its value begin; an
    item of a list and the document itself are their own keys.
    """

    source: str
    data: dict[str, Any]
    lines: dict[Location, int] = field(default_factory=dict[Location, int])
    keys: dict[Location, Place] = field(default_factory=dict[Location, Place])
    values: dict[Location, Place] = field(default_factory=dict[Location, Place])

    def error(
        self, location: Sequence[int | str], message: str, *, hint: str | None = None
    ) -> ConfigurationError:
        """Return an error about a location: file, line and column, key, and what is wrong with it."""
        path: Location = tuple(key for key in location if key != "[key]")
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line, column = self.keys.get(known, (1, 1))
        where = f"{self.source}, line {line}, column {column}"
        key = ".".join(str(part) for part in path)
        return ConfigurationError(f"{where}: {key + ': ' if key else ''}{sentence(message)}", hint=hint)


def read_lined_yaml(source: str, text: str) -> LinedYaml:
    """Parse a mapping.

    Raises:
        ConfigurationError: not YAML, not a mapping, or a feature beyond plain data. `details` has line and
            column, and the problem without them.
    """
    document = LinedYaml(source, {})
    try:
        depth = 0
        for event in _parse(text):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _wrong(source, event.start_mark, "it is nested too deeply")
            if isinstance(event, yaml.AliasEvent):
                raise _wrong(source, event.start_mark, "aliases are not supported; write the value out")
        root = _compose(text)
        data: Any = _construct(document, root, ()) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        raise _wrong(source, error.problem_mark, error.problem or "this is not YAML") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{source}: it holds characters that YAML does not allow.") from None
    if not isinstance(data, dict):
        raise ConfigurationError(f"{source}, line 1: a mapping of keys to values is expected.")
    return replace(document, data=cast("dict[str, Any]", data))


# PyYAML's stubs leave these two without types.
_parse = cast(
    "Callable[[str], Iterator[yaml.Event]]", partial(cast("Any", yaml).parse, Loader=yaml.SafeLoader)
)
_compose = cast(
    "Callable[[str], yaml.Node | None]", partial(cast("Any", yaml).compose, Loader=yaml.SafeLoader)
)


def _construct(document: LinedYaml, node: yaml.Node, location: Location) -> Any:
    place = _place(node.start_mark)
    document.lines[location] = place[0]
    document.values[location] = document.keys[location] = place
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        for key_node, value_node in pairs:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _wrong(document.source, key_node.start_mark, "a key must be a word")
            key = str(key_node.value)
            if key in mapping:
                raise _wrong(document.source, key_node.start_mark, f"the key '{key}' is given twice")
            inner = (*location, key)
            mapping[key] = _construct(document, value_node, inner)
            document.keys[inner] = _place(key_node.start_mark)
            document.lines[inner] = document.keys[inner][0]
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items = cast("list[yaml.Node]", node.value)
        return [_construct(document, item, (*location, index)) for index, item in enumerate(items)]
    return _scalar(node)


def _place(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _scalar(node: yaml.Node) -> Any:
    value = str(node.value)
    if cast("Any", node).style is not None:  # quoted, or a block
        return value
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    convert = _SCALARS.get(str(cast("Any", node).tag))
    try:
        return convert(value) if convert else value
    except ValueError:
        return value


def _wrong(source: str, mark: Any, message: str) -> ConfigurationError:
    details: dict[str, Any] = {"problem": sentence(message)}
    if mark is not None:
        details["line"], details["column"] = _place(mark)
    line = f", line {details['line']}, column {details['column']}" if mark is not None else ""
    return ConfigurationError(f"{source}{line}: {sentence(message)}", details=details)


def sentence(message: str) -> str:
    """A problem as a sentence, without what pydantic puts before it."""
    message = message.removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
