"""The clock and its arithmetic, against Python's own dates."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.tool import Tool, ToolContext
from prudent_agents.tools.clock import clock_add, clock_between, clock_now

ADD, BETWEEN = clock_add(), clock_between()
dates = st.dates(dt.date(1600, 1, 1), dt.date(2400, 12, 31))


def call(tool: Tool, **arguments: Any) -> Any:
    return asyncio.run(tool.call(arguments, ToolContext()))


def test_now_is_told_at_the_place_that_is_asked_for() -> None:
    moment = dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)
    now = clock_now(zone="Asia/Shanghai", now=moment.astimezone)
    assert call(now) == {
        "iso": "2026-07-02T07:30:00+08:00",
        "date": "2026-07-02",
        "time": "07:30:00",
        "weekday": "Thursday",
        "zone": "CST",
    }
    assert call(now, zone="utc")["iso"] == "2026-07-01T23:30:00+00:00"
    assert call(now, zone="America/New_York")["date"] == "2026-07-01"


def test_the_machines_clock_is_the_usual_one() -> None:
    told = dt.datetime.fromisoformat(call(clock_now())["iso"])
    assert abs((told - dt.datetime.now(dt.UTC)).total_seconds()) < 60


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "x" * 300])
def test_a_zone_that_is_none_is_named(zone: str) -> None:
    with pytest.raises(ToolArgumentsError, match="no time zone") as caught:
        call(clock_now(), zone=zone)
    assert caught.value.param == "zone"


@settings(deadline=None, max_examples=50)
@given(dates, st.integers(-10_000, 10_000))
def test_days_are_added_as_python_adds_them(date: dt.date, days: int) -> None:
    assert ADD.function(date, days, "days").date == date + dt.timedelta(days=days)
    assert ADD.function(date, days, "days").weekday == (date + dt.timedelta(days=days)).strftime("%A")


@pytest.mark.parametrize(
    ("date", "amount", "unit", "expected"),
    [
        ("2026-01-31", 1, "months", "2026-02-28"),
        ("2024-01-31", 1, "months", "2024-02-29"),
        ("2024-02-29", 1, "years", "2025-02-28"),
        ("2026-03-31", -1, "months", "2026-02-28"),
        ("2026-12-15", 1, "months", "2027-01-15"),
        ("2026-11-28", 2, "weeks", "2026-12-12"),
    ],
)
def test_months_end_where_the_month_ends(date: str, amount: int, unit: str, expected: str) -> None:
    assert call(ADD, date=date, amount=amount, unit=unit)["date"] == expected


@settings(deadline=None, max_examples=50)
@given(dates, dates)
def test_between_is_the_opposite_the_other_way_round(start: dt.date, end: dt.date) -> None:
    there, back = BETWEEN.function(start, end), BETWEEN.function(end, start)
    assert there.days == (end - start).days == -back.days
    assert (there.months, there.years) == (-back.months, -back.years)


def test_between_counts_whole_months_and_years() -> None:
    assert call(BETWEEN, start="2000-02-29", end="2026-02-28") == {
        "days": 9496,
        "weeks": 1356.57,
        "months": 312,
        "years": 26,
    }


@pytest.mark.parametrize("amount", [10**6, 10**18, -(10**30)])
def test_dates_outside_of_the_calendar_are_told(amount: int) -> None:
    for unit in ("days", "months", "years"):
        with pytest.raises(ToolError, match="outside the years"):
            call(ADD, date="2026-01-01", amount=amount * 10, unit=unit)
