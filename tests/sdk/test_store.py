"""A name opens a compiled decoder: fetched, compiled once whoever asks, kept, told apart by content."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from prudent.catalog import Catalog
from prudent.catalog.added import forget
from prudent.catalog.entry import LocalFile
from prudent.catalog.fetch import remove
from prudent.errors import (
    ConflictError,
    InvalidRequestError,
    ModelFileError,
    ModelNotFoundError,
    UnsupportedModelError,
)
from prudent.store import model_state, open_decoder, open_encoder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache of its own, without network."""
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PRUDENT_OFFLINE", "1")
    return tmp_path / "home"


@pytest.fixture
def mine(home, make_tiny):
    """The id of a user's own model, added and not compiled yet."""
    Catalog.load().add(make_tiny(), "mine")
    return "mine"


def test_compiles_once_and_then_opens_what_is_there(mine):
    entry = Catalog.load().get(mine)
    assert model_state(entry, "float32") == "fetched"
    events = []
    first = open_decoder(mine, target="float32", progress=events.append)
    assert {event.stage for event in events} == {"compile"}
    assert first.card.sources[0].sha256 == entry.files[0].sha256
    again = []
    second = open_decoder(mine, target="float32", progress=again.append)
    assert (second.folder, again) == (first.folder, [])
    assert model_state(entry, "float32") == "compiled"
    assert model_state(entry) == "fetched"


def test_other_content_under_the_same_id_is_compiled_anew(mine, make_tiny):
    first = open_decoder(mine, target="float32").folder
    forget(mine)
    Catalog.load().add(make_tiny(seed=1), mine)
    assert open_decoder(mine, target="float32").folder != first


def test_folder_without_a_card_is_compiled_again(mine):
    folder = open_decoder(mine, target="float32").folder
    (folder / "card.json").unlink()
    assert open_decoder(mine, target="float32").card.id == mine


def test_failed_compile_leaves_the_model_fetched(home, make_tiny, architecture):
    Catalog.load().add(make_tiny(architecture("mamba")), "other")
    with pytest.raises(UnsupportedModelError, match="mamba"):
        open_decoder("other")
    assert model_state(Catalog.load().get("other")) == "fetched"


def test_damaged_file_of_the_user_is_a_model_file_error(home, make_tiny):
    source = make_tiny()
    source.write_bytes(source.read_bytes()[:20_000])
    Catalog.load().add(source, "cut")
    with pytest.raises(ModelFileError, match="cut short"):
        open_decoder("cut")


def test_model_for_another_task_is_named_as_such(home):
    other = next(entry for entry in Catalog.load().entries if entry.task != "chat")
    with pytest.raises(InvalidRequestError, match=other.task):
        open_decoder(other.id)


def test_encoder_opens_by_the_same_rules(home):
    with pytest.raises(InvalidRequestError, match="for chat, not for embeddings"):
        open_encoder("smollm2-135m-instruct")
    with pytest.raises(ConflictError, match="not fetched"):
        open_encoder("multilingual-e5-small", pull=False)
    assert model_state(Catalog.load().get("multilingual-e5-small")) == "available"


def test_encoder_is_compiled_once_and_removed_with_the_model(e5_file, home):
    shipped = Catalog.load().get("multilingual-e5-small")
    here = LocalFile(path=e5_file, modified_ns=e5_file.stat().st_mtime_ns)
    entry = shipped.model_copy(update={"id": "mine", "local": here})
    catalog, first, again = Catalog([entry]), [], []
    folder = open_encoder("mine", progress=first.append, catalog=catalog).folder
    assert {event.stage for event in first} == {"compile", "measure"}
    assert open_encoder("mine", progress=again.append, catalog=catalog).folder == folder
    assert (again, model_state(entry)) == ([], "compiled")
    assert remove(entry) > 100_000_000
    assert not folder.exists()


def test_unknown_model_and_one_not_fetched(home):
    with pytest.raises(ModelNotFoundError):
        open_decoder("smollm3")
    with pytest.raises(ConflictError, match="not fetched"):
        open_decoder("smollm2-135m-instruct", pull=False)
    assert model_state(Catalog.load().get("smollm2-135m-instruct")) == "available"


def test_of_two_processes_one_compiles_and_the_other_waits(mine):
    code = textwrap.dedent("""
        import time
        from prudent.store import open_decoder
        def tell(event):
            print(event.stage, flush=True)
            if event.stage == "compile": time.sleep(0.3)
        print(open_decoder("mine", target="float32", progress=tell).folder)
    """)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("compile" in output for output in outputs) == 1
    assert outputs[0][-1] == outputs[1][-1]


def test_import_is_light():
    code = "import sys, prudent.store; print([m for m in ('numpy', 'onnx', 'gguf') if m in sys.modules])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
