"""`prudent chat` in a pipe and with an argument, against a real server whose model has a script."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from prudent.runtime.artifact import DecoderArtifact
from prudent.testing import ScriptedModel
from prudent.types.chat import ChatCompletion
from prudent.types.content import Source, TextPart

Prudent = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., str]


def test_a_question_is_answered_once(prudent: Prudent, serve: Serve) -> None:
    model = ScriptedModel("Paris is the capital.")
    done = prudent("chat", "--base-url", serve(model), "What is the capital of France?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Paris is the capital.\n", "")
    assert [message.content for message in model.requests[0].messages] == ["What is the capital of France?"]


def test_a_pipe_is_answered_once(prudent: Prudent, serve: Serve) -> None:
    model = ScriptedModel("Hello!")
    done = prudent("chat", "--base-url", serve(model), stdin="hi\n")
    assert (done.returncode, done.stdout) == (0, "Hello!\n")
    assert model.requests[0].messages[0].content == "hi\n"


def test_a_pipe_beside_a_question_is_a_document(prudent: Prudent, serve: Serve) -> None:
    """What is piped in is material: it must not be trusted like the question."""
    model = ScriptedModel("It adds a file.")
    done = prudent("chat", "--base-url", serve(model), "Summarize this", stdin="+ a new file\n")
    assert done.returncode == 0
    assert model.requests[0].messages[0].content == [
        TextPart(text="+ a new file\n\n", source=Source.DOCUMENT),
        TextPart(text="Summarize this"),
    ]


def test_options_reach_the_model(prudent: Prudent, serve: Serve) -> None:
    model = ScriptedModel("one two three four")
    url = serve(model)
    done = prudent(
        *("chat", "--base-url", url, "--system", "Count.", "--temperature", "0.2", "--max-tokens", "2", "Go")
    )
    request = model.requests[0]
    assert (request.messages[0].role, request.messages[0].content) == ("system", "Count.")
    assert (request.temperature, request.token_limit) == (0.2, 2)
    assert done.stdout == "one two\n"
    assert "token limit" in done.stderr


def test_json_is_the_whole_answer(prudent: Prudent, serve: Serve) -> None:
    done = prudent("chat", "--json", "--base-url", serve(ScriptedModel("Hello!")), "Hi")
    completion = ChatCompletion.model_validate(json.loads(done.stdout))
    assert completion.text == "Hello!"
    assert completion.safety is not None
    assert done.stderr == ""


def test_what_a_check_did_is_said_on_stderr(prudent: Prudent, serve: Serve) -> None:
    model = ScriptedModel("Hello!")
    done = prudent("chat", "--base-url", serve(model, policy="strict"), "Write to ann@example.org")
    assert "ann@example.org" not in str(model.requests[0])
    assert "email redacted in the user's text" in done.stderr
    assert "ann@example.org" not in done.stderr
    assert done.stdout == "Hello!\n"


def test_a_refused_question_is_an_error_with_its_own_exit_code(prudent: Prudent, serve: Serve) -> None:
    key = "AKIA" + "QYLPMN5HGRTZ7K2D"
    model = ScriptedModel("Hello!")
    done = prudent("chat", "--base-url", serve(model, policy="strict"), f"Is {key} valid?")
    assert done.returncode == 3
    assert done.stderr.startswith("error: ")
    assert key not in done.stdout + done.stderr
    assert model.requests == []


def test_nothing_to_answer_is_told(prudent: Prudent, serve: Serve) -> None:
    done = prudent("chat", "--base-url", serve(ScriptedModel("Hello!")))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "pipe" in done.stderr


def test_a_server_that_is_not_there_is_told(prudent: Prudent) -> None:
    done = prudent("chat", "--base-url", "http://127.0.0.1:9", "Hi")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "hint: " in done.stderr


def test_an_unknown_model_is_told(prudent: Prudent, serve: Serve) -> None:
    done = prudent("chat", "--base-url", serve(ScriptedModel("Hello!")), "--model", "qwne", "Hi")
    assert done.returncode == 2
    assert "'qwne'" in done.stderr


def test_a_policy_for_a_server_is_refused(prudent: Prudent, serve: Serve) -> None:
    done = prudent("chat", "--base-url", serve(ScriptedModel("Hello!")), "--policy", "off", "Hi")
    assert done.returncode == 2
    assert "policy" in done.stderr


def test_a_real_model_answers_in_this_process(prudent: Prudent, smol_artifact: DecoderArtifact) -> None:
    done = prudent("chat", "--model", smol_artifact.card.id, "--temperature", "0", stdin="Hi")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Hello!")
    assert f"{smol_artifact.card.id}: loading" in done.stderr
