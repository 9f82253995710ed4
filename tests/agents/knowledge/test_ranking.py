"""The quick look finds what all cosines find, and keeps up with what is added, removed and relabelled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from word_vectors import WordVectors

from prudent_agents.knowledge import KnowledgeBase, tables
from prudent_agents.knowledge.vectors import SignIndex, packed, unpacked
from prudent_agents.labels import Confidentiality
from prudent_agents.sqlite_file import SqliteFile


def cone(count: int, seed: int = 0) -> np.ndarray:
    """Vectors that lie as near to each other as those of E5, in groups."""
    random = np.random.default_rng(seed)
    groups = random.normal(size=(count // 20, 384))[np.arange(count) % (count // 20)]
    rows = 6 * random.normal(size=384) / 384**0.5 * 20 + groups + random.normal(size=(count, 384))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_a_byte_a_number_is_enough_for_cosines() -> None:
    vectors = cone(200)
    kept = unpacked(packed(vectors))
    assert np.abs(kept @ vectors.T - vectors @ vectors.T).max() < 2e-3


def test_the_quick_look_finds_what_all_cosines_find() -> None:
    vectors = cone(6000)
    index = SignIndex()
    index.centre(vectors[:2000])
    rows = [(place + 1, place % 3, row) for place, row in enumerate(packed(vectors))]
    index.extend(rows[:100])
    index.extend(rows[100:])
    shares = []
    for place in range(0, 6000, 600):
        for rank in range(3):
            allowed = np.flatnonzero(np.arange(6000) % 3 <= rank)
            exact = allowed[np.argsort(-(vectors[allowed] @ vectors[place]))[:5]] + 1
            near = index.nearest(vectors[place], rank, 400)
            assert len(near) == 400
            assert all((one - 1) % 3 <= rank for one in near)
            shares.append(len(set(exact.tolist()) & set(near)) / 5)
    assert np.mean(shares) > 0.97
    assert index.memory < 6000 * 2 * 60


def test_ghosts_of_removed_passages_are_forgotten_in_time(tmp_path: Path) -> None:
    with KnowledgeBase(tmp_path / "kb.db", WordVectors()) as kb:  # pyright: ignore[reportArgumentType]
        kb.add_text("kept", "The lighthouse stands on a rock.")
        for round_ in range(2):
            kb.add_text("many", "\n\n".join(f"{round_} {place}. " * 120 for place in range(520)))
            assert kb.search("lighthouse rock", mode="meaning", limit=1)[0].document == "kept"
            kb.remove("many")
        assert [one.document for one in kb.search("lighthouse", limit=10)] == ["kept"]


CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from word_vectors import WordVectors
from prudent_agents.knowledge import KnowledgeBase
kb = KnowledgeBase(sys.argv[1], WordVectors())
print("ready", flush=True)
for round_ in range(10000):
    kb.add_text(f"document {round_ % 3}", f"Round {round_} of the ferry. " * 300)
"""


@pytest.mark.parametrize("milliseconds", [20, 150])
def test_a_killed_process_leaves_whole_documents(tmp_path: Path, milliseconds: int) -> None:
    file = tmp_path / "kb.db"
    doubles = str(Path(__file__).parents[2] / "doubles")
    child = subprocess.Popen([sys.executable, "-c", CHILD, file, doubles], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    while not file.exists():
        time.sleep(0.01)
    time.sleep(milliseconds / 1000)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    opened = SqliteFile(file, tables.KIND)
    with opened.changing() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counts = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("passages", "vectors")
        ]
        assert counts[0] == counts[1] == int(tables.fact(connection, "passages") or 0)
        for document in tables.documents(connection):
            assert document.confidentiality is Confidentiality.PRIVATE
            text = tables.document_text(connection, document.name) or ""
            rounds = connection.execute(
                "SELECT count(*) FROM words WHERE words MATCH ?", (f'"{text.split()[1]}"',)
            ).fetchone()[0]
            assert rounds == document.passages
    opened.close()
