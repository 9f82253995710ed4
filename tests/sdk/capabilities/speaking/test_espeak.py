"""Phonemes by the real espeak-ng, against those that Piper's own bridge to it made."""

from __future__ import annotations

import json
import threading
from importlib.resources import files
from pathlib import Path

import pytest

from prudent.capabilities.speaking.espeak import Espeak, load_espeak
from prudent.errors import ConfigurationError

SENTENCES = json.loads((files("prudent.compiler.calibration") / "phonemes.json").read_bytes())
GLIDE = "ʲ"
"""Between some vowels, in Piper's build of a later espeak-ng."""


@pytest.mark.parametrize("sentence", SENTENCES, ids=[sentence["text"] for sentence in SENTENCES])
def test_phonemes_are_those_of_pipers_bridge(sentence: dict[str, str]) -> None:
    wanted = sentence["phonemes"].replace(GLIDE, "")
    assert load_espeak().phonemes(sentence["text"], "en-us") == wanted


def test_marks_that_a_voice_hears_are_kept() -> None:
    said = load_espeak().phonemes('"Well?" he said; yes: no, "go!"', "en-us")
    assert [mark for mark in said if mark in ",;:.!?"] == ["?", ";", ":", ",", "!"]


@pytest.mark.parametrize("text", ["", "...", "\0\0", "?!", "\ud800", "[[h@]]", "a" * 5000, "<b>", "%s%n"])
def test_odd_text_does_no_harm(text: str) -> None:
    assert isinstance(load_espeak().phonemes(text, "en-us"), str)


def test_threads_take_turns() -> None:
    espeak = load_espeak()
    texts = {"one two three, four.": [""] * 20, "The harbour was quiet.": [""] * 20}

    def work(text: str) -> None:
        texts[text] = [espeak.phonemes(text, "en-us") for _ in range(20)]

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(set(made)) == 1 for made in texts.values())
    assert len({made[0] for made in texts.values()}) == 2


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no voice xx-nowhere"):
        load_espeak().phonemes("hello", "xx-nowhere")


def test_a_library_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        Espeak(tmp_path / "libespeak-ng.so", tmp_path)
