"""`prudent see`: what is in an image, in a terminal or as JSON. Knows no model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from prudent.types.vision import ImageAnalysis, VisionFeature

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_STANDARD_INPUT = Path("-")


@app.command()
def see(
    files: Annotated[list[Path], typer.Argument(help="Images; - is standard input.", metavar="FILE...")],
    text: Annotated[bool, typer.Option("--text", help="Read the text in it as well.")] = False,
    top_k: Annotated[int, typer.Option(min=1, max=100, help="How many things to name.")] = 5,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the models run here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each file's answer as JSON.")] = False,
) -> None:
    """Say what images show, how explicit and how sharp they are.

    Colours and a hash of their looks are told too, and with --text what is written in them.
    """
    from prudent.cli.connect import open_client
    from prudent.cli.report import section, stdout
    from prudent.cli.waiting import Waiting

    features: list[VisionFeature] = ["tags", "safety", "colors", "sharpness", "hash"]
    if text:
        features.append("text")
    waiting = Waiting()
    with open_client(base_url, model=None, policy=policy, progress=waiting) as client:
        for file in files:
            waiting.begin()
            try:
                image = sys.stdin.buffer.read() if file == _STANDARD_INPUT else file
                answer = client.vision.analyze(image, features=features, top_k=top_k)
            finally:
                waiting.over()
            if as_json:
                typer.echo(answer.model_dump_json(exclude_none=True))
            else:
                section(stdout(), str(file), _facts(answer))


def _facts(answer: ImageAnalysis) -> list[tuple[str, str]]:
    """Names and values for people."""
    image = answer.image
    facts = [("image", f"{image.format}, {image.width} x {image.height}, {image.bytes:,} bytes")]
    facts += [("", warning) for warning in image.warnings]
    for place, tag in enumerate(answer.tags or ()):
        facts.append(("" if place else "shows", f"{tag.label} ({tag.score:.0%})"))
    for name, severity in (answer.categories or {}).items():
        facts.append((name, f"{severity.severity} ({severity.severity_level} of 7, {severity.score:.2f})"))
    if answer.colors:
        facts.append(("colours", ", ".join(f"{color.hex} {color.share:.0%}" for color in answer.colors)))
    if answer.sharpness is not None:
        how = "blurred" if answer.sharpness.blurred else "sharp"
        facts.append(("sharpness", f"{how} ({answer.sharpness.variance:,.0f})"))
    if answer.perceptual_hash is not None:
        facts.append(("hash", answer.perceptual_hash))
    if answer.text is not None:
        facts += [
            ("" if place else "text", line)
            for place, line in enumerate(answer.text.text.splitlines() or ["(none)"])
        ]
    return facts
