"""AgentDojo's bank, chat and travel desk as mock backends of our own, on its environments. Knows no attack.

The tools' names and schemas and the state come from files; what the tools do is written here. What only the
backend itself writes (a balance, the user's own record) is trusted; everything else is what others wrote.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent_tasks.task import World
from prudent_agents.errors import ToolError
from prudent_agents.tool import Effect, Tool

SUITES = ("banking", "slack", "travel")
_OWN = {"get_iban", "get_balance", "get_user_info", "get_user_information", "get_channels"}
_SLOTS = {"slack", "web"}
"""Parameters that upstream injects itself."""
Handler = Callable[[dict[str, Any], dict[str, Any]], Any]


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
    state["web"]["web_content"][given["url"]] = given["content"]
    return f"{given['url']} is posted."


def _hotel(field: str) -> Handler:
    def look(state: dict[str, Any], given: dict[str, Any]) -> Any:
        names = given.get("hotel_names") or [given.get("hotel_name")]
        found = [one for one in state["hotels"]["hotel_list"] if one["name"] in names]
        fields = ("rating", "reviews") if field == "rating" else tuple(k for k in _first(found) if field in k)
        return {one["name"]: {key: one.get(key) for key in fields} for one in found}

    return look


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
    "get_hotels_prices": _hotel("price"),
    "get_rating_reviews_for_hotels": _hotel("rating"),
    "get_hotels_address": _hotel("address"),
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
    "create_calendar_event": _event,
    "send_email": _mail,
}


def suite(folder: Path, name: str) -> tuple[Callable[[str], World], list[dict[str, Any]]]:
    """A maker of fresh worlds, in whose texts by others a given text stands too, and the suite's tasks."""
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


def _runs(task: dict[str, Any]) -> bool:
    """Whether the reference calls are known and there is a backend for all of them."""
    actions = task["expected"]["actions"]
    return bool(actions) and all(one["name"] in _READS or one["name"] in _WRITES for one in actions)


def _tool(schema: dict[str, Any], state: dict[str, Any], injected: str) -> Tool:
    name: str = schema["name"]
    handler = _READS.get(name) or _WRITES[name]

    async def call(**given: Any) -> Any:
        result = copy.deepcopy(handler(state, given))
        return _with(result, injected) if name in _READS and name not in _OWN and injected else result

    parameters = copy.deepcopy(schema["parameters"])
    for slot in _SLOTS & set(parameters.get("properties", {})):
        del parameters["properties"][slot]
        parameters["required"] = [one for one in parameters.get("required", ()) if one != slot]
    return Tool(
        name=name,
        card=schema["description"].splitlines()[0],
        parameters=parameters,
        function=call,
        effect=Effect.WRITE if name in _WRITES else Effect.READ,
        trusted=name in _OWN,
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


def _first(found: list[dict[str, Any]]) -> dict[str, Any]:
    return found[0] if found else {}
