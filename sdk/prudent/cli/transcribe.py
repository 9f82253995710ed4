"""`prudent transcribe`: recordings to text or subtitles, to a pipe, a file or a folder."""

from __future__ import annotations

import math
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prudent.types.progress import Progress

if TYPE_CHECKING:
    from prudent.cli.waiting import Waiting
    from prudent.client import Client
    from prudent.types.transcription import TranscriptionEvent, VerboseTranscription

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


class Format(StrEnum):
    """How a transcript is written."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings.", metavar="FILE...")],
    form: Annotated[
        Format, typer.Option("--format", "-f", help="txt has a line for each segment.")
    ] = Format.TXT,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write; for several recordings a folder."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help="Code or English name; without it, it is heard.")
    ] = None,
    translate: Annotated[
        bool, typer.Option("--translate", help="Write English, whatever is spoken.")
    ] = False,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Model that hears. [default: whisper-base]")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Text that sets names, spelling and style.")] = None,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the model runs here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Write recordings down, as text or as subtitles.

    Whatever libsndfile reads (WAV, FLAC, MP3, Ogg, AIFF); with ffmpeg installed M4A, WebM, MP4 and others.
    The text goes to stdout unless -o names a place; how far it is, and what the checks found, to stderr.
    """
    from prudent.cli.connect import open_client
    from prudent.cli.failures import say
    from prudent.cli.verdicts import described
    from prudent.cli.waiting import Waiting
    from prudent.errors import PrudentError

    form = Format.JSON if as_json else form
    failed: PrudentError | None = None
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        for file in files:
            try:
                heard = _hear(client, file, waiting, language, model, prompt, translate=translate)
            except PrudentError as error:
                if len(files) == 1:
                    raise
                say(error)
                failed = error
                continue
            finally:
                waiting.over()
            _write(_written(heard, form), _place(file, output, form, several=len(files) > 1))
            for line in described(heard.content_filter_results or {}, "what was said"):
                typer.echo(line, err=True)
    if failed is not None:
        raise typer.Exit(failed.exit_code)


def _hear(
    client: Client,
    file: Path,
    waiting: Waiting,
    language: str | None,
    model: str | None,
    prompt: str | None,
    *,
    translate: bool,
) -> TranscriptionEvent | VerboseTranscription:
    waiting.begin()
    waiting(Progress("transcribe", file.name, 0, None, "seconds"))
    if translate:
        return client.audio.translations.create(
            file=file, model=model, prompt=prompt, response_format="verbose_json"
        )
    stream = client.audio.transcriptions.create(
        file=file, model=model, language=language, prompt=prompt, response_format="verbose_json", stream=True
    )
    with stream:
        for event in stream:
            if event.type == "transcript.text.done":
                length = round(event.position or 0.0)
                waiting(Progress("transcribe", file.name, length, length, "seconds"))
                return event
            _show(file, event, waiting)
    raise AssertionError("a stream ends with its done event, or raises")


def _show(file: Path, event: TranscriptionEvent, waiting: Waiting) -> None:
    """Tell how far it is; the end is told by the last event alone."""
    done, total = int(event.position or 0.0), None if event.duration is None else math.ceil(event.duration)
    if total is None or done < total:
        waiting(Progress("transcribe", file.name, done, total, "seconds"))


def _written(heard: TranscriptionEvent | VerboseTranscription, form: Format) -> str:
    from prudent.capabilities.audio.subtitles import srt, vtt

    segments = heard.segments or []
    if form is Format.JSON:
        return heard.model_dump_json(exclude_none=True, exclude={"type"}) + "\n"
    if form is Format.SRT:
        return srt(segments)
    if form is Format.VTT:
        return vtt(segments)
    return "".join(f"{segment.text.strip()}\n" for segment in segments)


def _place(file: Path, output: Path | None, form: Format, *, several: bool) -> Path | None:
    """Where a transcript goes; None is stdout."""
    if output is None:
        return None
    if not several and not output.is_dir():
        return output
    output.mkdir(parents=True, exist_ok=True)
    return output / f"{file.stem}.{form}"


def _write(text: str, place: Path | None) -> None:
    if place is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    partial = place.with_name(f".{place.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(place)
