"""A served recipe: its form, its answers, and what it takes from nobody. The model is scripted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.testing import ScriptedModel, scripted_app, scripted_client
from prudent_agents.recipes import Recipe
from prudent_agents.recipes.page import form_page, result_page
from prudent_agents.recipes.serving import recipe_app
from prudent_agents.values import JSON

RECIPE = """\
prudent: recipe/1
name: note-desk
about: Reads a note & files it.
parameters:
  note: {type: text, about: The note, longest: 500, trust: untrusted}
  kind: {type: enum, choices: [low, high], about: How urgent}
  count: {type: integer, about: How many, minimum: 1, maximum: 9, default: 2}
  paper: {type: file, about: A paper, optional: true, endings: [.txt]}
  out: {type: folder, about: Where to}
tools:
  - files.write: {ask: always, with: {root: $out}}
steps:
  task: {fill: {what: text up to 40}, from: $note}
  keep: {tool: files.write, with: {path: task.txt, text: $task.what}}
output: {task: $task.what, kept: $keep.path}
"""


class Controls(HTMLParser):
    """What a form has: fields, labels, and anything that would be a script or a style of its own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str | None]] = {}
        self.labelled: set[str] = set()
        self.ids: set[str] = set()
        self.active: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {str(given["id"])} if "id" in given else set()
        if tag in ("input", "select", "textarea"):
            self.fields[str(given["name"])] = given
        if tag == "label":
            self.labelled.add(str(given["for"]))
        if tag in ("script", "style") or any(name.startswith("on") or name == "style" for name in given):
            self.active.append(tag)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Generator[TestClient]:
    out = tmp_path_factory.mktemp("out")
    recipe = Recipe(RECIPE, "recipe.yaml")
    with scripted_client(ScriptedModel('{"what": "call <b>Ann</b>"}')) as model:
        app = recipe_app(recipe, fixed={"out": str(out)}, client=model)
        with TestClient(app, base_url="http://127.0.0.1") as client:
            yield client


def test_the_form_is_made_of_the_parameters(http: TestClient) -> None:
    answer = http.get("/")
    form = Controls(answer.text)
    assert set(form.fields) == {"note", "kind", "count", "paper"}, "what is fixed is not asked for"
    assert form.labelled == set(form.fields)
    assert form.active == []
    assert "Reads a note &amp; files it." in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert http.get("/form.css").status_code == 200


def test_what_is_wrong_is_summed_up_and_said_at_the_field(http: TestClient) -> None:
    answer = http.post("/", data={"note": "call Ann", "kind": "low", "count": "12"}, files={})
    assert answer.status_code == 422
    form = Controls(answer.text)
    assert 'role="alert"' in answer.text
    assert 'href="#count"' in answer.text
    assert form.fields["count"]["aria-invalid"] == "true"
    assert set(str(form.fields["count"]["aria-describedby"]).split()) <= form.ids
    assert "call Ann" in answer.text, "what was given is not lost"


@contextmanager
def served(recipe: str, said: str, **fixed: str) -> Generator[TestClient]:
    """A recipe behind its form, with a model that says one thing."""
    transport = AsyncAppTransport(lambda: scripted_app(ScriptedModel(said)))
    asked = AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    app = recipe_app(Recipe(recipe, "recipe.yaml"), fixed=fixed, client=asked)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client
    transport.thread.close()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[TestClient]:
    """The recipe with a scripted model, and a folder to write into."""
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    with served(RECIPE, '{"what": "call <b>Ann</b>"}', out=str(tmp_path / "out")) as client:
        yield client


def test_a_program_runs_it_and_a_person_says_yes_once(running: TestClient, tmp_path: Path) -> None:
    told = running.post("/run", json={"note": "Call Ann", "kind": "low"}).json()
    assert (told["status"], told["asks"]["tool"]) == ("paused", "files.write"), told
    assert not (tmp_path / "out" / "task.txt").exists()
    word = {"run": told["run"], "digest": told["asks"]["digest"], "decision": "yes"}
    assert running.post("/decide", data=word | {"digest": "another"}).status_code == 400
    page = running.post("/decide", data=word)
    assert page.status_code == 200
    assert "call &lt;b&gt;Ann" in page.text
    assert (tmp_path / "out" / "task.txt").read_text() == "call <b>Ann</b>"
    assert running.post("/decide", data=word).status_code == 400, "a word counts once"


