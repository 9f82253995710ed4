"""`prudent chat`: a conversation at the terminal, or one answer through a pipe."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def chat(
    question: Annotated[
        str | None, typer.Argument(help="Answer this and exit. Piped text is its material.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Model to talk to.")] = None,
    system: Annotated[str | None, typer.Option("--system", "-s", help="System message.")] = None,
    base_url: Annotated[
        str | None,
        typer.Option(envvar="PRUDENT_BASE_URL", help="Server to ask; without one the model runs here."),
    ] = None,
    policy: Annotated[str | None, typer.Option(help="Policy of the checks: a name or a file.")] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=2.0,
            help="0 takes the likeliest word; higher varies more. Else it is as the model's makers advise.",
        ),
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Most tokens in an answer.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
) -> None:
    """Talk to a model in the terminal or through a pipe.

    With a question, or with text piped in, it answers once and exits: `git diff | prudent chat "Summarize
    this"`. Without either it is a conversation. The answer goes to stdout, remarks of the checks to stderr.
    """
    from prudent.cli.answer import answer_once
    from prudent.cli.connect import open_client
    from prudent.cli.conversation import Conversation, Options, question_about
    from prudent.cli.repl import run
    from prudent.cli.terminal import read_piped_text
    from prudent.cli.waiting import Waiting

    content = question_about(question, read_piped_text())
    if content is None and as_json:
        raise typer.BadParameter("it needs a question, as an argument or through a pipe", param_hint="--json")
    if content is not None and not content:
        raise typer.BadParameter("nothing came through the pipe", param_hint="QUESTION")
    waiting = Waiting()
    with open_client(base_url, model=model, policy=policy, progress=waiting) as client:
        conversation = Conversation(client, Options(model, system, temperature, max_tokens))
        if content is None:
            run(client, conversation, waiting)
        else:
            raise typer.Exit(answer_once(conversation, content, waiting, as_json=as_json))
