"""Names in a Chinese request stay as they are written there."""

from __future__ import annotations

import re

import pytest

from prudent_agents import tool
from prudent_agents.planning.wording import in_its_characters, translated_names


@tool
def find_book(title: str, day: str = "") -> str:
    """Whether a book is there."""
    return title + day


@pytest.mark.parametrize(
    ("title", "request_", "translated"),
    [
        ("Three-Dimensional", "三体还有吗？", ["title"]),
        ("三体", "三体还有吗？", []),
        ("A-113", "三体还有吗？", []),
        ("What", "什么时候到期？", []),
        ("Emma", "Emma还有吗？", []),
        ("delivery", "文件delivery.txt里写了什么？", []),
        ("The Three-Body Problem", "Is the novel there?", []),
    ],
)
def test_a_name_is_translated_where_the_request_has_no_such_words(
    title: str, request_: str, translated: list[str]
) -> None:
    assert translated_names(find_book, {"title": title}, request_) == translated


def test_tools_that_describe_themselves_in_chinese_know_chinese_names_anyway() -> None:
    @tool
    def buch(title: str) -> str:
        """查一本书。"""
        return title

    assert translated_names(buch, {"title": "Emma"}, "三体还有吗？") == []


def test_the_tool_then_takes_characters_of_the_request_alone() -> None:
    held = in_its_characters(find_book, ["title"], "《三体》还有吗？")
    pattern = held.properties["title"]["pattern"]
    assert re.fullmatch(pattern, "三体")
    assert not re.fullmatch(pattern, "Three")
    assert "pattern" not in held.properties["day"]
    assert held.name == "find_book"
