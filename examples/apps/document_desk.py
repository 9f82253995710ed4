"""Answers from your documents, with citations: `document_desk.py BASE FOLDER "How long is the notice?"`.

The search is the only tool. Sentences without a source, and sources that were not found, are named.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prudent import Client
from prudent_agents import Agent, Plan, Run, Tool
from prudent_agents.knowledge import KnowledgeBase
from prudent_agents.knowledge.citations import check_citations
from prudent_agents.plan import SAY, Given, Ref, Step
from prudent_agents.tools.knowledge_search import knowledge_search

INSTRUCTION = (
    "Answer the question from the passages alone. End every sentence with the number of its passage, as [1]. "
    "Say that the documents do not tell where they do not."
)


def plan(question: str) -> Plan:
    """Search, then write."""
    asked = Given(value=question, origin="request")
    return Plan(
        goal=question,
        steps=(
            Step(id="search", tool="knowledge.search", arguments={"question": asked}),
            Step(
                id="answer",
                tool=SAY,
                instruction=INSTRUCTION,
                arguments={"question": asked, "passages": Ref(step="search")},
            ),
        ),
    )


def desk(search: Tool, **options: Any) -> Agent:
    """The agent; `options` are its other ones."""
    return Agent(tools=[search], name="desk", **options)


def answered(agent: Agent, question: str) -> tuple[Run, Sequence[str]]:
    """The run, and lines about its sources: where each citation stands, and what has none."""
    run = agent.execute(plan(question))
    if run.status != "done":
        return run, [f"{run.status}: {run.error}"]
    answer = str(run.output)
    found = check_citations(answer, run.results["search"].data)
    lines = [f"[{one.passage.number}] {one.passage.document}" for one in found.found]
    lines += [f"[{number}] was not found" for number in found.unknown]
    lines += [f"no source: {answer[start:end].strip()}" for start, end in found.uncited]
    return run, list(dict.fromkeys(lines))


def main(base: str, folder: str, question: str) -> int:
    """Bring the base up to date, and answer."""
    with Client() as client, KnowledgeBase(Path(base), client) as known:
        for one in known.add(folder).failed:
            print(f"{one.name} cannot be read: {one.reason}", file=sys.stderr)
        run, lines = answered(desk(knowledge_search(known), client=client), question)
    print(run.output, *lines, sep="\n")
    return 0 if run.status == "done" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
