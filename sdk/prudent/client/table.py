"""A spreadsheet's rows as they stand in its file: CSV, TSV or JSON Lines, in whatever encoding people have.

Knows no class and no example: what a column means is the caller's.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prudent.errors import InvalidRequestError, RequestTooLargeError

MAX_BYTES = 256 * 2**20
"""The largest file that is read; its text takes up to four times as much memory."""

MAX_ROWS = 1_000_000

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",;\t|"
_SURELY_CHINESE = 0.9
"""Share of letters beyond ASCII that GB2312 holds, from which a text is Chinese and not another code page
misread: nearly any bytes can be read as GB18030."""

_JSON_LINES = frozenset({".jsonl", ".ndjson"})
_SEPARATED = frozenset({".csv", ".tsv", ".tab", ".txt"})
_WORKBOOKS = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and rows as cell by column. `numbers` are the rows' lines or records in the file, from 1.

    `uneven` are those of rows with more or fewer cells than columns; they are not among the rows.
    """

    path: Path
    encoding: str
    columns: list[str]
    rows: list[dict[str, str]]
    numbers: list[int]
    uneven: list[int]


def read_table(path: str | os.PathLike[str]) -> Table:
    """Read a table. A workbook's row number in a spreadsheet program is that of a CSV without line breaks.

    Raises:
        InvalidRequestError: no such file, an unknown format or encoding, or it cannot be read as a table.
        RequestTooLargeError: the file has too many bytes or rows.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix in _WORKBOOKS:
        raise InvalidRequestError(
            f"{file.name} is a workbook, which prudent does not read.",
            hint="In the spreadsheet program, save the sheet as CSV UTF-8.",
            param="file",
        )
    if suffix not in _JSON_LINES | _SEPARATED:
        raise InvalidRequestError(
            f"{file.name} is of no format that is read.", hint="Use .csv, .tsv or .jsonl.", param="file"
        )
    text, encoding = _decoded(_bytes(file), file.name)
    if suffix in _JSON_LINES:
        return _json_lines(file, encoding, text)
    return _separated(file, encoding, text, "\t" if suffix in (".tsv", ".tab") else None)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidRequestError(
            f"{file} cannot be read: {error.strerror}.", hint="Check the path.", param="file"
        ) from None
    if len(data) > MAX_BYTES:
        raise RequestTooLargeError(
            f"{file.name} is larger than {MAX_BYTES >> 20} MiB.",
            hint="A few hundred rows of each class are enough.",
            param="file",
        )
    if not data.strip():
        raise InvalidRequestError(f"{file.name} is empty.", param="file")
    return data


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text, and the name of its encoding."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decode(data, encoding, name), encoding.upper().removesuffix("-SIG")
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError as error:
        place = error.start
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = None
    if text is not None and _is_chinese(text):
        return text, "GBK"
    line = data.count(b"\n", 0, place) + 1
    raise InvalidRequestError(
        f"{name} is neither UTF-8 nor GBK text (line {line} cannot be read).",
        hint="Save it as CSV UTF-8.",
        param="file",
    )


def _decode(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"{name} says it is {encoding.upper()}, and byte {error.start} is not.",
            hint="Save it as CSV UTF-8.",
            param="file",
        ) from None


def _is_chinese(text: str) -> bool:
    beyond = [letter for letter in text if not letter.isascii()]
    held = sum(len(letter.encode("gb2312", "ignore")) > 0 for letter in beyond)
    return held >= _SURELY_CHINESE * len(beyond)


def _separated(file: Path, encoding: str, text: str, delimiter: str | None) -> Table:
    if "\0" in text:
        raise InvalidRequestError(
            f"{file.name} holds null bytes: it is no table.", hint="Save it as CSV UTF-8.", param="file"
        )
    if delimiter is None:
        first = text.lstrip().partition("\n")[0]
        delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = _lines(reader, file.name)
    header = next(lines, None)
    columns = _columns([] if header is None else header[1], file.name)
    table = Table(file, encoding, columns, [], [], [])
    for number, cells in lines:
        if len(cells) == len(columns):
            table.rows.append(dict(zip(columns, cells, strict=True)))
            table.numbers.append(number)
        elif any(cell.strip() for cell in cells):
            table.uneven.append(number)
        _require_bounded(len(table.rows), file.name)
    return table


def _lines(reader: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line that each begins on; lines with nothing on them are passed over."""
    while True:
        number = int(reader.line_num) + 1
        try:
            cells = cast("list[str]", next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidRequestError(
                f"{name} is not a well-formed table at line {number}: {error}.",
                hint='A cell that holds quotes or line breaks stands in quotes, and its own quotes are "".',
                param="file",
            ) from None
        if cells:
            yield number, cells


def _columns(header: list[str], name: str) -> list[str]:
    columns = [cell.strip() for cell in header]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        what = f"The column {twice!r:.60} stands twice" if twice else "Two columns have no name"
        raise InvalidRequestError(
            f"{what} in the first line of {name}.",
            hint="The first line names the columns, each by its own name.",
            param="file",
        )
    return columns


def _json_lines(file: Path, encoding: str, text: str) -> Table:
    table = Table(file, encoding, [], [], [], [])
    names: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise InvalidRequestError(
                f"Line {number} of {file.name} is not a JSON object.",
                hint='Each line is one, such as {"text": "...", "label": "..."}.',
                param="file",
            )
        row = {name: _cell(value) for name, value in cast("Mapping[str, Any]", record).items()}
        names.update(dict.fromkeys(row))
        table.rows.append(row)
        table.numbers.append(number)
        _require_bounded(len(table.rows), file.name)
    table.columns.extend(names)
    for row in table.rows:
        for name in names:
            row.setdefault(name, "")
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _require_bounded(rows: int, name: str) -> None:
    if rows > MAX_ROWS:
        raise RequestTooLargeError(
            f"{name} has more than {MAX_ROWS:,} rows.",
            hint="A few hundred rows of each class are enough.",
            param="file",
        )