def test_a_person_is_asked_on_a_page_and_no_writes_nothing(running: TestClient, tmp_path: Path) -> None:
    page = running.post("/", data={"note": "Call Ann", "kind": "low"})
    form = Controls(page.text)
    assert form.active == []
    word = {name: str(form.fields[name]["value"]) for name in ("run", "digest")}
    refused = running.post("/decide", data=word | {"decision": "no"})
    assert "refused" in refused.text
    assert list((tmp_path / "out").iterdir()) == []


def test_programs_may_not_name_paths_or_what_is_fixed(http: TestClient) -> None:
    assert http.post("/run", json={"paper": "/etc/passwd"}).json()["error"]["param"] == "paper"
    assert http.post("/run", json={"out": "/etc"}).json()["error"]["param"] == "out"


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"content-length": "99999999"}]
)
def test_other_sites_are_refused(http: TestClient, headers: dict[str, str]) -> None:
    assert http.post("/run", json={"note": "x"}, headers=headers).status_code == 403


CHINESE = """\
prudent: recipe/1
name: chuchai
about: 算出差的费用,并写一句说明。
parameters:
  城市: {type: text, about: 去哪里}
  天数: {type: integer, minimum: 1}
  急: {type: yes/no, default: false}
tools: [calculator]
steps:
  费用: {tool: calculator, with: {expression: "300 * 3"}}
  报告: {fill: {城市: text up to 20, 备注: list of text}, from: [$城市, $天数], when: $费用 > 0}
output: {费用: $费用, 城市: $报告.城市, 备注: $报告.备注}
"""


def test_a_chinese_recipe_has_chinese_names_and_a_chinese_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    with served(CHINESE, '{"城市": "成都", "备注": ["a<b", "带伞"]}') as client:
        asked = client.get("/").text
        wrong = client.post("/", data={"城市": "成都", "天数": "0", "急": "no"}, files={}).text
        page = client.post("/", data={"城市": "成都", "天数": "2", "急": "yes"}, files={}).text
    assert '<html lang="zh">' in asked
    assert set(Controls(asked).fields) == Controls(asked).labelled == {"城市", "天数", "急"}
    assert not any(word in asked for word in ("Run", "optional", "Choose", "yes<", "at least"))
    assert Controls(wrong).fields["天数"]["aria-invalid"] == "true"
    assert '<tr><th scope="row">费用</th><td>900</td></tr>' in page
    assert '<tr><th scope="row">城市</th><td>成都</td></tr>' in page
    assert "<td><ul><li>a&lt;b</li><li>带伞</li></ul></td>" in page


@pytest.mark.parametrize(
    ("output", "html"),
    [
        ("a\nb <i>", '<p class="text">a\nb &lt;i&gt;</p>'),
        (None, '<p class="text">nothing</p>'),
        ([], '<p class="text">nothing</p>'),
        ({"paid": True, "on": None}, '<th scope="row">paid</th><td>yes</td>'),
        (
            [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
            '<th scope="col">b</th></tr></thead><tbody><tr><td>1</td>',
        ),
        ([{"a": 1}, {"b": 2}], '<li><table><tbody><tr><th scope="row">a</th><td>1</td>'),
        ({"lines": [{"item": "tea", "of": [1, 2]}]}, "<td><ul><li>1</li><li>2</li></ul></td>"),
    ],
)
def test_results_are_shown_as_people_read_them(output: JSON, html: str) -> None:
    assert html in result_page(Recipe(RECIPE, "recipe.yaml").document, "done", output, None)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium")
def test_a_browser_shows_the_form(tmp_path: Path) -> None:
    recipe = Recipe(RECIPE, "recipe.yaml")
    page = tmp_path / "form.html"
    page.write_text(form_page(recipe.document, recipe.document.parameters, {}, {"note": "missing"}))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    form = Controls(done.stdout)
    assert set(form.fields) == set(recipe.document.parameters)
    assert form.labelled == set(form.fields)
