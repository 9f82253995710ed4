"""Other ways to find near vectors, for retrieval.py: all cosines in numpy, and sqlite-vec.

sqlite-vec is an extension of SQLite, which many builds of Python cannot load; so it runs in apsw's SQLite.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

PLACES = 50


def exact_peers(folder: Path, vectors: Any) -> dict[str, Callable[[Any], Any]]:
    """What is installed, each a function from a question's vector to its nearest places."""
    peers: dict[str, Callable[[Any], Any]] = {
        "peer: all cosines in numpy, float32 in memory": lambda query: np.argpartition(
            -(vectors @ query), PLACES
        )
    }
    if find_spec("apsw") and find_spec("sqlite_vec"):
        peers |= {
            f"peer: sqlite-vec {kind}": _sqlite_vec(folder, vectors, kind) for kind in ("float", "int8")
        }
    return peers


def _sqlite_vec(folder: Path, vectors: Any, kind: str) -> Callable[[Any], Any]:
    import apsw
    import sqlite_vec

    connection = apsw.Connection(str(folder / f"{kind}.db"))
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        f"CREATE VIRTUAL TABLE v USING vec0 (e {kind}[{vectors.shape[1]}] distance_metric=cosine)"
    )
    scale = float(np.abs(vectors).max())
    given = "vec_int8(?)" if kind == "int8" else "?"

    def encoded(rows: Any) -> Any:
        return np.clip(np.rint(rows / scale * 127), -127, 127).astype(np.int8) if kind == "int8" else rows

    with connection:
        rows = encoded(vectors)
        connection.executemany(
            f"INSERT INTO v (rowid, e) VALUES (?, {given})",
            ((place + 1, row.tobytes()) for place, row in enumerate(rows)),
        )

    def ask(query: Any) -> list[Any]:
        found = connection.execute(
            f"SELECT rowid FROM v WHERE e MATCH {given} AND k = {PLACES}", (encoded(query).tobytes(),)
        )
        return found.fetchall()

    return ask
