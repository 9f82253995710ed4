"""AgentDojo's bank, chat and travel desk as mock backends of our own, on its environments. Knows no attack.

The tools' names and schemas and the state come from files; what the tools do is written here. What only the
backend itself writes (a balance, the user's own record) is trusted; everything else is what others wrote.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_tasks.backend_tool import Handler, backend_tool
from agent_tasks.task import World
from prudent_agents.errors import ToolError
from prudent_agents.tool import Tool

SUITES = ("banking", "slack", "travel")
_OWN = {"get_iban", "get_balance", "get_user_info", "get_user_information", "get_channels"}
_SLOTS = {"slack", "web"}
"""Parameters that upstream injects itself."""


def _pay(key: str) -> Handler:
    def pay(state: dict[str, Any], given: dict[str, Any]) -> str:
        state["bank_account"][key].append({"sender": state["bank_account"]["iban"], **given})
        return f"{given['amount']} to {given['recipient']}: done."

    return pay


def _update_scheduled(state: dict[str, Any], given: dict[str, Any]) -> str:
    for one in state["bank_account"]["scheduled_transactions"]:
        if one["id"] == given["id"]:
            one.update({key: value for key, value in given.items() if value is not None})
            return f"Transaction {given['id']} is changed."
    raise ToolError(f"There is no scheduled transaction {given['id']}.")


def _read_file(state: dict[str, Any], given: dict[str, Any]) -> str:
    return _at(state["filesystem"]["files"], given["file_path"])


def _user_update(state: dict[str, Any], given: dict[str, Any]) -> str:
    state["user_account"].update({key: value for key, value in given.items() if value is not None})
    return "The user's record is changed."


def _add_to_channel(state: dict[str, Any], given: dict[str, Any]) -> str:
    state["slack"]["user_channels"].setdefault(given["user"], []).append(given["channel"])
    return f"{given['user']} is in {given['channel']}."


def _message(box: str, to: str) -> Handler:
    def send(state: dict[str, Any], given: dict[str, Any]) -> str:
        line = {"sender": "me", "recipient": given[to], "body": given["body"]}
        state["slack"][box].setdefault(given[to], []).append(line)
        return f"The message to {given[to]} is sent."

    return send


def _in_channel(state: dict[str, Any], given: dict[str, Any]) -> list[str]:
    return [name for name, own in state["slack"]["user_channels"].items() if given["channel"] in own]


def _invite(state: dict[str, Any], given: dict[str, Any]) -> str:
    state["slack"]["users"].append(given["user"])
    state["slack"].setdefault("invited", []).append(given)
    return f"{given['user']} is invited."


def _post(state: dict[str, Any], given: dict[str, Any]) -> str:
    state["web"]["web_content"][given["url"]] = {"content": given["content"]}
    return f"{given['url']} is posted."


def _in_city(table: str, items: str) -> Handler:
    def look(state: dict[str, Any], given: dict[str, Any]) -> list[str]:
        return [one["name"] for one in state[table][items] if one["city"] == given["city"]]

    return look


def _of(table: str, items: str, *fields: str) -> Handler:
    """What these fields are of the places that are named, however the parameter is called."""

    def look(state: dict[str, Any], given: dict[str, Any]) -> Any:
        names = [name for one in given.values() for name in (one if isinstance(one, list) else [one])]
        found = [one for one in state[table][items] if one["name"] in names]
        return {one["name"]: {field: one.get(field) for field in fields} for one in found}

    return look


_HOTELS = ("hotels", "hotel_list")
_RESTAURANTS = ("restaurants", "restaurant_list")
_CARS = ("car_rental", "company_list")


def _flights(state: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    every = state["flights"]["flight_list"]
    return [one for one in every if all(one[key] == value for key, value in given.items())]


def _events(state: dict[str, Any], given: dict[str, Any]) -> list[dict[str, Any]]:
    words, day = str(given.get("query") or "").lower(), str(given.get("day") or given.get("date") or "")
    every = state["calendar"]["initial_events"]
    return [
        one
        for one in every
        if words in f"{one['title']} {one['description']}".lower() and one["start_time"].startswith(day)
    ]


def _reserve(state: dict[str, Any], given: dict[str, Any]) -> str:
    state.setdefault("reserved", []).append(given)
    return "Reserved."


def _event(state: dict[str, Any], given: dict[str, Any]) -> str:
    state.setdefault("new_events", []).append(given)
    return f"'{given['title']}' is on the calendar."


def _mail(state: dict[str, Any], given: dict[str, Any]) -> str:
    state.setdefault("sent", []).append(given)
    return "The email is sent."


_READS: Mapping[str, Handler] = {
    "get_iban": lambda state, _: state["bank_account"]["iban"],
    "get_balance": lambda state, _: state["bank_account"]["balance"],
    "get_most_recent_transactions": lambda state, _: state["bank_account"]["transactions"],
    "get_scheduled_transactions": lambda state, _: state["bank_account"]["scheduled_transactions"],
    "read_file": _read_file,
    "get_user_info": lambda state, _: state["user_account"],
    "get_channels": lambda state, _: state["slack"]["channels"],
    "read_channel_messages": lambda state, given: _at(state["slack"]["channel_inbox"], given["channel"]),
    "read_inbox": lambda state, given: _at(state["slack"]["user_inbox"], given["user"]),
    "get_users_in_channel": _in_channel,
    "get_webpage": lambda state, given: _at(state["web"]["web_content"], given["url"]),
    "get_user_information": lambda state, _: state["user"],
    "get_all_hotels_in_city": _in_city(*_HOTELS),
    "get_hotels_prices": _of(*_HOTELS, "price_min", "price_max"),
    "get_rating_reviews_for_hotels": _of(*_HOTELS, "rating", "reviews"),
    "get_hotels_address": _of(*_HOTELS, "address"),
    "get_all_restaurants_in_city": _in_city(*_RESTAURANTS),
    "get_cuisine_type_for_restaurants": _of(*_RESTAURANTS, "cuisine_type"),
    "get_restaurants_address": _of(*_RESTAURANTS, "address"),
    "get_rating_reviews_for_restaurants": _of(*_RESTAURANTS, "rating", "reviews"),
    "get_dietary_restrictions_for_all_restaurants": _of(*_RESTAURANTS, "dietary_restrictions"),
    "get_contact_information_for_restaurants": _of(*_RESTAURANTS, "contact_information"),
    "get_price_for_restaurants": _of(*_RESTAURANTS, "price_per_person"),
    "check_restaurant_opening_hours": _of(*_RESTAURANTS, "operating_hours"),
    "get_all_car_rental_companies_in_city": _in_city(*_CARS),
    "get_car_types_available": _of(*_CARS, "car_types_available"),
    "get_rating_reviews_for_car_rental": _of(*_CARS, "rating", "reviews"),
    "get_car_fuel_options": _of(*_CARS, "fuel_options"),
    "get_car_rental_address": _of(*_CARS, "address"),
    "get_car_price_per_day": _of(*_CARS, "price_per_day"),
    "get_flight_information": _flights,
    "search_calendar_events": _events,
    "get_day_calendar_events": _events,
}
_WRITES: Mapping[str, Handler] = {
    "send_money": _pay("transactions"),
    "schedule_transaction": _pay("scheduled_transactions"),
    "update_scheduled_transaction": _update_scheduled,
    "update_password": _user_update,
    "update_user_info": _user_update,
    "add_user_to_channel": _add_to_channel,
    "send_direct_message": _message("user_inbox", "recipient"),
    "send_channel_message": _message("channel_inbox", "channel"),
    "invite_user_to_slack": _invite,
    "post_webpage": _post,
    "reserve_hotel": _reserve,
    "reserve_car_rental": _reserve,
    "reserve_restaurant": _reserve,
    "create_calendar_event": _event,
    "send_email": _mail,
}


def suite(folder: Path, name: str) -> tuple[Callable[[str], World], list[dict[str, Any]]]:
    """A maker of fresh worlds, in whose texts by others a given text stands too, and the suite's tasks.

    Of tasks whose reference calls are known, those that have a backend for all of them.
    """
    place = folder / "agentdojo" / name
    state = json.loads((place / "environment.json").read_text(encoding="utf-8"))
    schemas = [one.get("function", one) for one in json.loads((place / "tools.json").read_text("utf-8"))]
    lines = (place / "tasks.jsonl").read_text(encoding="utf-8").splitlines()
    tasks = [json.loads(line) for line in lines]

    def world(injected: str) -> World:
        own = copy.deepcopy(state)
        handlers = [one for one in schemas if one["name"] in _READS or one["name"] in _WRITES]
        return World([_tool(one, own, injected) for one in handlers], own)

    return world, [task for task in tasks if _runs(task)]


def done(state: dict[str, Any], calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The state after these calls, which must be possible."""
    for call in calls:
        if call["name"] in _WRITES:
            _WRITES[call["name"]](state, dict(call["arguments"]))
    return state


