"""Hearing and speaking, as tools: recordings to text, text to a recording. Decodes nothing: the client does.

Files are taken from and put below one folder; see rooted.py.
"""

from __future__ import annotations

import os

from pydantic import BaseModel

from prudent.types.content import Source
from prudent_agents.errors import ToolArgumentsError
from prudent_agents.function_tool import tool_of
from prudent_agents.labels import Confidentiality
from prudent_agents.tool import Effect, Tool, ToolContext
from prudent_agents.tools.rooted import Root
from prudent_agents.tools.vision import client_of

MOST_BYTES = 64 << 20
TIMEOUT = 600.0
"""Seconds: a recording of an hour takes minutes."""

_FORMATS = ("mp3", "wav", "flac", "opus")


class Heard(BaseModel):
    """What is said in a recording. `duration` is in seconds, `language` by its English name."""

    text: str
    language: str
    duration: float


class Spoken(BaseModel):
    """The recording that was made."""

    path: str
    bytes: int


def audio_transcribe(
    root: str | os.PathLike[str] = ".",
    *,
    model: str | None = None,
    confidentiality: Confidentiality = Confidentiality.PRIVATE,
) -> Tool:
    """The tool `audio.transcribe`: recordings below `root` to text. It is a recording's, untrusted.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    async def transcribe(audio: str, context: ToolContext, language: str | None = None) -> Heard:
        """Write down what is said in a recording.

        audio: the file, as memos/monday.mp3
        language: its code, as en or zh; left out, it is heard
        """
        calls = client_of(context, "audio.transcribe").audio.transcriptions
        recording = (audio.rpartition("/")[2] or "recording", below.read(audio, MOST_BYTES))
        found = await calls.create(
            file=recording, model=model, language=language, response_format="verbose_json"
        )
        return Heard(text=found.text, language=found.language, duration=round(found.duration, 2))

    return tool_of(
        transcribe,
        name="audio.transcribe",
        effect=Effect.READ,
        source=Source.AUDIO,
        confidentiality=confidentiality,
        timeout=TIMEOUT,
    )


def audio_say(
    root: str | os.PathLike[str] = ".", *, model: str | None = None, voice: str | None = None
) -> Tool:
    """The tool `audio.say`: a text spoken into a new file below `root`; its ending says the format. A write.

    Raises:
        ToolDefinitionError: there is no such folder.
    """
    below = Root(root)

    async def say(text: str, path: str, context: ToolContext) -> Spoken:
        """Speak a text into a recording.

        text: what is said, 4,096 characters at most
        path: the new file, as answers/monday.mp3; mp3, wav, flac or opus
        """
        form = path.rpartition(".")[2].lower()
        if form not in _FORMATS:
            raise ToolArgumentsError(
                f"'{path[-80:]}' ends like no recording.",
                hint=f"End it in .{', .'.join(_FORMATS)}.",
                param="path",
            )
        spoken = await client_of(context, "audio.say").audio.speech.create(
            input=text,
            model=model,
            voice=voice,
            response_format=form,
        )
        below.write(path, spoken.content, overwrite=False)
        return Spoken(path=path, bytes=len(spoken.content))

    return tool_of(say, name="audio.say", effect=Effect.WRITE, retries=0, trusted=True, timeout=TIMEOUT)
