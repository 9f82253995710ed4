"""How often an answer to an open question ends in a loop, by how it is sampled. English and Chinese.

    python benchmarks/loops.py [--model ID] [--keep]

Three ways in turn for each question: what the request does not say is as the model's makers advise, as the
OpenAI API's defaults, or the likeliest token. A loop is a line that comes four times, or a passage four times
in a row. Answers have at most 400 tokens; `cut` counts those that a limit ended, `mixed` those in two
languages: Chinese characters in an English answer, words of Latin letters in a Chinese one.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from typing import Any

from machine import keep

from prudent import Client

QUESTIONS = (
    "Write a poem about the sea.",
    "Explain how rain forms.",
    "List ten ways to save energy at home.",
    "Tell me a story about a fox and a crow.",
    "What are the advantages of living in a city?",
    "Write an email to my landlord about a broken heater.",
    "Give me a week of dinner ideas.",
    "Describe the history of the bicycle.",
    "How do I learn to swim as an adult?",
    "Explain recursion to a child.",
    "Write a product description for a desk lamp.",
    "What should I pack for a week in the mountains?",
    "写一首关于春天的诗。",
    "介绍一下北京的历史。",
    "怎样才能睡得更好?",
    "给老师写一封请假信。",
    "列出十种健康的早餐。",
    "讲一个关于乌鸦和狐狸的故事。",
    "解释一下什么是通货膨胀。",
    "写一段手机的产品介绍。",
)
WAYS: dict[str, dict[str, Any]] = {
    "as the makers advise": {},
    "as OpenAI's defaults": {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0},
    "the likeliest token": {"temperature": 0.0},
}
TOKENS = 400
_HAN, _LATIN = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]{4,}")
_IN_A_ROW = re.compile(r"(.{8,200}?)\1{3,}", re.DOTALL)


def is_loop(text: str) -> bool:
    """Whether a text repeats a line, or a passage in a row, four times."""
    lines = Counter(line.strip() for line in text.splitlines() if line.strip())
    return max(lines.values(), default=0) >= 4 or _IN_A_ROW.search(text) is not None


def is_mixed(question: str, text: str) -> bool:
    """Whether an answer is in another language than its question, in parts at least."""
    return (_LATIN if _HAN.search(question) else _HAN).search(text) is not None


def main() -> None:
    """Ask and count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model")
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    found = {way: {"loops": 0, "mixed": 0, "cut": 0, "of": len(QUESTIONS)} for way in WAYS}
    with Client(model=asked.model) as client:
        for place, question in enumerate(QUESTIONS):
            for way, sampling in WAYS.items():
                answer = client.chat.completions.create(
                    messages=[{"role": "user", "content": question}],
                    max_tokens=TOKENS,
                    seed=place,
                    **sampling,
                )
                found[way]["loops"] += is_loop(answer.text)
                found[way]["mixed"] += is_mixed(question, answer.text)
                found[way]["cut"] += answer.choices[0].finish_reason == "length"
    print(json.dumps(found, indent=1))
    if asked.keep:
        print(keep("loops", vars(asked), found))


if __name__ == "__main__":
    main()
