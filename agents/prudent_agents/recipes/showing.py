"""A result as people read it, as HTML: records as tables, lists as lists, texts with their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

from prudent_agents.recipes.page_words import Words
from prudent_agents.values import JSON

_MOST_COLUMNS = 6
"""Of a table of records; wider ones are shown one below the other."""


def shown(value: JSON, words: Words) -> str:
    """The HTML of any value."""
    if isinstance(value, dict) and value:
        return _record(cast("Mapping[str, JSON]", value), words)
    if isinstance(value, list) and value:
        values = cast("Sequence[JSON]", value)
        return _table(values, words) or _items(values, words)
    return _text(_plain(value, words))


def _plain(value: JSON, words: Words) -> str:
    if value in (None, "", [], {}):
        return words.nothing
    if isinstance(value, bool):
        return words.yes if value else words.no
    return str(value)


def _text(text: str) -> str:
    return f'<p class="text">{escape(text)}</p>'


def _record(record: Mapping[str, JSON], words: Words) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{_cell(value, words)}</td></tr>'
        for name, value in record.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _cell(value: JSON, words: Words) -> str:
    return shown(value, words) if isinstance(value, dict | list) else escape(_plain(value, words))


def _items(values: Sequence[JSON], words: Words) -> str:
    return f"<ul>{''.join(f'<li>{_cell(value, words)}</li>' for value in values)}</ul>"


def _table(values: Sequence[JSON], words: Words) -> str | None:
    """Records of the same few plain fields, a row each; None where they are none."""
    if not all(isinstance(value, dict) for value in values):
        return None
    records = cast("Sequence[Mapping[str, JSON]]", values)
    names = list(records[0])
    if not 0 < len(names) <= _MOST_COLUMNS or any(list(record) != names for record in records):
        return None
    if any(isinstance(value, dict | list) for record in records for value in record.values()):
        return None
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(value, words)}</td>" for value in record.values()) + "</tr>"
        for record in records
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
