"""tau2's retail tasks without a simulated user: the whole instruction at once, the final database counts.

Left out are tasks whose right end is a database that nothing has changed in: an agent that does nothing
would be right. Knows no agent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent_tasks.retail import done, retail
from agent_tasks.task import Outcome, Task, World

_ASKED = "{}\nThe customer has confirmed every step of this already: do it now, without asking again."


def tau2(folder: Path) -> list[Task]:
    """The retail tasks that change something."""
    place = folder / "tau2" / "retail"
    tables = (place / "db.json").read_text(encoding="utf-8")
    before = json.loads(tables)
    schemas = json.loads((place / "tools.json").read_text(encoding="utf-8"))
    policy = (place / "policy.md").read_text(encoding="utf-8")
    lines = (place / "tasks.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]

    def made(record: dict[str, Any]) -> Task | None:
        expected = done(json.loads(tables), record["expected"]["actions"])
        if expected == before:
            return None

        def check(_: Outcome, world: World) -> bool:
            return world.state == expected

        def world() -> World:
            return retail(schemas, json.loads(tables))

        goal = _ASKED.format(record["task"])
        return Task(record["id"], goal, world, check, "tau2", instructions=policy)

    return [task for record in records if (task := made(record)) is not None]
