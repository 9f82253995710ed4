"""Classifiers over the wire with the real encoder: trained, asked, listed, removed, checked on the way."""

from __future__ import annotations

import asyncio
import csv
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from prudent.capabilities.embeddings import EmbeddingModel
from prudent.cli.main import app as cli
from prudent.client import AsyncClient, Client
from prudent.client.transports import AppTransport, AsyncAppTransport
from prudent.errors import ConflictError, ContentFilterError, InvalidRequestError, ModelNotFoundError
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer, ScriptedModels

REQUESTS = Path(__file__).parents[2] / "data" / "classifiers" / "requests.csv"


class OneEncoder(ScriptedModels):
    """A pool whose only model is an encoder."""

    def __init__(self, encoder: EmbeddingModel) -> None:
        super().__init__([])
        self._encoder = encoder

    @asynccontextmanager
    async def lease(self, capability, name=None) -> AsyncGenerator[EmbeddingModel]:
        """The encoder, to whoever wants one."""
        assert capability.task == "embeddings"
        if name not in (None, self._encoder.id):
            raise ModelNotFoundError(f"There is no model {name!r}.", param="model")
        yield self._encoder


@pytest.fixture(scope="module")
def e5_model(e5_artifact) -> Iterator[EmbeddingModel]:
    with EmbeddingModel(e5_artifact) as model:
        yield model


@pytest.fixture
def make_app(e5_model, words, tmp_path, monkeypatch):
    """Apps that keep their classifiers in a folder of the test's, and check for two words."""
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    return lambda: create_app(Settings(preload=False), pool=OneEncoder(e5_model), pipeline=words)


@pytest.fixture
def client(make_app) -> Iterator[Client]:
    with httpx.Client(transport=AppTransport(make_app), base_url="http://localhost") as http:
        yield Client(http_client=http)


def _examples() -> list[dict[str, str]]:
    with REQUESTS.open(encoding="utf-8") as file:
        return [{"text": row["text"], "label": row["label"]} for row in csv.DictReader(file)]


def test_a_spreadsheet_becomes_a_classifier_that_answers(client):
    trained = client.classifiers.train("requests", REQUESTS, group="language")
    assert trained.card.accuracy.value > 0.85
    assert {group.group for group in trained.card.groups} == {"en", "zh"}
    assert trained.safety.policy == "words"

    answers = client.classifiers.predict(
        "requests", ["Where is my parcel?", "怎么退款"], top_k=2, explain=True
    )
    assert [answer.answer for answer in answers.data] == ["delivery", "refund"]
    assert answers.data[0].words[0].weight > 0
    assert answers.safety.action == "allow"
    assert client.classifiers.predict("requests", "I forgot my password").label == "account"

    assert [one.id for one in client.classifiers.list().data] == ["requests"]
    assert client.classifiers.retrieve("requests").card == trained.card
    with pytest.raises(ConflictError, match="already"):
        client.classifiers.train("requests", REQUESTS)
    assert client.classifiers.delete("requests").deleted
    with pytest.raises(ModelNotFoundError):
        client.classifiers.predict("requests", "anything")


def test_texts_are_checked_before_they_are_read(client):
    examples = _examples()
    examples[3]["text"] += " forbidden"
    with pytest.raises(ContentFilterError) as caught:
        client.classifiers.train("requests", examples)
    assert caught.value.param == "examples[3].text"
    examples[3]["text"] = "Where is my private refund?"
    trained = client.classifiers.train("requests", examples)
    told = trained.prompt_filter_results
    assert [one.prompt_index for one in told] == [3]
    assert told[0].content_filter_results["private"].detected
    with pytest.raises(ContentFilterError) as caught:
        client.classifiers.predict("requests", ["fine", "this is forbidden"])
    assert caught.value.param == "input[1]"
    words = client.classifiers.predict("requests", "my private parcel", explain=True).data[0].words
    assert "private" not in {word.text for word in words}


