"""tau2's retail shop as a mock backend of our own, on its database. Knows no task.

The tools' names and schemas and the tables come from files; what the tools do is written here after the
shop's policy: who, what and in which state an order must be, and what is left of it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent_tasks.backend_tool import Handler, backend_tool
from agent_tasks.sums import calculator
from agent_tasks.task import World
from prudent_agents.errors import ToolError

_REASONS = ("no longer needed", "ordered by mistake")
_ADDRESS = ("address1", "address2", "city", "state", "country", "zip")
Record = dict[str, Any]


def _one(state: Record, table: str, key: str) -> Record:
    if key not in state[table]:
        raise ToolError(f"There is no {table.removesuffix('s')} {key}.")
    return state[table][key]


def _variant(state: Record, item_id: str) -> tuple[Record, Record]:
    """A product and the variant of it that has this item id."""
    for product in state["products"].values():
        if item_id in product["variants"]:
            return product, product["variants"][item_id]
    raise ToolError(f"There is no item {item_id}.")


def _by_email(state: Record, given: Record) -> str:
    for name, user in state["users"].items():
        if user["email"].lower() == given["email"].strip().lower():
            return name
    raise ToolError("There is no user with this email.")


def _by_name(state: Record, given: Record) -> str:
    wanted = [given[key].strip().lower() for key in ("first_name", "last_name", "zip")]
    for name, user in state["users"].items():
        has = [user["name"]["first_name"], user["name"]["last_name"], user["address"]["zip"]]
        if [one.lower() for one in has] == wanted:
            return name
    raise ToolError("There is no user with this name and zip code.")


def _order(state: Record, given: Record, status: str) -> Record:
    order = _one(state, "orders", given["order_id"])
    if order["status"] != status:
        raise ToolError(f"Order {order['order_id']} is {order['status']}, not {status}.")
    return order


def _payment(state: Record, order: Record, payment: str) -> Record:
    methods = state["users"][order["user_id"]]["payment_methods"]
    if payment not in methods:
        raise ToolError(f"{payment} is no payment method of this user: {', '.join(methods)}.")
    return methods[payment]


def _owned(order: Record, item_ids: Sequence[str]) -> list[Record]:
    """The order's items of these ids, each id as often as it is named."""
    left, found = list(order["items"]), list[Record]()
    for item_id in item_ids:
        one = next((item for item in left if item["item_id"] == item_id), None)
        if one is None:
            raise ToolError(f"Item {item_id} is not in order {order['order_id']}.")
        left.remove(one)
        found.append(one)
    return found


def _swapped(state: Record, order: Record, given: Record) -> list[tuple[Record, Record]]:
    """Each item with the variant that takes its place. Raises ToolError: it cannot be."""
    old, new = _owned(order, given["item_ids"]), given["new_item_ids"]
    if len(old) != len(new):
        raise ToolError("There must be as many new items as old ones.")
    pairs = [(item, *_variant(state, item_id)) for item, item_id in zip(old, new, strict=True)]
    for item, product, variant in pairs:
        if product["product_id"] != item["product_id"]:
            raise ToolError(f"Item {variant['item_id']} is another product than {item['item_id']}.")
        if not variant["available"]:
            raise ToolError(f"Item {variant['item_id']} is not available.")
    return [(item, variant) for item, _, variant in pairs]


def _difference(state: Record, order: Record, given: Record, pairs: Sequence[tuple[Record, Record]]) -> float:
    method = _payment(state, order, given["payment_method_id"])
    amount = round(sum(variant["price"] - item["price"] for item, variant in pairs), 2)
    if method["source"] == "gift_card" and method["balance"] < amount:
        raise ToolError("The gift card has too little left on it.")
    return amount


def _paid(state: Record, order: Record, amount: float, payment: str) -> None:
    """Note a payment (or a refund, below zero); a gift card's balance changes at once."""
    kind = "payment" if amount >= 0 else "refund"
    order["payment_history"].append(
        {"transaction_type": kind, "amount": abs(amount), "payment_method_id": payment}
    )
    method = _payment(state, order, payment)
    if method["source"] == "gift_card":
        method["balance"] = round(method["balance"] - amount, 2)


def _cancel(state: Record, given: Record) -> Record:
    order = _order(state, given, "pending")
    if given["reason"] not in _REASONS:
        raise ToolError(f"The reason must be one of: {', '.join(_REASONS)}.")
    for one in list(order["payment_history"]):
        _paid(state, order, -one["amount"], one["payment_method_id"])
    order.update(status="cancelled", cancel_reason=given["reason"])
    return order


