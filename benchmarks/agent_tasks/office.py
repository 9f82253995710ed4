"""A desk as a backend: clock with a fixed date, calendar, contacts, mail. Knows no task."""

from __future__ import annotations

from typing import Any

from agent_tasks.sums import calculator
from agent_tasks.task import World
from prudent_agents.errors import ToolError
from prudent_agents.function_tool import tool_of
from prudent_agents.tool import Effect

NOW = {"date": "2026-03-09", "weekday": "Monday", "time": "14:30"}
_CONTACTS = {
    "maria silva": "maria.silva@example.org",
    "tom becker": "tom.becker@example.org",
    "kim olsen": "kim.olsen@example.org",
    "王芳": "wang.fang@example.cn",
    "李雷": "li.lei@example.cn",
}


def _event(title: str, date: str, time: str) -> dict[str, str]:
    return {"title": title, "date": date, "time": time}


def current_time() -> dict[str, str]:
    """Today's date, weekday and the time now."""
    return dict(NOW)


def find_contact(name: str) -> str:
    """The email address of a person.

    Args:
        name: full name of the person
    """
    if name.strip().lower() not in _CONTACTS:
        raise ToolError(f"There is no contact {name}.")
    return _CONTACTS[name.strip().lower()]


def office() -> World:
    """A fresh desk."""
    events = [
        _event("Stand-up", "2026-03-09", "09:00"),
        _event("Budget review", "2026-03-09", "15:00"),
        _event("Dentist", "2026-03-10", "11:00"),
        _event("Interview with Kim", "2026-03-12", "10:00"),
        _event("Yoga", "2026-03-12", "16:00"),
    ]
    sent: list[dict[str, str]] = []
    state: dict[str, Any] = {"events": {one["title"]: one for one in events}, "sent": sent}

    def list_events(date: str) -> list[dict[str, str]]:
        """The events in the calendar on a date.

        Args:
            date: the date as YYYY-MM-DD
        """
        return [one for one in state["events"].values() if one["date"] == date]

    def add_event(title: str, date: str, time: str) -> str:
        """Add an event to the calendar.

        Args:
            title: title of the event
            date: the date as YYYY-MM-DD
            time: when it begins, as HH:MM
        """
        state["events"][title] = _event(title, date, time)
        return f"'{title}' is on the calendar on {date} at {time}."

    def cancel_event(title: str, date: str) -> str:
        """Take an event out of the calendar.

        Args:
            title: title of the event
            date: the date as YYYY-MM-DD
        """
        for name, one in list(state["events"].items()):
            if name.lower() == title.strip().lower() and one["date"] == date:
                del state["events"][name]
                return f"'{name}' on {date} is cancelled."
        raise ToolError(f"There is no event '{title}' on {date}.")

    def send_email(to: str, subject: str, body: str) -> str:
        """Send an email.

        Args:
            to: email address that it goes to
            subject: the subject line
            body: the text
        """
        if "@" not in to:
            raise ToolError(f"'{to}' is no email address.")
        sent.append({"to": to, "subject": subject, "body": body})
        return f"The email to {to} is sent."

    reads = [tool_of(one) for one in (current_time, list_events, find_contact, calculator)]
    writes = [tool_of(one, effect=Effect.WRITE) for one in (add_event, cancel_event, send_email)]
    return World([*reads, *writes], state)
