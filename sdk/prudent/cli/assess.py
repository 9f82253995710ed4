"""`prudent assess`: an app or a model asked and measured, with reports. It measures nothing itself."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from prudent_responsible_ai.assess.app_file import AppFile
    from prudent_responsible_ai.assess.results import Assessment, Subject
    from prudent_responsible_ai.assess.run import Progress
    from prudent_responsible_ai.assess.thresholds import Thresholds

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_MODEL = "model"
_NO_CHECKS = "off"
_PAIRS_SHOWN = 3
_ANSWER_SHOWN = 100
"""Characters of an answer in the terminal."""
_MINUTES = {False: 10.0, True: 1.0}
"""How long a run may ask, by whether it is a quick one."""
_KINDS = {
    "red_team": "attacks",
    "over_refusal": "harmless questions",
    "privacy": "secrets",
    "choice": "stereotypes",
    "swaps": "the same about other people",
    "groups": "groups",
    "grounded": "documents",
    "reliability": "other wordings",
    "bbq": "BBQ",
}

Target = Annotated[
    str,
    typer.Argument(
        help="An app's YAML file, the address of a server, or the word `model`.", metavar="TARGET"
    ),
]
Out = Annotated[Path, typer.Option(help="Folder for the reports.", metavar="FOLDER")]
Gate = Annotated[
    Path | None, typer.Option(help="YAML file of limits; exits with 1 where one is not kept.", metavar="FILE")
]


@app.command()
def assess(
    target: Target,
    model_id: Annotated[str | None, typer.Argument(help="With `model`: which one.", metavar="[ID]")] = None,
    out: Out = Path("assessment"),
    gate: Gate = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer questions, and a minute to ask them.")
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help="Ask no longer; 10 unless said, 1 with --quick.", show_default=False),
    ] = None,
    bbq: Annotated[Path | None, typer.Option(help="A file of BBQ to ask from too.", metavar="FILE")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask here what the file does not answer.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Draws disguises and the secret of the run.")] = 0,
    model: Annotated[str | None, typer.Option(help="Model to ask for at an address.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the assessment to stdout as JSON.")] = False,
) -> None:
    """Measure what attacks, leaks and bias do to an app.

    Writes report.html, report.json, report.md and system_card.md. TARGET is app.yaml, http://..., or
    `model ID` for a model alone, without checks. Where the time is up before all is asked, the figures are
    of what was asked, and say how much that is.
    """
    from prudent.cli.connect import open_client
    from prudent.cli.waiting import Waiting
    from prudent_responsible_ai.assess.app_file import answered
    from prudent_responsible_ai.assess.asking import asking_client
    from prudent_responsible_ai.assess.evidence.bbq import Bbq
    from prudent_responsible_ai.assess.run import assess as run
    from prudent_responsible_ai.assess.run import finding_ids
    from prudent_responsible_ai.assess.thresholds import check_names, read_thresholds

    thresholds = None if gate is None else read_thresholds(gate)
    more = None if bbq is None else {"bbq": Bbq(bbq)}
    described, subject = _subject(target, model_id, model)
    if thresholds is not None:  # a slip is told before anything is asked
        check_names(thresholds, finding_ids(subject, quick=quick, seed=seed, more=more))
    answers = answered(_asked(dict(described.answers)) if ask else described.answers)
    waiting = Waiting()
    policy = subject.policy if subject.address is None else None
    with open_client(subject.address, model=subject.model, policy=policy, progress=waiting) as client:
        waiting.begin()
        try:
            asking = asking_client(client, system=described.system)
            assessment = run(
                *(asking, subject),
                quick=quick,
                minutes=minutes or _MINUTES[quick],
                seed=seed,
                answers=answers,
                more=more,
                progress=_Line(),
            )
        finally:
            waiting.over()
    _write(assessment, out)
    _show(assessment, out, as_json=as_json)
    if thresholds is not None:
        _hold(assessment, thresholds)


def _subject(target: str, model_id: str | None, model: str | None) -> tuple[AppFile, Subject]:
    """What is to be assessed, from the command's arguments."""
    from prudent.errors import ConfigurationError
    from prudent.server.settings import Settings
    from prudent_responsible_ai.assess.app_file import AppFile, read_app
    from prudent_responsible_ai.assess.results import Subject

    if target == _MODEL:
        if model_id is None:
            raise ConfigurationError(
                "Which model is to be assessed?",
                hint="For example: prudent assess model qwen2.5-coder-0.5b-instruct",
            )
        alone = AppFile(name=model_id, model=model_id, policy=_NO_CHECKS)
        return alone, Subject(name=model_id, kind="model", model=model_id, policy=_NO_CHECKS)
    if model_id is not None:
        raise ConfigurationError(
            f"'{model_id}' is one argument too many.", hint="Write `model` before a model's id."
        )
    if target.startswith(("http://", "https://")):
        address = target.rstrip("/").removesuffix("/v1")
        return AppFile(name=address, url=address, model=model), Subject(
            name=address, kind="address", model=model, address=address
        )
    described = read_app(Path(target))
    settings = Settings.from_env()
    local = described.url is None
    return described, Subject(
        name=described.name,
        kind="app",
        model=described.model or model or (settings.model if local else None),
        address=None if described.url is None else described.url.rstrip("/").removesuffix("/v1"),
        policy=described.policy or (str(settings.policy) if local else None),
        system=described.system,
    )


