"""Does an agent say so where its documents do not? Questions with and without an answer, English and Chinese.

    python benchmarks/silence.py [--language en|zh] [--model qwen2.5-coder-0.5b-instruct] [--keep]

Seven short documents, of which no threshold has seen anything, and ten questions of each kind a language
(`silence_questions.json`). Right is an answer that has the value, and for an unanswerable question one that
says that the documents do not say it. A value beside "the nearest" counts as right: it is quoted.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from machine import keep

from prudent import Client
from prudent_agents import Agent
from prudent_agents.knowledge import KnowledgeBase

QUESTIONS = Path(__file__).with_name("silence_questions.json")
_SILENT = "documents do not say|documents may say|资料里没有|安全检查移除"


def measured(client: Client, asked: Mapping[str, Any], model: str | None) -> dict[str, Any]:
    """Right answers of each kind, seconds a question, and what was said that is wrong."""
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase(Path(folder) / "kb.db", client) as base:
        for name, text in asked["documents"].items():
            base.add_text(name, text)
        agent = Agent(client=client, knowledge=base, model=model, durable=False)
        kinds = {
            "answerable": asked["answerable"],
            "unanswerable": dict.fromkeys(asked["unanswerable"], _SILENT),
        }
        right, wrong, began = dict.fromkeys(kinds, 0), dict[str, str](), time.perf_counter()
        for kind, wanted in kinds.items():
            for question, pattern in wanted.items():
                said = str(agent.run(question).output)
                if re.search(pattern, said):
                    right[kind] += 1
                else:
                    wrong[question] = said
        seconds = (time.perf_counter() - began) / sum(map(len, kinds.values()))
    return {**right, "of": len(asked["answerable"]), "seconds": round(seconds, 2), "wrong": wrong}


def main() -> None:
    """Ask all of it and print what was right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--language", choices=("en", "zh"))
    parser.add_argument("--model")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with Client() as client:
        every = json.loads(QUESTIONS.read_text(encoding="utf-8"))
        languages = [options.language] if options.language else list(every)
        results = {language: measured(client, every[language], options.model) for language in languages}
    print(json.dumps(results, indent=1, ensure_ascii=False))
    if options.keep:
        print(keep("silence", vars(options), results).name)


if __name__ == "__main__":
    main()
