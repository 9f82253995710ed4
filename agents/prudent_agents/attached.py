"""Reads the files that came with a request for a run. Knows no server, and of a run only its inputs.

Texts are read as they are, images by OCR, recordings by transcript. What is in them is somebody else's:
untrusted, private, checked as text of its kind before it goes on, and it chooses no tool.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from prudent.client import AsyncClient
from prudent.errors import InvalidRequestError, RequestTooLargeError
from prudent.types.agents import AttachedFile
from prudent.types.content import Source
from prudent_agents.labels import UNTRUSTED, Confidentiality
from prudent_agents.models.prompts import ATTACHED, LONGEST_ATTACHED
from prudent_agents.running.guarding import Guard
from prudent_agents.values import Value

LABEL = UNTRUSTED.model_copy(update={"confidentiality": Confidentiality.PRIVATE})
"""What files of a request are taken for: somebody else's, and nobody else's to see."""
_LONGEST_NAME = 120
_SOURCES = {"image": Source.IMAGE, "audio": Source.AUDIO}


async def attached(files: Sequence[AttachedFile], client: AsyncClient) -> dict[str, Value]:
    """The files' texts as an input of a run; nothing where there is no file.

    Raises:
        InvalidRequestError: what is given of a file is no base64, or it is of no kind that can be read.
        RequestTooLargeError: their texts are longer than LONGEST_ATTACHED together.
        RefusedByPolicyError: the policy stops what is in one.
        PrudentError: what the client raises for images, PDFs and recordings.
    """
    texts: list[str] = []
    for at, file in enumerate(files):
        name = name_of(file)
        text, source = await asyncio.to_thread(_read, name, bytes_of(file, at), client, _loop())
        checked, _ = await Guard(client).result(ATTACHED, name, text, source)
        texts.append(f"{name}:\n{checked}")
    whole = "\n\n".join(texts)
    if len(whole) > LONGEST_ATTACHED:
        raise RequestTooLargeError(
            f"The files have {len(whole):,} characters of text, and at most {LONGEST_ATTACHED:,} are read.",
            hint="Put them into a knowledge base, and offer an agent that searches it.",
            param="files",
        )
    return {ATTACHED: Value(data=whole, label=LABEL)} if texts else {}


def name_of(file: AttachedFile) -> str:
    """The last part of a file's name, which may be written."""
    name = PurePosixPath(file.name.replace("\\", "/").replace("\0", "")).name.lstrip(".")
    return name[-_LONGEST_NAME:] or "file"


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def _read(name: str, data: bytes, client: AsyncClient, loop: asyncio.AbstractEventLoop) -> tuple[str, Source]:
    """The text of a file, and whose it is. In a thread that may wait."""
    from prudent_agents.knowledge.extraction import extract
    from prudent_agents.senses import Senses

    with TemporaryDirectory(prefix="prudent-attached-") as folder:
        place = Path(folder) / f"file{Path(name).suffix.lower()}"
        place.write_bytes(data)
        found = extract(place, data, Senses(client, loop))
    return found.text, _SOURCES.get(found.kind, Source.DOCUMENT)


def bytes_of(file: AttachedFile, at: int) -> bytes:
    """What a file holds, from base64 or a data URL. Raises InvalidRequestError."""
    written = file.data.partition(",")[2] if file.data.startswith("data:") else file.data
    try:
        return base64.b64decode(written, validate=True)
    except binascii.Error:
        raise InvalidRequestError(
            f"The data of {file.name[:80]} is no base64.",
            hint="Send the file's bytes as base64, or as a data URL.",
            param=f"files[{at}].data",
        ) from None