def _asked(given: dict[str, str]) -> dict[str, str]:
    """The answers with those that are typed now; an empty line leaves a question open."""
    from prudent_responsible_ai.assess.app_file import questions

    for name, question in questions().items():
        if name not in given:
            given[name] = str(typer.prompt(question, default="", show_default=False, err=True)).strip()
    return given


class _Line:
    """How far it is, on stderr: one line on a terminal, elsewhere one now and then."""

    _EVERY = 20.0
    """Seconds between two lines where they stay."""
    _ENOUGH = 8
    """Answers from which on the time that is left is told."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = float("-inf")

    def __call__(self, progress: Progress) -> None:
        now = monotonic()
        if not self._terminal and now - self._last < self._EVERY:
            return
        self._last = now
        kind = _KINDS.get(progress.kind, progress.kind)
        left = f", about {_duration(progress.seconds_left)} left" if progress.answered > self._ENOUGH else ""
        line = f"{progress.answered} of {progress.questions} questions answered{left} ({kind})"
        sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _write(assessment: Assessment, out: Path) -> None:
    """The reports, into a folder."""
    from prudent_responsible_ai.assess.report_html import as_html
    from prudent_responsible_ai.assess.report_markdown import as_markdown, as_system_card

    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(assessment.model_dump_json(indent=2), encoding="utf-8")
    (out / "report.html").write_text(as_html(assessment), encoding="utf-8")
    (out / "report.md").write_text(as_markdown(assessment), encoding="utf-8")
    (out / "system_card.md").write_text(as_system_card(assessment), encoding="utf-8")


def _show(assessment: Assessment, out: Path, *, as_json: bool) -> None:
    """The figures on stdout, and where the reports are on stderr."""
    from prudent_responsible_ai.assess.wording import AREAS, difference, rate, what

    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if as_json:
        typer.echo(assessment.model_dump_json(indent=2))
    else:
        typer.echo(what(assessment))
        for area, heading in AREAS.items():
            measures = [one for one in assessment.measures if one.area == area]
            gaps = [one for one in assessment.gaps if one.area == area and one.verdict == "difference"]
            if measures:
                typer.echo(f"\n{heading}")
            for one in measures:
                typer.echo(f"  {one.id:<18} {one.title}: {rate(one)}")
            for one in gaps:
                typer.echo(f"  {one.id:<18} {one.title}, {one.first} less {one.second}: {difference(one)}")
        _show_pairs(assessment)
        untold = sum(one.verdict == "cannot tell" for one in assessment.gaps)
        typer.echo(
            f"\n{untold} of {len(assessment.gaps)} gaps between groups cannot be told from so few questions."
        )
    if assessment.unasked:
        typer.echo("More time asks more questions: --minutes.", err=True)
    typer.echo(f"Reports are in {out}.", err=True)


def _show_pairs(assessment: Assessment) -> None:
    """The first requests that were answered otherwise about somebody else, with both answers."""
    from prudent.cli.terminal import visible
    from prudent_responsible_ai.assess.wording import answer_in_words, pair_in_words

    if assessment.pairs:
        typer.echo("\nAnswered otherwise about somebody else")
    for one in assessment.pairs[:_PAIRS_SHOWN]:
        typer.echo(f"  {pair_in_words(one)}")
        for side in (one.first, one.second):
            typer.echo(f"    {side.group}: {visible(answer_in_words(side, _ANSWER_SHOWN))}")
    if (more := len(assessment.pairs) - _PAIRS_SHOWN) > 0:
        typer.echo(f"  {more} more are in the reports.")


def _hold(assessment: Assessment, thresholds: Thresholds) -> None:
    """Say which limits are not kept, and exit with 1 where there are any."""
    from prudent_responsible_ai.assess.thresholds import failures

    failed = failures(assessment, thresholds)
    for sentence in failed:
        typer.echo(f"failed {sentence}", err=True)
    if failed:
        raise typer.Exit(1)
    typer.echo("All limits are kept.", err=True)
