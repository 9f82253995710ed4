"""What the pages of a served recipe say beside what the recipe says: in English, or in Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prudent_agents.recipes.document import RecipeDocument

_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")


@dataclass(frozen=True, slots=True)
class Words:
    """Texts by where they stand; `{}` is filled in. `language` is as in HTML's `lang`."""

    language: str
    run: str
    again: str
    choose: str
    optional: str
    yes: str
    no: str
    date: str
    folder: str
    number: str
    at_least: str
    at_most: str
    joined: str
    wrong: str
    error: str
    result: str
    nothing: str
    done: str
    asks: str
    wants: str
    caption: str
    argument: str
    value: str
    label: str
    refuse: str
    approve: str


_ENGLISH = Words(
    language="en",
    run="Run",
    again="Run it again",
    choose="Choose",
    optional=" (optional)",
    yes="yes",
    no="no",
    date="Year-month-day, for example 2026-03-31.",
    folder="Choose all files that belong to it.",
    number="A number, {}.",
    at_least="at least {:g}",
    at_most="at most {:g}",
    joined=" and ",
    wrong="Something is missing or wrong",
    error="Error: {}",
    result="Result",
    nothing="nothing",
    done="done",
    asks="{} asks",
    wants="{} wants to call ",
    caption="What it would be called with",
    argument="argument",
    value="value",
    label="label",
    refuse="Do not do it",
    approve="Do it",
)
_CHINESE = Words(
    language="zh",
    run="运行",
    again="再运行一次",
    choose="请选择",
    optional="(可不填)",
    yes="是",
    no="否",
    date="年-月-日,例如 2026-03-31。",
    folder="请选择其中的所有文件。",
    number="一个数字,{}。",
    at_least="不小于 {:g}",
    at_most="不大于 {:g}",
    joined=",",
    wrong="有内容缺失或不正确",
    error="错误:{}",
    result="结果",
    nothing="无",
    done="完成",
    asks="{} 请您决定",
    wants="步骤 {} 要调用 ",
    caption="调用时使用的内容",
    argument="参数",
    value="值",
    label="标签",
    refuse="不执行",
    approve="执行",
)


def words_of(document: RecipeDocument) -> Words:
    """Chinese where the recipe says in Chinese what it is about."""
    chinese = _HAN.search(document.about) and not _KANA.search(document.about)
    return _CHINESE if chinese else _ENGLISH
