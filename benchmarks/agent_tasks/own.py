"""The 60 tasks of our own, 15 of them Chinese, over four backends. Knows no agent."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_tasks.checking import expected_holds
from agent_tasks.handbook import handbook
from agent_tasks.home import home
from agent_tasks.office import office
from agent_tasks.shop import shop
from agent_tasks.task import Outcome, Task, World

TUNING = 20
BACKENDS = {"home": home, "office": office, "shop": shop, "handbook": handbook}


def own_tasks() -> list[Task]:
    """All of them, in the order of the files."""
    here = Path(__file__).parent
    return [
        _task(name, json.loads(line))
        for name in BACKENDS
        for line in (here / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def _task(backend: str, record: Mapping[str, Any]) -> Task:
    make = BACKENDS[backend]
    expected: Mapping[str, Any] = record["expect"]

    def check(outcome: Outcome, world: World) -> bool:
        return expected_holds(expected, outcome, make().state, copy.deepcopy(world.state))

    kind, language = record.get("kind", "plain"), record.get("language", "en")
    return Task(record["id"], record["goal"], make, check, kind, language)
