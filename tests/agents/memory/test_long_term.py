"""Facts are recalled by meaning, carry where they came from, and are gone from the file when forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from word_vectors import WordVectors, vector_of

from prudent.client import Client
from prudent.errors import ConfigurationError, InvalidRequestError
from prudent_agents.labels import UNTRUSTED, Confidentiality, Label
from prudent_agents.memory import LongTermMemory


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def memory(path: Path, client: object = None, clock: Clock | None = None) -> LongTermMemory:
    return LongTermMemory(path / "memory.db", client, clock=clock or Clock())  # pyright: ignore[reportArgumentType]


def test_facts_come_back_with_their_origin(tmp_path: Path) -> None:
    with memory(tmp_path, WordVectors()) as kept:
        kept.remember("Ann likes green tea.", source="run 7", subject="Ann", label=UNTRUSTED)
        kept.remember("The office opens at nine.", source="user")
    with memory(tmp_path, WordVectors()) as kept:
        best = kept.recall("what tea does Ann like")[0]
        assert (best.fact.text, best.fact.source, best.fact.label) == (
            "Ann likes green tea.",
            "run 7",
            UNTRUSTED,
        )
        assert [one.fact.subject for one in kept.recall("tea", subject="Ann")] == ["Ann"]
        assert kept.recall("tea", least=0.99) == []
        assert [fact.text for fact in kept.facts()] == ["Ann likes green tea.", "The office opens at nine."]


def test_a_fact_that_is_told_again_is_kept_once(tmp_path: Path) -> None:
    with memory(tmp_path, WordVectors()) as kept:
        first = kept.remember("Tea is green.", source="a")
        second = kept.remember("Tea is green.", source="b")
        assert kept.facts() == [second]
        assert first.id != second.id


def test_confidential_facts_are_recalled_by_those_who_may(tmp_path: Path) -> None:
    secret = Label(confidentiality=Confidentiality.SECRET)
    with memory(tmp_path, WordVectors()) as kept:
        kept.remember("The code of the safe.", source="user", label=secret)
        assert kept.recall("code of the safe") == []
        assert kept.recall("code of the safe", clearance="secret")[0].fact.label == secret


def test_what_is_forgotten_is_gone_from_the_file(tmp_path: Path) -> None:
    clock = Clock()
    with memory(tmp_path, WordVectors(), clock) as kept:
        old = kept.remember("Bob moved to Lisbon.", source="user", subject="Bob")
        clock.now += 10 * 86_400
        ann = kept.remember("Ann likes green tea.", source="user", subject="Ann")
        kept.remember("Ann has a red bicycle.", source="user", subject="Ann")
        assert kept.forget(older_than_days=5) == 1
        assert kept.forget(id=ann.id) == 1
        assert kept.forget(subject="Bob") == 0
        assert [fact.text for fact in kept.facts()] == ["Ann has a red bicycle."]
        data = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        for text in ("Lisbon", "green tea", old.id):
            assert text.encode() not in data
        assert vector_of("Bob moved to Lisbon.").tobytes() not in data
        assert vector_of("Ann has a red bicycle.").tobytes() in data, "what is kept is found this way"
        assert kept.clear() == 1


def test_wrong_use_is_said_in_words(tmp_path: Path) -> None:
    with memory(tmp_path) as kept:
        assert kept.facts() == []
        with pytest.raises(InvalidRequestError, match="not said what to forget"):
            kept.forget()
        with pytest.raises(ConfigurationError, match="without a client"):
            kept.recall("x")
    with (
        memory(tmp_path, WordVectors()) as kept,
        pytest.raises(InvalidRequestError, match="1,000 characters"),
    ):
        kept.remember("a" * 1001, source="user")


def test_the_real_encoder_recalls_what_is_meant(tmp_path: Path, e5_client: Client) -> None:
    with memory(tmp_path, e5_client) as kept:
        for text in ("Maria cannot eat nuts.", "The printer is on the second floor.", "他每天早上六点跑步。"):
            kept.remember(text, source="user")
        assert (
            kept.recall("What food should we avoid for our guest?", limit=1)[0].fact.text
            == "Maria cannot eat nuts."
        )
        assert kept.recall("他什么时候锻炼？", limit=1)[0].fact.text == "他每天早上六点跑步。"
