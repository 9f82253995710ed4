"""A table's rows as examples for a classifier: which columns are meant, and which rows are drawn.

Knows no file format and no training.
"""

from __future__ import annotations

import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prudent.client.image_input import as_reference
from prudent.client.table import Table, read_table
from prudent.errors import InvalidRequestError, RequestTooLargeError
from prudent.types.classifier_card import SkippedRows
from prudent.types.classifiers import MAX_EXAMPLES, MAX_IMAGES, MAX_TEXT, MAX_TEXTS, ClassifierExample

_TEXT_NAMES = (
    "text", "question", "query", "message", "utterance", "sentence", "comment", "review", "content", "body",
    "description", "文本", "内容", "问题", "评论", "消息", "句子",
)  # fmt: skip
_LABEL_NAMES = (
    "label", "class", "category", "intent", "topic", "sentiment", "tag", "target",
    "标签", "类别", "分类", "意图", "情感", "主题",
)  # fmt: skip
_IMAGE_NAMES = ("image", "image_path", "photo", "picture", "file", "filename", "path", "图片", "图像", "照片")

MAX_IMAGE_BYTES = 128 * 2**20
"""Of all images of a training together, as they travel."""

_ROWS_SHOWN = 20
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column is for; `content` is the texts' or the images'."""

    content: str
    label: str
    group: str | None
    of_images: bool


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """Examples of a file, and what was left out on the way."""

    table: Table
    columns: Columns
    examples: list[ClassifierExample]
    left_out: list[SkippedRows]


def read_examples(
    path: str | os.PathLike[str],
    *,
    text: str | None = None,
    image: str | None = None,
    label: str | None = None,
    group: str | None = None,
    seed: int = 0,
) -> ExampleFile:
    """Read examples out of a CSV, TSV or JSON Lines file.

    Columns that are not named are guessed from their names, except the group's. An image's cell is a path,
    from the table's folder. Of more rows than a training takes, some are drawn, of each class as many as of
    the others while there are enough.

    Raises:
        InvalidRequestError: the file cannot be read, or a column is missing or cannot be guessed.
        RequestTooLargeError: the file is too large.
    """
    if text is not None and image is not None:
        raise InvalidRequestError("Give a text column or an image column, one of the two.", param="image")
    table = read_table(path)
    columns = _columns(table, text, image, label, group)
    if not table.rows:
        raise InvalidRequestError(f"{table.path.name} has no rows below its first line.", param="file")
    drawn = _drawn([row[columns.label].strip() for row in table.rows], seed)
    left_out: list[SkippedRows] = []
    if table.uneven:
        left_out.append(_skipped("uneven", table.uneven))
    if len(drawn) < len(table.rows):
        left_out.append(SkippedRows(reason="not_drawn", count=len(table.rows) - len(drawn)))
    folder = table.path.parent
    examples: list[ClassifierExample] = []
    image_bytes = 0
    for at in drawn:
        example, size = _example(table.rows[at], table.numbers[at], columns, folder)
        examples.append(example)
        image_bytes += size
        if image_bytes > MAX_IMAGE_BYTES:
            raise RequestTooLargeError(
                f"The images have more than {MAX_IMAGE_BYTES >> 20} MiB together.",
                hint="Save them smaller: 500 pixels on the short side are more than the encoder sees.",
                param="image",
            )
    return ExampleFile(table, columns, examples, left_out)


def _example(
    row: dict[str, str], number: int, columns: Columns, folder: Path
) -> tuple[ClassifierExample, int]:
    """The example, and how many bytes its image has as it travels."""
    content, label = row[columns.content], row[columns.label].strip()
    group = (row[columns.group].strip() or None) if columns.group else None
    if not columns.of_images:
        if len(content) > MAX_TEXT:
            raise InvalidRequestError(
                f"The text of row {number} has {len(content):,} characters; at most {MAX_TEXT:,} are read.",
                hint="Cut it to the part that decides its class.",
                param="text",
            )
        return ClassifierExample(text=content, label=label, group=group, row=number), 0
    try:
        image = as_reference(folder / content.strip())
    except InvalidRequestError as error:
        raise InvalidRequestError(f"Row {number}: {error.message}", hint=error.hint, param="image") from None
    return ClassifierExample(image=image, label=label, group=group, row=number), len(image.url)


def _drawn(labels: Sequence[str], seed: int) -> list[int]:
    """Places of the rows to use: all, or MAX_EXAMPLES drawn class by class in turn."""
    if len(labels) <= MAX_EXAMPLES:
        return list(range(len(labels)))
    by_label: dict[str, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        by_label[label].append(at)
    draw = random.Random(seed)  # noqa: S311 it draws rows, not secrets
    for rows in by_label.values():
        draw.shuffle(rows)
    chosen: list[int] = []
    queues = list(by_label.values())
    while len(chosen) < MAX_EXAMPLES:
        queues = [rows for rows in queues if rows]
        chosen += [rows.pop() for rows in queues[: MAX_EXAMPLES - len(chosen)]]
    return sorted(chosen)


def _columns(
    table: Table, text: str | None, image: str | None, label: str | None, group: str | None
) -> Columns:
    for name in (text, image, label, group):
        if name is not None and name not in table.columns:
            raise _missing(f"has no column {name!r:.60}", table)
    named_label = label or _guessed(table.columns, _LABEL_NAMES)
    if text is None and image is None:
        text = _guessed(table.columns, _TEXT_NAMES)
        image = None if text else _guessed(table.columns, _IMAGE_NAMES)
    content = text or image
    if len(table.columns) == 2:  # where one of two is known, so is the other
        rest = [column for column in table.columns if column not in (content, named_label)]
        if len(rest) == 1:
            content, named_label = content or rest[0], named_label or rest[0]
    if content is None or named_label is None:
        what, option = ("texts", "--text") if content is None else ("labels", "--label")
        raise _missing(f"does not say which column has the {what} (name it: {option} COLUMN)", table)
    if content == named_label:
        raise _missing(f"cannot have texts and labels in one column, {content!r:.60}", table)
    return Columns(content, named_label, group, of_images=content == image)


def _guessed(columns: Sequence[str], known: Sequence[str]) -> str | None:
    """The one column with a telling name; None where none has, or several have."""
    found = [column for name in known for column in columns if column.strip().casefold() == name]
    return found[0] if len(found) == 1 else None


def _missing(what: str, table: Table) -> InvalidRequestError:
    shown = ", ".join(table.columns[:30]) + (", ..." if len(table.columns) > 30 else "")
    return InvalidRequestError(
        f"{table.path.name} {what}.", hint=f"Its columns are: {shown or '(none)'}.", param="columns"
    )


def _skipped(reason: str, rows: Sequence[int]) -> SkippedRows:
    return SkippedRows.model_validate({"reason": reason, "count": len(rows), "rows": rows[:_ROWS_SHOWN]})


def name_from(path: str | os.PathLike[str]) -> str:
    """A name for a classifier out of a file's: what the names of classifiers may hold of it."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", Path(path).stem.lower()).strip("-._")[:_LONGEST_NAME]
    if not plain:
        raise InvalidRequestError(
            f"The name of {Path(path).name} cannot be that of a classifier.",
            hint="Name it (--name) with letters a to z and digits.",
            param="name",
        )
    return plain


def in_batches(texts: Sequence[str], images: Sequence[Path]) -> Iterator[tuple[list[str], list[Path]]]:
    """Texts, then images, as many at a time as one request takes."""
    for start in range(0, len(texts), MAX_TEXTS):
        yield list(texts[start : start + MAX_TEXTS]), []
    for start in range(0, len(images), MAX_IMAGES):
        yield [], list(images[start : start + MAX_IMAGES])
