"""A served recipe in a real browser: filled in by label and keyboard, under its policy. Needs Chromium."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from prudent.client import AsyncClient
from prudent.client.transports import AsyncAppTransport
from prudent.testing import ScriptedModel, scripted_app
from prudent_agents.recipes import Recipe
from prudent_agents.recipes.serving import recipe_app

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
RECIPE = """\
prudent: recipe/1
name: note-desk
about: Reads a note & files it.
parameters:
  note: {type: text, about: The note, trust: untrusted}
  count: {type: integer, about: How many, minimum: 1, maximum: 9}
  paper: {type: file, about: A paper, optional: true, endings: [.txt]}
  out: {type: folder, about: Where to}
tools:
  - files.write: {ask: always, with: {root: $out}}
steps:
  task: {fill: {what: text up to 40}, from: $note}
  keep: {tool: files.write, with: {path: task.txt, text: $task.what}}
output: {task: $task.what}
"""
ADD_SCRIPT = """() => {
    const one = document.createElement("script");
    one.textContent = "window.ran = true";
    document.body.append(one);
    document.body.style.color = "red";
    return window.ran === true;
}"""


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "home"))
    (tmp_path / "out").mkdir()
    model = ScriptedModel('{"what": "call <b>Ann</b>"}')
    transport = AsyncAppTransport(lambda: scripted_app(model))
    client = AsyncClient(http_client=httpx.AsyncClient(transport=transport))
    app = recipe_app(Recipe(RECIPE, "recipe.yaml"), fixed={"out": str(tmp_path / "out")}, client=client)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    transport.thread.close()


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of a browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page()
        made.set_default_timeout(60_000)
        yield made
        browser.close()


def test_a_person_fills_it_in_and_decides(address: str, page: Any, tmp_path: Path) -> None:
    """By labels and keys alone; what is wrong is announced; no script of anybody's runs."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    assert page.get_by_role("heading", level=1).inner_text() == "note-desk"
    assert said == [], "nothing of the page's own is against its policy"
    assert page.evaluate(ADD_SCRIPT) is False
    assert any("Content Security Policy" in one for one in said)

    page.get_by_label("The note").fill("Call Ann")
    page.get_by_label("How many").fill("12")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    assert "at most" in alert.inner_text() or "the most there may be" in alert.inner_text()
    alert.get_by_role("link").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("How many")
    assert page.evaluate("() => location.hash") == "#count"
    assert field.get_attribute("aria-invalid") == "true"
    assert page.get_by_label("The note").input_value() == "Call Ann", "what was written is not lost"

    field.fill("3")
    page.get_by_role("button", name="Run").press("Enter")
    assert page.get_by_role("heading", level=1).inner_text() == "note-desk asks"
    assert page.get_by_role("row", name="text").get_by_role("cell").first.inner_text() == '"call <b>Ann</b>"'
    assert list((tmp_path / "out").iterdir()) == []
    page.get_by_role("button", name="Do it", exact=True).press("Enter")
    assert page.get_by_role("heading", level=1).inner_text() == "note-desk: done"
    assert (tmp_path / "out" / "task.txt").read_text() == "call <b>Ann</b>"
