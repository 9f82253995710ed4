"""Prompts for benchmarks whose subject is what a prompt says: texts to work on, and free questions.

Reads `mt_bench.jsonl`, `vicuna_bench.jsonl` and `quac_dialogues.jsonl` where a folder has them; without,
a few of its own. Half of each is for tuning, the other half for figures: nothing is reported on what it was
tuned on.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from pathlib import Path

LOAD = Path(__file__).parents[2] / "shared" / "data" / "load"
_TEXT = (
    "The ferry between the two islands was built in 1931 in Glasgow. It carried 240 passengers and nine cars."
    " In the winter of 1947 the ferry was caught in ice for eleven days, and the passengers walked ashore."
    " After the bridge was opened in 1974 the ferry was sold to a museum, where it can be seen in summer."
)
_QUESTIONS = (
    "How can I improve my time management?",
    "Explain how a bicycle stays upright.",
    "Write a short story about a lighthouse keeper.",
    "What should I think about before I buy a used car?",
    "Describe a day in the life of a medieval baker.",
    "How do vaccines work?",
)
_ORDERS = (
    "Correct the spelling of this text and repeat it in full, changing as little as you can:\n\n{text}",
    "Summarise this text in its own words, sentence by sentence:\n\n{text}",
    "Rewrite this text in full with every year put in square brackets:\n\n{text}",
    "Quote from this text every sentence that has a name in it:\n\n{text}",
)
_CODE_ORDERS = (
    "Add a docstring to each function and give back the whole code:\n\n```python\n{text}\n```",
    "Rename the first function to `run` and give back the whole code:\n\n```python\n{text}\n```",
)


def free(folder: Path, *, tuning: bool) -> list[str]:
    """Questions whose answers are not in them."""
    found = [
        line["turns"][0]
        for name in ("mt_bench", "vicuna_bench")
        for line in _lines(folder / f"{name}.jsonl")
        if line["category"] not in ("extraction", "coding", "math")
    ]
    return _half(found or list(_QUESTIONS), tuning)


def edits(folder: Path, *, tuning: bool) -> list[str]:
    """Orders to summarise, quote or edit a text or a piece of code that is given."""
    texts = [line["passage"][:1000] for line in _lines(folder / "quac_dialogues.jsonl")[:60]] or [_TEXT] * 4
    prose = [_ORDERS[n % len(_ORDERS)].format(text=text) for n, text in enumerate(_half(texts, tuning))]
    functions = [textwrap.shorten, textwrap.fill, textwrap.dedent, textwrap.indent, json.dump, json.load]
    code = [inspect.getsource(function)[:1500] for function in _half(functions, tuning)]
    orders = [_CODE_ORDERS[n % len(_CODE_ORDERS)].format(text=text) for n, text in enumerate(code)]
    # One piece of code after four of prose.
    mixed: list[str] = []
    for number, order in enumerate(prose):
        mixed.append(order)
        if number % 4 == 3 and orders:
            mixed.append(orders.pop())
    return mixed


def _half(items: list, tuning: bool) -> list:
    return items[0::2] if tuning else items[1::2]


def _lines(file: Path) -> list[dict]:
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
