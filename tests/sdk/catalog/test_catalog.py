"""The shipped list of models, and finding one in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.catalog import Catalog
from prudent.catalog.catalog import shipped_entries
from prudent.catalog.entry import ModelEntry
from prudent.errors import ModelNotFoundError

SHIPPED = {
    "qwen2.5-coder-0.5b-instruct",
    "qwen2.5-coder-1.5b-instruct",
    "smollm2-135m-instruct",
    "whisper-tiny.en",
    "whisper-base",
    "piper-en-us-joe-medium",
    "kokoro-82m-int8",
    "all-minilm-l6-v2",
    "multilingual-e5-small",
    "pp-ocrv6-small",
    "pp-ocrv4",
    "efficientnet-lite0",
    "efficientnet-lite2",
    "open-nsfw",
    "silero-vad",
}


def test_every_model_ships_with_its_license_and_a_mirror_of_each_file():
    entries = shipped_entries()
    assert {entry.id for entry in entries} == SHIPPED
    assert all(entry.license and entry.upstream for entry in entries)
    assert all("mirror" in entry.channels for entry in entries)


def test_every_hub_revision_is_pinned():
    for entry in shipped_entries():
        if entry.hub is not None:
            assert re.fullmatch(r"[0-9a-f]{40}|v\d+\.\d+\.\d+", entry.hub.revision), entry.id
            assert entry.hub.repo.count("/") == 1


def test_no_two_models_answer_to_the_same_name():
    names = [name for entry in shipped_entries() for name in (entry.id, *entry.aliases)]
    assert len(names) == len(set(names))


def test_an_alias_finds_the_model():
    catalog = Catalog.load()
    assert catalog.get("default").id == "qwen2.5-coder-0.5b-instruct"
    assert catalog.get("smollm2-135m") is catalog.get("smollm2-135m-instruct")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("smolm2-135m", "smollm2-135m"), ("Silero-VAD", "silero-vad"), ("whisper", "whisper-tiny.en")],
)
def test_a_slip_is_answered_with_the_nearest_name(slip, meant):
    with pytest.raises(ModelNotFoundError, match=f"Did you mean.*{re.escape(meant)}") as caught:
        Catalog.load().get(slip)
    assert meant in caught.value.details["nearest"]


def test_a_name_like_no_other_is_answered_without_a_guess():
    with pytest.raises(ModelNotFoundError) as caught:
        Catalog.load().get("zzz")
    assert caught.value.message == "There is no model 'zzz'."


@given(st.text(max_size=200))
def test_any_text_is_either_a_model_or_a_short_error(text):
    catalog = Catalog(shipped_entries())
    known = {name for entry in catalog.entries for name in (entry.id, *entry.aliases)}
    if text in known:
        assert isinstance(catalog.get(text), ModelEntry)
    else:
        with pytest.raises(ModelNotFoundError) as caught:
            catalog.get(text)
        assert len(caught.value.message) < 1000


def test_a_name_of_a_megabyte_costs_nothing():
    with pytest.raises(ModelNotFoundError) as caught:
        Catalog(shipped_entries()).get("a" * 1_000_000)
    assert len(caught.value.message) < 200
