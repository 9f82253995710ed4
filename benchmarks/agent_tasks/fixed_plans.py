"""Plans as somebody would write them into a recipe, for ten tasks of the half that prompts were made on.

The surest rung of the ladder: the model chooses nothing, it fills in a blank and words the answer. Runs
nothing itself.
"""

from __future__ import annotations

from prudent_agents.plan import SAY, Argument, Blank, Given, Plan, Ref, Rung, Step

_CITIES = ("Berlin", "Lisbon", "Nairobi")


def _step(name: str, tool: str, needs: tuple[str, ...] = (), **arguments: Argument | str) -> Step:
    given = {key: Given(value=one) if isinstance(one, str) else one for key, one in arguments.items()}
    return Step(id=name, tool=tool, arguments=given, needs=needs)


PLANS: dict[str, tuple[Step, ...]] = {
    "handbook-ticket": (_step("open", "create_ticket", title="Broken monitor", priority="high"),),
    "home-three-cities": tuple(_step(city.lower(), "weather", city=city) for city in _CITIES),
    "office-zh-clock": (_step("now", "current_time"),),
    "home-like-nairobi": (
        _step("weather", "weather", city="Nairobi"),
        _step("set", "set_thermostat", room="office", celsius=Ref(step="weather", path=("celsius",))),
    ),
    "office-add": (_step("add", "add_event", title="Team lunch", date="2026-03-13", time="12:30"),),
    "handbook-extension": (_step("found", "search_handbook", query="phone extension of the service desk"),),
    "handbook-trip": (
        _step("found", "search_handbook", query="travel hotel meals"),
        _step("sum", "calculator", ("found",), expression=Blank(inputs=("found",))),
    ),
    "home-zh-megajoule": (
        _step("used", "meter", room="kitchen"),
        _step("converted", "convert", value=Ref(step="used"), from_unit="kWh", to_unit="MJ"),
    ),
    "handbook-zh-claim": (_step("found", "search_handbook", query="差旅报销 提交 审批"),),
    "office-zh-date": (_step("events", "list_events", date="2026-03-12"),),
}


def fixed_plan(task: str, goal: str) -> Plan:
    """The plan of a task, with an answer at its end. Raises KeyError: nobody has written one."""
    steps = PLANS[task]
    told = Step(id="answer", tool=SAY, about=goal, instruction=goal, needs=tuple(one.id for one in steps))
    return Plan(goal=goal, steps=(*steps, told), rung=Rung.FIXED)
