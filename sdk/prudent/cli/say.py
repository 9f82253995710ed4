"""`prudent say`: a text to a file of sound, or to a pipe. Plays nothing."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


class Format(StrEnum):
    """Formats of sound; pcm is 16-bit little-endian mono at 24 kHz without a header."""

    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    OPUS = "opus"
    PCM = "pcm"


_ENDINGS = {
    ".wav": Format.WAV,
    ".mp3": Format.MP3,
    ".flac": Format.FLAC,
    ".opus": Format.OPUS,
    ".ogg": Format.OPUS,
    ".pcm": Format.PCM,
    ".raw": Format.PCM,
}


@app.command()
def say(
    text: Annotated[str | None, typer.Argument(help="What to say. Without it, the text is piped in.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write. Without it the sound goes to a pipe."),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", "-f", help="[default: by the file's ending, else wav]")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.25, max=4.0, help="2 is twice as fast.")] = 1.0,
    voice: Annotated[str | None, typer.Option(help="A voice of the model.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Model that speaks. [default: piper-en-us-joe-medium]")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the model runs here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
) -> None:
    """Speak a text into a file or a pipe.

    `prudent say "Dinner is ready." -o dinner.wav`, or `echo Hello | prudent say -f pcm | aplay -f S16_LE -r
    24000`. The file says of itself that it is synthetic, and which model made it. Needs the extra `speech`.
    """
    from prudent.cli.connect import open_client
    from prudent.cli.terminal import read_piped_text
    from prudent.cli.waiting import Waiting

    words = text if text is not None else read_piped_text()
    if words is None:
        raise typer.BadParameter("give it here, or through a pipe", param_hint="TEXT")
    if output is None and sys.stdout.isatty():
        raise typer.BadParameter("name a file, or send the sound to a pipe", param_hint="--output")
    chosen = form or _ENDINGS.get(output.suffix.lower() if output else "", Format.WAV)
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        waiting.begin()
        try:
            if output is not None:
                sound = client.audio.speech.create(
                    input=words, model=model, voice=voice, response_format=chosen.value, speed=speed
                )
                sound.write_to_file(output)
                return
            stream = client.audio.speech.stream(
                input=words, model=model, voice=voice, response_format=chosen.value, speed=speed
            )
        finally:
            waiting.over()
        with stream:
            for piece in stream:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()