def _modify_items(state: Record, given: Record) -> Record:
    order = _order(state, given, "pending")
    pairs = _swapped(state, order, given)
    amount = _difference(state, order, given, pairs)
    for item, variant in pairs:
        item.update({key: variant[key] for key in ("item_id", "price", "options")})
    if amount:
        _paid(state, order, amount, given["payment_method_id"])
    order["status"] = "pending (items modified)"
    return order


def _modify_payment(state: Record, given: Record) -> Record:
    order = _order(state, given, "pending")
    before = order["payment_history"][0]
    method = _payment(state, order, given["payment_method_id"])
    if before["payment_method_id"] == given["payment_method_id"]:
        raise ToolError("The new payment method must be another one.")
    if method["source"] == "gift_card" and method["balance"] < before["amount"]:
        raise ToolError("The gift card has too little left on it.")
    _paid(state, order, before["amount"], given["payment_method_id"])
    _paid(state, order, -before["amount"], before["payment_method_id"])
    return order


def _modify_address(state: Record, given: Record) -> Record:
    order = _one(state, "orders", given["order_id"])
    if not order["status"].startswith("pending"):
        raise ToolError(f"Order {order['order_id']} is {order['status']}, not pending.")
    order["address"] = {key: given[key] for key in _ADDRESS}
    return order


def _move(state: Record, given: Record) -> Record:
    user = _one(state, "users", given["user_id"])
    user["address"] = {key: given[key] for key in _ADDRESS}
    return user


def _return(state: Record, given: Record) -> Record:
    order = _order(state, given, "delivered")
    items = _owned(order, given["item_ids"])
    method = _payment(state, order, given["payment_method_id"])
    paid = [one["payment_method_id"] for one in order["payment_history"]]
    if given["payment_method_id"] not in paid and method["source"] != "gift_card":
        raise ToolError("A refund goes to the original payment method or to a gift card.")
    order.update(
        status="return requested",
        return_items=sorted(item["item_id"] for item in items),
        return_payment_method_id=given["payment_method_id"],
    )
    return order


def _exchange(state: Record, given: Record) -> Record:
    order = _order(state, given, "delivered")
    pairs = _swapped(state, order, given)
    order.update(
        status="exchange requested",
        exchange_items=sorted(item["item_id"] for item, _ in pairs),
        exchange_new_items=sorted(variant["item_id"] for _, variant in pairs),
        exchange_payment_method_id=given["payment_method_id"],
        exchange_price_difference=_difference(state, order, given, pairs),
    )
    return order


_READS: Mapping[str, Handler] = {
    "calculate": lambda _, given: calculator(given["expression"]),
    "find_user_id_by_email": _by_email,
    "find_user_id_by_name_zip": _by_name,
    "get_item_details": lambda state, given: _variant(state, given["item_id"])[1],
    "get_order_details": lambda state, given: _one(state, "orders", given["order_id"]),
    "get_product_details": lambda state, given: _one(state, "products", given["product_id"]),
    "get_user_details": lambda state, given: _one(state, "users", given["user_id"]),
    "list_all_product_types": lambda state, _: {
        one["name"]: one["product_id"] for one in state["products"].values()
    },
    "think": lambda _state, _given: "",
}
_WRITES: Mapping[str, Handler] = {
    "cancel_pending_order": _cancel,
    "exchange_delivered_order_items": _exchange,
    "modify_pending_order_address": _modify_address,
    "modify_pending_order_items": _modify_items,
    "modify_pending_order_payment": _modify_payment,
    "modify_user_address": _move,
    "return_delivered_order_items": _return,
    "transfer_to_human_agents": lambda _state, _given: "A person takes over.",
}


def done(state: Record, calls: Sequence[Mapping[str, Any]]) -> Record:
    """The state after these calls; one that fails changes nothing."""
    for call in calls:
        handler = _READS.get(call["name"]) or _WRITES[call["name"]]
        try:
            handler(state, dict(call["arguments"]))
        except ToolError:
            continue
    return state


def retail(schemas: Sequence[Record], state: Record) -> World:
    """A shop over these tables, which its tools change."""
    every = {**_READS, **_WRITES}
    named = [one.get("function", one) for one in schemas]
    return World(
        [backend_tool(one, every[one["name"]], state, writes=one["name"] in _WRITES) for one in named], state
    )
