"""How well `topic` keeps an app's boundary, from a few example sentences: shares of what is flagged rightly.

    python benchmarks/topic.py DATA [--examples 10] [--apps 12] [--rows 400]

DATA has topics.jsonl.gz (CLINC150: English requests of ten domains, and some of none). Apps are drawn: one to
three domains, so many sentences of each from the training split; rows are of the test split, half of them
within its domains, and each is judged as allowed and, with the same examples, as denied. The Chinese rows
are in this file: they are few, and say no more than that. A threshold is never chosen here. Beside it stands
the nearest example by shared words, at the threshold that does best on the very same rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from machine import keep

from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext
from prudent_responsible_ai.checks.topic import DENIED_TOPIC, OFF_TOPIC, TopicCheck, TopicOptions
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.severity import MEDIUM
from prudent_responsible_ai.text_view import Reading

CHINESE = {
    "订单": (
        [
            "我的包裹到哪里了？",
            "怎么修改收货地址？",
            "订单可以取消吗？",
            "快递多久能送到？",
            "我收到的商品少了一件",
        ],
        [
            "我买的鞋子还没有发货",
            "能不能换一个快递公司？",
            "物流信息三天没有更新了",
            "下单后多久发货？",
            "包裹显示签收但我没收到",
        ],
    ),
    "退款": (
        [
            "我想退货，怎么操作？",
            "退款什么时候到账？",
            "商品坏了可以赔偿吗？",
            "七天无理由退货怎么申请？",
            "退货运费谁出？",
        ],
        [
            "衣服尺码不对，我要退掉",
            "钱还没有退到我的卡上",
            "质量有问题，能退款吗？",
            "退货申请被拒绝了怎么办？",
            "可以只退款不退货吗？",
        ],
    ),
}
ELSEWHERE = [
    "北京明天会下雨吗？",
    "请写一首关于春天的诗",
    "怎么做红烧肉？",
    "世界杯冠军是谁？",
    "推荐几部科幻电影",
    "三角形面积公式是什么？",
    "怎么学好英语口语？",
    "附近有什么好玩的地方？",
    "感冒了应该吃什么药？",
    "帮我翻译这句话",
]
_WORD = re.compile(r"[a-z']+|[\u4e00-\u9fff]")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--examples", type=int, default=10)
    parser.add_argument("--apps", type=int, default=12)
    parser.add_argument("--rows", type=int, default=400)
    asked = parser.parse_args()
    by_split = read(asked.data / "topics.jsonl.gz")
    drawn = random.Random(11)
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for _ in range(asked.apps):
        domains = drawn.sample(sorted(by_split["train"].keys() - {"out_of_scope"}), drawn.randint(1, 3))
        examples = {name: drawn.sample(by_split["train"][name], asked.examples) for name in domains}
        count(
            totals, "English", examples, rows_of(by_split["test"], domains, asked.rows // asked.apps, drawn)
        )
    count_chinese(totals)
    results: dict[str, float] = {}
    for name, (hits, n) in totals.items():
        results[name] = hits / n
        print(f"{name:58}{hits / n:8.3f} of {n}")
    settings = {**vars(asked), "data": asked.data.name}
    print(f"raw run: {keep('topic', settings, results).name}")


def read(path: Path) -> dict[str, dict[str, list[str]]]:
    """Texts by split and topic."""
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            found[row["split"]][row["topic"]].append(row["text"])
    return {split: dict(topics) for split, topics in found.items()}


def rows_of(
    test: Mapping[str, Sequence[str]], domains: Sequence[str], count: int, drawn: random.Random
) -> list[tuple[str, bool]]:
    """Texts, half of them within the domains."""
    within = [text for name in domains for text in test[name]]
    outside = [text for name, texts in test.items() if name not in domains for text in texts]
    half = count // 2
    return [
        *((text, True) for text in drawn.sample(within, half)),
        *((text, False) for text in drawn.sample(outside, half)),
    ]


def count(
    totals: dict[str, list[int]],
    language: str,
    examples: Mapping[str, Sequence[str]],
    rows: Sequence[tuple[str, bool]],
) -> None:
    """Add what one app's boundary does with its rows."""
    listed = {name: list(each) for name, each in examples.items()}
    allowed = TopicCheck(shared_models(), TopicOptions(allowed=listed))
    denied = TopicCheck(shared_models(), TopicOptions(denied=listed))
    for text, within in rows:
        off, inside = flagged(allowed, text, OFF_TOPIC), flagged(denied, text, DENIED_TOPIC)
        _add(totals, f"{language}, allowed list: on topic and passed", within, not off)
        _add(totals, f"{language}, allowed list: off topic and flagged", not within, off)
        _add(totals, f"{language}, denied list: of the topic and flagged", within, inside)
        _add(totals, f"{language}, denied list: another topic and passed", not within, not inside)
    best = shared_words([text for each in examples.values() for text in each], rows)
    right = sum(within is near for (_, within), near in zip(rows, best, strict=True))
    cell = totals[f"{language}, nearest by shared words, right at its best"]
    cell[0] += right
    cell[1] += len(rows)


def count_chinese(totals: dict[str, list[int]]) -> None:
    """The Chinese rows, with all topics of this file as one app."""
    examples = {name: each for name, (each, _) in CHINESE.items()}
    rows = [(text, True) for _, texts in CHINESE.values() for text in texts]
    count(totals, "Chinese", examples, [*rows, *((text, False) for text in ELSEWHERE)])


def flagged(check: TopicCheck, text: str, category: str) -> bool:
    """Whether a rule of severity 4 would apply."""
    found = check.check(text, CheckContext(Source.USER, Reading(text)))
    return any(one.category == category and one.severity >= MEDIUM for one in found)


def shared_words(examples: Sequence[str], rows: Sequence[tuple[str, bool]]) -> list[bool]:
    """Within or not by the largest share of words that an example has too, at the best threshold."""
    known = [frozenset(_WORD.findall(one.lower())) for one in examples]
    scores: list[float] = []
    for text, _ in rows:
        words = frozenset(_WORD.findall(text.lower()))
        scores.append(max((len(words & one) / max(1, len(words | one)) for one in known), default=0.0))
    best = max(
        set(scores), key=lambda at: sum((s >= at) is w for s, (_, w) in zip(scores, rows, strict=True))
    )
    return [score >= best for score in scores]


def _add(totals: dict[str, list[int]], name: str, counts: bool, right: bool) -> None:
    if counts:
        totals[name][0] += right
        totals[name][1] += 1


if __name__ == "__main__":
    main()