def _runs(task: dict[str, Any]) -> bool:
    actions = task["expected"]["actions"] or ()
    return all(one["name"] in _READS or one["name"] in _WRITES for one in actions)


def _tool(schema: dict[str, Any], state: dict[str, Any], injected: str) -> Tool:
    name: str = schema["name"]
    parameters = copy.deepcopy(schema["parameters"])
    for slot in _SLOTS & set(parameters.get("properties", {})):
        del parameters["properties"][slot]
        parameters["required"] = [one for one in parameters.get("required", ()) if one != slot]
    by_others = name in _READS and name not in _OWN
    return backend_tool(
        {**schema, "parameters": parameters},
        _READS.get(name) or _WRITES[name],
        state,
        writes=name in _WRITES,
        trusted=name in _OWN,
        told=lambda result: _with(result, injected) if injected and by_others else result,
    )


def _with(result: Any, injected: str) -> Any:
    """What others wrote, with one more text by them."""
    if isinstance(result, str):
        return f"{result}\n{injected}"
    if isinstance(result, list):
        return [*result, {"subject": injected}]
    return {**result, "note": injected} if isinstance(result, dict) else result


def _at(record: Mapping[str, Any], key: str) -> Any:
    if key not in record:
        raise ToolError(f"There is no {key}.")
    return record[key]
