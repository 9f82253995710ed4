"""Labels texts by a classifier that is trained from a spreadsheet, as a tool. The client trains it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prudent.errors import ConflictError, ModelNotFoundError
from prudent_agents.errors import ToolArgumentsError, ToolDefinitionError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.vision import client_of

if TYPE_CHECKING:
    from prudent.client import AsyncClient

TIMEOUT = 300.0
"""Seconds; the first call trains the classifier, and may load its encoder."""
MOST_BYTES = 4 << 20


def classifier_label(examples: str | os.PathLike[str], *, into: str = "label") -> Tool:
    """The tool `classifier.label`: a record with its class in the column `into`, learned from `examples`.

    `examples` is a CSV file with a column of texts and one of labels. The classifier is trained at the first
    call and kept under a name that is made of the file's content. Where it does not know, the class is empty.

    Raises:
        ToolDefinitionError: there is no such file.
    """
    path = Path(examples).expanduser()
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise ToolDefinitionError(
            f"There is no file of examples {path}, or it is too large.", param="examples"
        )
    training, names = asyncio.Lock(), list[str]()

    async def label(record: dict[str, Any], column: str, context: ToolContext) -> dict[str, Any]:
        """Fill in the class of a record from one of its columns.

        record: the record
        column: the column that says what it is about
        """
        text = record.get(column)
        if not isinstance(text, str) or not text.strip():
            return {**record, into: "", "probability": 0.0}
        if into in record:
            raise ToolArgumentsError(f"The record has a column '{into}' already.", param="record")
        client = client_of(context, "classifier.label")
        async with training:
            if not names:
                names.append(await _trained(client, path))
        found = await client.classifiers.predict(names[0], text)
        best = found.data[0]
        return {**record, into: best.answer or "", "probability": round(best.probability, 3)}

    return tool_of(label, name="classifier.label", effect=Effect.READ, timeout=TIMEOUT, trusted=True)


async def _trained(client: AsyncClient, path: Path) -> str:
    """The name of the classifier of these examples; trained where it is not there."""
    try:
        name = f"examples-{sha256(path.read_bytes()).hexdigest()[:16]}"
    except OSError as error:
        raise ToolError(f"The examples cannot be read: {error.strerror}.") from error
    try:
        await client.classifiers.retrieve(name)
    except ModelNotFoundError:
        with suppress(ConflictError):  # somebody else was quicker
            await client.classifiers.train(name, str(path))
    return name
