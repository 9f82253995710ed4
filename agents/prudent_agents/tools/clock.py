"""The clock: what time it is, and arithmetic on dates. Knows no calendar but the Gregorian one."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel

from prudent_agents.errors import ToolArgumentsError, ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect, Tool

Unit = Literal["days", "weeks", "months", "years"]
_MONTHS = {"months": 1, "years": 12}
_DAYS = {"days": 1, "weeks": 7}


class Moment(BaseModel):
    """A moment at a place. `iso` has the offset from UTC; `weekday` is in English."""

    iso: str
    date: dt.date
    time: str
    weekday: str
    zone: str


class Span(BaseModel):
    """From one date to another. `days` is negative where the second comes first; the rest is whole units."""

    days: int
    weeks: float
    months: int
    years: int


def clock_now(*, zone: str | None = None, now: Callable[[dt.tzinfo], dt.datetime] | None = None) -> Tool:
    """The tool `clock.now`. `zone` is the one taken where the call names none (None: the machine's).

    `now` gives the time in a zone; None is the machine's clock. Recorded runs replay what it said.

    Raises:
        ToolArgumentsError: there is no such zone.
    """
    usual = _zone(zone)
    clock = now or dt.datetime.now

    def tell(zone: str | None = None) -> Moment:
        """The date, the time and the weekday now.

        zone: for example Europe/Paris or UTC; left out, the user's own
        """
        place = usual if zone is None else _zone(zone)
        moment = clock(place)
        return Moment(
            iso=moment.isoformat(timespec="seconds"),
            date=moment.date(),
            time=moment.strftime("%H:%M:%S"),
            weekday=_weekday(moment.date()),
            zone=str(moment.tzname() or place),
        )

    return tool_of(tell, name="clock.now", effect=Effect.READ, trusted=True)


def clock_add() -> Tool:
    """The tool `clock.add`: a date and a number of days, weeks, months or years. Leaves nothing behind."""
    return tool_of(_add, name="clock.add", effect=Effect.READ, retries=0, trusted=True)


def clock_between() -> Tool:
    """The tool `clock.between`: how long it is from one date to another. Leaves nothing behind."""
    return tool_of(_between, name="clock.between", effect=Effect.READ, retries=0, trusted=True)


class Day(BaseModel):
    """A date and its weekday, in English."""

    date: dt.date
    weekday: str


def _add(date: dt.date, amount: int, unit: Unit) -> Day:
    """The date some days, weeks, months or years after a date (before it with a negative amount).

    date: as 2026-01-31
    amount: how many
    unit: of what
    """
    try:
        if unit in _DAYS:
            moved = date + dt.timedelta(days=amount * _DAYS[unit])
        else:
            moved = _months_later(date, amount * _MONTHS[unit])
    except (OverflowError, ValueError) as error:
        raise ToolError(
            f"{amount} {unit} from {date} is outside the years 1 to 9999.", param="amount"
        ) from error
    return Day(date=moved, weekday=_weekday(moved))


def _between(start: dt.date, end: dt.date) -> Span:
    """How many days, weeks, months and years lie between two dates.

    start: as 2026-01-31
    end: as 2026-12-24
    """
    first, last = sorted((start, end))
    months = (last.year - first.year) * 12 + last.month - first.month
    if _months_later(first, months) > last:
        months -= 1
    sign = 1 if end >= start else -1
    days = (end - start).days
    return Span(days=days, weeks=round(days / 7, 2), months=sign * months, years=sign * (months // 12))


def _months_later(date: dt.date, months: int) -> dt.date:
    """The same day of another month, or that month's last day where it has no such day."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        raise OverflowError
    return dt.date(year, month + 1, min(date.day, monthrange(year, month + 1)[1]))


def _weekday(date: dt.date) -> str:
    return (
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    )[date.weekday()]


def _zone(name: str | None) -> dt.tzinfo:
    if name is None:
        return dt.datetime.now().astimezone().tzinfo or dt.UTC
    if name.upper() in ("UTC", "Z", "GMT"):
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ToolArgumentsError(
            f"There is no time zone '{name[:80]}'.", hint="Write for example Europe/Paris.", param="zone"
        ) from error