@pytest.mark.parametrize(
    ("change", "param", "said"),
    [
        ({"examples": []}, "examples", "at least 1"),
        ({"examples": [{"text": "a", "label": "b"}] * 9}, "examples", "at least 2"),
        ({"examples": [{"label": "b"}]}, "examples[0]", "text or image"),
        ({"examples": [{"text": "a", "label": "b", "weight": 2}]}, "examples[0].weight", "weight"),
        ({"examples": [{"text": "a" * 20_001, "label": "b"}]}, "examples[0].text", "20000"),
        (
            {"examples": [{"text": "a", "label": "b"}, {"image": "aaaa", "label": "b"}]},
            None,
            "all texts or all images",
        ),
        (
            {"examples": [{"text": str(n), "label": f"{n % 400}"} for n in range(4000)]},
            "examples",
            "400 classes",
        ),
        ({"examples": [{"text": "a", "label": "b"}] * 10_001}, "examples", "10000"),
        ({"name": "../x"}, "name", "pattern"),
        ({"encoder": "none"}, "model", "no model"),
    ],
)
def test_a_training_that_cannot_be_is_refused_in_words(client, change, param, said):
    body = {"name": "x", "examples": _examples(), **change}
    with pytest.raises((InvalidRequestError, ModelNotFoundError), match=said) as caught:
        client.classifiers.train(body.pop("name"), body.pop("examples"), **body)
    if param is not None:
        assert caught.value.param == param
    assert client.classifiers.list().data == []


def test_questions_that_fit_no_classifier_are_refused(client):
    client.classifiers.train("requests", _examples())
    with pytest.raises(InvalidRequestError, match="input or image"):
        client.classifiers.predict("requests")
    with pytest.raises(InvalidRequestError, match="classifies texts, not images"):
        client.classifiers.predict("requests", image=b"GIF89a")
    with pytest.raises(ModelNotFoundError) as caught:
        client.classifiers.predict("request", "hello")
    assert caught.value.hint == "Did you mean requests?"


def test_the_awaited_client_does_the_same(make_app):
    async def main() -> None:
        async with httpx.AsyncClient(transport=AsyncAppTransport(make_app)) as http:
            client = AsyncClient(http_client=http)
            trained = await client.classifiers.train("requests", _examples(), seed=1)
            assert trained.card.method.seed == 1
            assert (await client.classifiers.predict("requests", "忘记密码")).answer == "account"
            assert (await client.classifiers.retrieve("requests")).labels == trained.labels
            assert len((await client.classifiers.list()).data) == 1
            assert (await client.classifiers.delete("requests")).id == "requests"

    asyncio.run(main())


def test_the_page_of_documentation_is_true(client, monkeypatch, capsys):
    """Its Python runs as it stands, on the file that it names."""
    page = (Path(__file__).parents[3] / "docs" / "classifiers.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    monkeypatch.chdir(REQUESTS.parent)
    exec(code.replace("from prudent import Client", ""), {"Client": lambda: nullcontext(client)})
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[-2:]] == ["delivery", "refund"]


def test_the_command_line_trains_asks_and_shows(make_app, tmp_path):
    def run(*words: str, input: str | None = None):
        done = CliRunner().invoke(cli, [*words, "--base-url", server.base_url], input=input)
        assert done.exit_code == 0, done.output
        return done

    report = tmp_path / "card.md"
    with RunningServer(make_app()) as server:
        done = run("train", "classifier", str(REQUESTS), "--group", "language", "--report", str(report))
        assert "requests.csv, UTF-8, 60 rows: texts from 'text', classes from 'label'" in done.stderr
        for heading in ("how good it is", "CLASS", "GROUP", "warning: Fewer than 20 examples"):
            assert heading in done.stdout
        asked = run("classify", "requests", "Where is my parcel?", "退款")
        assert [line.split("\t")[0] for line in asked.stdout.splitlines()] == ["delivery", "refund"]
        piped = run("classify", "requests", "--json", input="我的快递到哪里了\n\n")
        assert '"label":"delivery"' in piped.stdout
        assert "requests" in run("classifiers", "list").stdout
        assert "baseline" in run("classifiers", "show", "requests").stdout
        assert run("classifiers", "show", "requests", "--markdown").stdout == report.read_text(
            encoding="utf-8"
        )
        assert run("classifiers", "rm", "requests").stdout == "requests: removed\n"
        assert run("classifiers", "list").stdout == ""
    page = report.read_text(encoding="utf-8")
    for heading in ("# requests", "## Warnings", "## Groups", "## Limits", "sha256"):
        assert heading in page
