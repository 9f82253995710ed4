"""Models that the user adds: referred to by path and hash, never copied, never removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch, is_fetched, remove, verify
from prudent.errors import (
    ConfigurationError,
    ConflictError,
    IntegrityError,
    InvalidRequestError,
    ModelFileError,
    ModelNotFoundError,
)


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "My model.gguf"
    path.write_bytes(b"GGUF" + bytes(1_000))
    return path


def test_an_added_model_is_found_by_later_loads_and_used_where_it_lies(gguf):
    Catalog.load().add(gguf, "mine")
    entry = Catalog.load().get("mine")
    assert (entry.task, entry.channels, entry.bytes) == ("chat", ("local",), 1_004)
    assert fetch(entry) / entry.files[0].name == gguf


def test_a_relative_path_still_leads_there_from_elsewhere(gguf, monkeypatch, tmp_path):
    monkeypatch.chdir(gguf.parent)
    entry = Catalog.load().add(Path(gguf.name), "mine")
    monkeypatch.chdir(tmp_path.parent)
    assert (fetch(entry) / entry.files[0].name).is_file()


def test_a_changed_file_is_noticed_even_at_the_same_size(gguf):
    entry = Catalog.load().add(gguf, "mine")
    gguf.write_bytes(b"GGUF" + bytes(999) + b"x")
    os.utime(gguf, ns=(1, 1))
    with pytest.raises(IntegrityError, match="differs"):
        fetch(entry)
    with pytest.raises(IntegrityError, match="differs"):
        verify(entry)


def test_a_file_that_was_only_touched_is_still_good(gguf):
    entry = Catalog.load().add(gguf, "mine")
    os.utime(gguf, ns=(1, 1))
    assert fetch(entry) == gguf.parent


def test_a_file_that_is_gone_is_said_so(gguf):
    entry = Catalog.load().add(gguf, "mine")
    gguf.unlink()
    assert not is_fetched(entry)
    with pytest.raises(ModelFileError, match="is gone"):
        fetch(entry)


def test_removing_forgets_the_model_and_keeps_the_file(gguf):
    remove(Catalog.load().add(gguf, "mine"))
    assert gguf.is_file()
    with pytest.raises(ModelNotFoundError):
        Catalog.load().get("mine")


@pytest.mark.parametrize("id", ["", "../mine", "Mine", "a b", ".hidden", "x" * 65])
def test_an_id_that_is_not_safe_is_refused(gguf, id):
    with pytest.raises(InvalidRequestError, match="cannot name a model"):
        Catalog.load().add(gguf, id)


@pytest.mark.parametrize("id", ["silero-vad", "default", "mine"])
def test_an_id_that_is_taken_is_refused(gguf, id):
    catalog = Catalog.load()
    catalog.add(gguf, "mine")
    with pytest.raises(ConflictError, match="already names"):
        catalog.add(gguf, id)


@pytest.mark.parametrize("data", [b"", b"GGU", b"PK\x03\x04zip"])
def test_a_file_without_the_magic_is_refused(tmp_path, data):
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match="is not a GGUF file"):
        Catalog.load().add(path, "mine")


def test_a_path_that_is_no_file_is_refused(tmp_path):
    pipe = tmp_path / "pipe.gguf"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "absent.gguf", pipe):
        with pytest.raises(ModelFileError, match=r"cannot be read|is not a file"):
            Catalog.load().add(path, "mine")


def test_a_damaged_list_is_said_so(prudent_home):
    (prudent_home / "models").mkdir(parents=True)
    (prudent_home / "models" / "added.json").write_text("[{")
    with pytest.raises(ConfigurationError, match="list of added models"):
        Catalog.load()


def test_a_home_that_is_a_file_is_not_taken_for_a_damaged_list(prudent_home):
    prudent_home.write_text("")
    with pytest.raises(ConfigurationError) as raised:
        Catalog.load()
    assert "PRUDENT_HOME" in str(raised.value.hint)
