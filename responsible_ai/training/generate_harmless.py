"""Has the local chat model write harmless messages with words that attacks and harms use, one a line.

    python responsible_ai/training/generate_harmless.py OUT [--minutes 10] [--model ID]

Templates repeat themselves; a model's sentences do not. What it is asked for stands in
`templates/generated_subjects.yaml`. A line is kept where it holds the word and none of the phrases that make
an attack; OUT is to be looked through before it is learnt from. Lines are `language<tab>subject<tab>text`.
The order of the subjects and the seeds are fixed; how far it gets depends on the minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from filling import slots_of

from prudent import AsyncClient

SUBJECTS = Path(__file__).parent / "templates" / "generated_subjects.yaml"
SEED = 20261129
STREAMS = 8
MOST_TOKENS = 220
LENGTHS = (12, 400)
_NUMBER = re.compile(r"^\s*(?:[-*•]|\(?\d+[.):、]?\)?)\s*")
_QUOTES = "\"'“”「」"
_TOO_LIKE = re.compile(
    r"\b(ignor|forget|disregard|overrid|bypass)\w*\W+(?:\w+\W+){0,4}(instruct|rule|prompt|guideline|restrict)"
    r"|jailbreak\w* (an?|the|your) (ai|assistant|model)|system prompt"
    r"|your (instruction|rule|prompt|guideline)"
    r"|(忽略|忘记|无视|绕过)[^。]{0,8}(指令|规则|提示词|限制)|系统提示词|你的(指令|规则|提示词)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wanted:
    """Messages that are asked for at once: `word` has to be in each, where there is one."""

    language: str
    subject: str
    prompt: str
    word: str | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b-instruct")
    asked = parser.parse_args()
    asyncio.run(_write(asked.out, asked.model, asked.minutes))


async def _write(out: Path, model: str, minutes: float) -> None:
    deadline = time.monotonic() + minutes * 60
    wanted = enumerate(wanted_messages())
    seen: set[str] = set()
    with out.open("w", encoding="utf-8") as file:
        async with AsyncClient(model=model, policy="off") as client:

            async def work() -> None:
                for number, one in wanted:
                    if time.monotonic() > deadline:
                        return
                    answer = await client.chat.completions.create(
                        messages=[{"role": "user", "content": one.prompt}],
                        max_tokens=MOST_TOKENS,
                        temperature=0.9,
                        top_p=0.95,
                        seed=SEED + number,
                    )
                    for text in lines_of(answer.choices[0].message.content or "", one):
                        if text not in seen:
                            seen.add(text)
                            file.write(f"{one.language}\t-\t{one.subject}\t{text}\n")
                    file.flush()

            await asyncio.gather(*(work() for _ in range(STREAMS)))
    sys.stdout.write(f"{len(seen)} messages\n")


def wanted_messages() -> Iterator[Wanted]:
    """All that is asked for, in an order drawn once: each word with subjects in turn."""
    found = yaml.safe_load(SUBJECTS.read_text(encoding="utf-8"))
    wanted: list[Wanted] = []
    for group in found["groups"]:
        lists = slots_of({name: group[name] for name in ("words", "subjects") if name in group})
        words: tuple[str | None, ...] = lists.get("words", (None,))
        subjects = itertools.cycle(lists["subjects"])
        for _, word in itertools.product(range(group["each"]), words):
            for subject in itertools.islice(subjects, group.get("at_once", 1)):
                prompt = group["prompt"].format(word=word, subject=subject)
                wanted.append(Wanted(group["language"], group["name"], prompt, word))
    order = np.random.default_rng(SEED).permutation(len(wanted))
    return (wanted[index] for index in order)


def lines_of(answer: str, wanted: Wanted) -> Iterator[str]:
    """The lines of an answer that are kept, without numbers and quotation marks."""
    for line in answer.splitlines()[:-1]:
        text = _NUMBER.sub("", line).strip().strip(_QUOTES).strip()
        if not LENGTHS[0] <= len(text) <= LENGTHS[1] or text.endswith((":", "：")) or _TOO_LIKE.search(text):
            continue
        if wanted.word is None or wanted.word.lower()[:5] in text.lower():
            yield text


if __name__ == "__main__":
    main()
