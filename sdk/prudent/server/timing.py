"""Where the time of an answer went, as the standard header Server-Timing. Knows no route."""

from __future__ import annotations

from prudent.types.usage import Usage


def server_timing(usage: Usage) -> dict[str, str]:
    """The header for what is known, in milliseconds; nothing where nothing is."""
    phases = {
        "queue": usage.queue_time,
        "prefill": usage.prompt_time,
        "decode": usage.completion_time,
        "checks": usage.check_time,
    }
    known = [f"{name};dur={seconds * 1000:.1f}" for name, seconds in phases.items() if seconds is not None]
    return {"server-timing": ", ".join(known)} if known else {}
