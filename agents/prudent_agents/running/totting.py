"""What can be said of results exactly and without a model: how many, which ones, the most, sums, averages.

Small models guess a count, leave out an item, name the dearest for the cheapest, and add up where an average
is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from prudent.types.content import Source
from prudent_agents.grounding.comparatives import asks_which, direction, fields, than
from prudent_agents.grounding.facts import numbers, stated
from prudent_agents.grounding.measured import is_number
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.grounding.stems import stems
from prudent_agents.labels import Label, join
from prudent_agents.running.summing import Known
from prudent_agents.values import JSON, Value, in_words

_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|(?:多少|几)[个场条件项次人封位种张本份]", re.IGNORECASE)
_WHICH_THERE_ARE = re.compile(
    r"\bwhat (?:do|does|did) (?:i|we|he|she|they|[A-Z]\w+) have\b|\bwhat(?:'s| is| are) (?:there|on|in)\b"
    r"|\bwhich \w+ (?:is|are|do (?:i|we)) (?:there|free|available|open|left|have)\b"
    r"|^\s*(?:please )?(?:list|show(?: me)?)\b|有(?:什么|哪些)|列出",
    re.IGNORECASE,
)
_WHO_IS = re.compile(
    r"\s*who(?:'s| is| are| was| were| will be)\b|[^谁]{0,200}(?<!是)谁(?!是)", re.IGNORECASE
)
_WHAT_IT_SAYS = re.compile(
    r"^\s*what (?:does|do) \S+ (?:say|contain)\s*\??\s*$"
    r"|^\s*(?:please )?(?:read|show)(?: me)? (?:the file )?\S+\s*\.?\s*$"
    r"|\bcontents? of \S+\s*\??\s*$|^\s*\S+(?:里面?|中)?(?:写了|说了|有)(?:些)?什么[?？]?\s*$",
    re.IGNORECASE,
)
_AVERAGE = re.compile(r"\baverage\b|\bmean\b(?! by)|平均", re.IGNORECASE)
_TOTAL = re.compile(r"\btotal\b|\bsum\b|\baltogether\b|\bin all\b|一共|总共|合计|总和|总额", re.IGNORECASE)
_HOW_MUCH = re.compile(
    r"\bhow much (?:did|does|do|has|have)\b.*\b(?:spen[dt]|pay|paid|earn|earned|claim|claimed|cost|owe)\b"
    r"|(?:花|用|付|支出|报销)了?多少",
    re.IGNORECASE,
)
_ENUMERATES = re.compile(r"(?:^|_)(?:id|no|nr|number|index|year|zip|code)$", re.IGNORECASE)
"""How a field ends whose numbers are names."""
_DATES = re.compile(r"\d{4}-\d\d-\d\d|\d{4}年\d{1,2}月\d{1,2}[日号]|\b(?:19|20)\d\d\b")
_PASSAGE = {"number", "text"}
_READS = re.compile(
    r"\s*(?:please )?(?:read|show|list|give|check|get|look up)\b|[请]?(?:读|查|列|看)", re.IGNORECASE
)
_LONGEST_ITEM, _MOST_ITEMS, _LONGEST_TEXT = 120, 12, 1_500


@dataclass(frozen=True, slots=True)
class Listed:
    """The only list among results, with where it comes from."""

    items: Sequence[JSON]
    label: Label
    source: Source

    @property
    def records(self) -> Sequence[Mapping[str, JSON]]:
        """The items where all are records; else nothing."""
        every = all(isinstance(one, dict) for one in self.items)
        return cast("Sequence[Mapping[str, JSON]]", self.items) if every else ()


def only_list(known: Sequence[Known]) -> Listed | None:
    """The list that was read, beside single values. Passages of documents are no answer by themselves."""
    found: list[Listed] = []
    for _, value, source in known:
        items = _items(value.data)
        if items is not None:
            found.append(Listed(items, value.label, source))
    if len(found) != 1 or any(one.keys() >= _PASSAGE for one in found[0].records):
        return None
    return found[0]


def counted(goal: str, listed: Listed) -> Known | None:
    """How long the list is, where that is what the goal asks; None where it is not."""
    if not _HOW_MANY.search(goal):
        return None
    return "counted, there are", Value(data=len(listed.items), label=listed.label), listed.source


def enumerated(goal: str, listed: Listed) -> str | None:
    """The items, where the goal asks what there is; None where it does not, or where they are many."""
    names = len(listed.items) > 1 and all(isinstance(one, str) for one in listed.items)
    asks = _WHICH_THERE_ARE.search(goal) or (names and _WHO_IS.match(goal))
    asks = asks and not _HOW_MANY.search(goal) and direction(goal) is None
    if not asks or len(listed.items) > _MOST_ITEMS:
        return None
    texts = [_said(one) for one in listed.items]
    if not all(0 < len(one) <= _LONGEST_ITEM for one in texts):
        return None
    chinese = IDEOGRAPHS.search(goal) is not None
    if not texts:
        return "没有。" if chinese else "Nothing."
    return ("；".join(texts) + "。") if chinese else ("; ".join(texts) + ".")


def best(goal: str, listed: Listed) -> str | None:
    """The record with the most or the least of what the goal asks for; None where that cannot be told."""
    found = _best(goal, listed)
    if found is None:
        return None
    record, field = found
    first = next((one for one in record.values() if isinstance(one, str) and one), None)
    if first is None:
        return None
    said = in_words({field: record[field]})
    return f"{first}（{said}）。" if IDEOGRAPHS.search(goal) else f"{first} ({said})."


def worked_out(goal: str, known: Sequence[Known]) -> list[Known]:
    """The results as a typed answer is taken from them: the record that is meant, sums and averages."""
    listed = only_list(known)
    found = None if listed is None else _best(goal, listed)
    if found is not None:
        return _with_list(known, found[0])
    exact = averaged(goal, known) or (listed and (counted(goal, listed) or total(goal, listed)))
    return [*narrowed(goal, known), *([exact] if exact else [])]


def _best(goal: str, listed: Listed) -> tuple[dict[str, JSON], str] | None:
    """The one record with the most or the least of a field, and that field."""
    ends, records = direction(goal), listed.records
    if ends is None or not asks_which(goal) or than(goal) is not None or len(records) < 2:
        return None
    field = _meant(goal, records)
    if field is None:
        return None
    found = max(records, key=lambda one: ends * cast("float", one[field]))
    return None if sum(one[field] == found[field] for one in records) > 1 else (dict(found), field)


def total(goal: str, listed: Listed) -> Known | None:
    """The sum of a field of the records, where the goal asks for that and for nothing to be done with it.

    Of those records that the goal names, where it names some.
    """
    records = _named(goal, listed.records) or listed.records
    asks = _TOTAL.search(goal) or (_HOW_MUCH.search(goal) and len(records) > 1)
    if not asks or numbers(_DATES.sub(" ", goal)) or not records:
        return None
    field = _meant(goal, records)
    if field is None:
        return None
    value = round(sum(cast("float", one[field]) for one in records), 6)
    return f"total {field}, worked out", Value(data=value, label=listed.label), listed.source


def narrowed(goal: str, known: Sequence[Known]) -> list[Known]:
    """The results with only those records of the list that the goal names, where it names some of them."""
    listed = only_list(known)
    records = () if listed is None else listed.records
    meant = _named(goal, records)
    if listed is None or not 0 < len(meant) < len(records):
        return list(known)
    return _with_list(known, meant[0] if len(meant) == 1 else meant)


def _named(goal: str, records: Sequence[Mapping[str, JSON]]) -> list[Mapping[str, JSON]]:
    """The records that have a name which the goal names."""
    return [one for one in records if any(_is_name(value) and stated(value, goal) for value in one.values())]


def _with_list(known: Sequence[Known], data: JSON) -> list[Known]:
    """The results with other data in the place of the list among them."""
    return [
        (about, Value(data=data, label=value.label), source) if _items(value.data) is not None else one
        for one in known
        for about, value, source in [one]
    ]


def each_read(goal: str, known: Sequence[Known]) -> str | None:
    """What was read of each thing, where the goal asks for no more than to read them."""
    if len(known) < 2 or not _READS.match(goal) or _TOTAL.search(goal) or _AVERAGE.search(goal):
        return None
    said = [(about, in_words(value.data)) for about, value, _ in known]
    if not all(0 < len(text) <= _LONGEST_ITEM and text[0] not in "[{" for _, text in said):
        return None
    return "".join(f"{about}: {text}.\n" for about, text in said)


def averaged(goal: str, known: Sequence[Known]) -> Known | None:
    """The average of the numbers that were read, where the goal asks for it and each result is one."""
    found = [value.data for _, value, _ in known]
    given = [cast("float", one) for one in found if is_number(one)]
    if not _AVERAGE.search(goal) or len(given) < 2 or len(given) != len(found):
        return None
    average = round(sum(given) / len(given), 6)
    label = join(one.label for _, one, _ in known)
    return "their average, worked out", Value(data=average, label=label), Source.TOOL


def whole_text(goal: str, known: Sequence[Known]) -> str | None:
    """The text that was read, where the goal asks what it says and it is not long."""
    if len(known) != 1 or not isinstance(known[0][1].data, str) or not _WHAT_IT_SAYS.match(goal):
        return None
    text = known[0][1].data.strip()
    return text if 0 < len(text) <= _LONGEST_TEXT else None


def _is_name(value: JSON) -> bool:
    return isinstance(value, str) and len(value) > 1 and not value.isdigit()


def _items(data: JSON) -> list[JSON] | None:
    """A list, or the only list of a record."""
    if isinstance(data, list):
        return cast("list[JSON]", data)
    if isinstance(data, dict):
        every = cast("dict[str, JSON]", data).values()
        lists = [cast("list[JSON]", one) for one in every if isinstance(one, list)]
        return lists[0] if len(lists) == 1 else None
    return None


def _said(item: JSON) -> str:
    """An item in words: `Blue (seats 6, price 40)`."""
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return in_words(item)
    record = cast("dict[str, JSON]", item)
    name = next((key for key, one in record.items() if isinstance(one, str) and one), None)
    if name is None or any(isinstance(one, dict | list) for one in record.values()):
        return in_words(record)
    rest = in_words({key: one for key, one in record.items() if key != name})
    return f"{record[name]} ({rest})" if rest else str(record[name])


def _meant(goal: str, records: Sequence[Mapping[str, JSON]]) -> str | None:
    """The field with numbers that a goal speaks of; the only one there is, where it speaks of none."""
    keys = [
        key
        for key in records[0]
        if not _ENUMERATES.search(key) and all(is_number(one.get(key)) for one in records)
    ]
    asked = stems(f"{goal} {fields(goal)}")
    meant = [key for key in keys if stems(key) & asked] or keys
    return meant[0] if len(meant) == 1 else None
