"""What rules say of calls, above all where somebody would slip one."""

from __future__ import annotations

import math
from typing import Any

import pytest

from prudent.errors import ConfigurationError
from prudent_agents.labels import UNTRUSTED, Confidentiality, Label
from prudent_agents.rules import Rules, parse_rule
from prudent_agents.tool import Effect
from prudent_agents.values import Value


def decided(rules: list[str], tool: str = "bank.pay", effect: Effect = Effect.WRITE, **given: Any) -> str:
    arguments: dict[str, Value] = {
        name: one if isinstance(one, Value) else Value(data=one) for name, one in given.items()
    }
    return str(Rules(rules).decide(tool, effect, arguments).permission)


BAD = Value(data="x", label=UNTRUSTED)
PRIVATE = Value(data="x", label=Label(confidentiality=Confidentiality.PRIVATE))
SECRET = Value(data="x", label=Label(confidentiality=Confidentiality.SECRET))


@pytest.mark.parametrize(
    ("rules", "amount", "permission"),
    [
        (["ask: bank.pay when amount > 500"], 501, "ask"),
        (["ask: bank.pay when amount > 500"], 500, "allow"),
        (["ask: bank.pay when amount > 500"], "900", "ask"),
        (["ask: bank.pay when amount > 500"], "9e2", "ask"),
        (["ask: bank.pay when amount > 500"], "much", "ask"),
        (["ask: bank.pay when amount > 500"], None, "ask"),
        (["ask: bank.pay when amount > 500"], math.nan, "ask"),
        (["ask: bank.pay when amount > 500"], {"a": 1}, "ask"),
        (["ask: bank.pay when amount > 500"], [1, 501], "ask"),
        (["ask: bank.pay when amount > 500"], [1, 2], "allow"),
        (["deny: bank.pay when amount == 12"], "12", "deny"),
        (["deny: bank.pay when amount == 0.1"], "0.1", "deny"),
        (["deny: bank.pay when amount == 12"], "13", "allow"),
        (["deny: bank.pay when amount == true"], "true", "deny"),
        (["deny: bank.pay when amount == true"], False, "allow"),
        (["deny: bank.pay when amount != 12"], None, "deny"),
        (["deny: bank.*"], 1, "deny"),
        (["deny: *"], 1, "deny"),
        (["deny: bank.pa?"], 1, "deny"),
        (["deny: bank"], 1, "allow"),
        (["allow: bank.pay", "ask: bank.*", "deny: other"], 1, "ask"),
    ],
)
def test_conditions_and_wildcards(rules: list[str], amount: Any, permission: str) -> None:
    """What cannot be compared goes the stern way."""
    assert decided(rules, amount=amount) == permission


@pytest.mark.parametrize(
    ("rules", "given", "permission"),
    [
        ([], {"iban": BAD}, "ask"),
        (["allow: bank.pay"], {"iban": BAD}, "ask"),
        (["allow: untrusted -> bank.pay.memo"], {"memo": BAD}, "allow"),
        (["allow: untrusted -> bank.pay.memo"], {"memo": BAD, "iban": BAD}, "ask"),
        (["allow: untrusted -> bank.pay"], {"memo": BAD, "iban": BAD}, "allow"),
        (["allow: untrusted -> bank.pay when amount < 5"], {"iban": BAD, "amount": "many"}, "ask"),
        (["deny: untrusted -> bank.pay.iban"], {"iban": BAD}, "deny"),
        (["deny: untrusted -> *.iban"], {"iban": BAD}, "deny"),
        (["deny: untrusted -> bank.pay.iban"], {"memo": Value(data=1), "iban": Value(data=2)}, "allow"),
    ],
)
def test_flows(rules: list[str], given: dict[str, Value], permission: str) -> None:
    """A word for one argument is none for another."""
    assert decided(rules, **given) == permission


def test_what_may_run_again_asks_too_and_reading_does_not() -> None:
    """An idempotent call changes the world like any write."""
    assert decided([], effect=Effect.IDEMPOTENT, iban=BAD) == "ask"
    assert decided([], effect=Effect.READ, iban=BAD) == "allow"


def test_private_data_leaves_only_with_a_word() -> None:
    """The built-in rules on HTTP."""
    assert decided([], "http.get", Effect.READ, url=PRIVATE) == "ask"
    assert decided(["allow: http.*"], "http.get", Effect.READ, url=SECRET) == "deny"


def test_a_call_that_untrusted_text_led_to_asks_though_its_arguments_are_clean() -> None:
    """A tool without arguments too."""
    assert str(Rules().decide("wipe", Effect.WRITE, {}, UNTRUSTED).permission) == "ask"
    denied = Rules(["deny: untrusted -> wipe"]).decide("wipe", Effect.WRITE, {}, UNTRUSTED)
    assert str(denied.permission) == "deny"
    allowed = Rules(["allow: untrusted -> wipe"]).decide("wipe", Effect.WRITE, {}, UNTRUSTED)
    assert str(allowed.permission) == "allow"


def test_parameters_stand_for_their_values() -> None:
    """With and without the dollar sign."""
    for written in ("limit", "$limit"):
        assert parse_rule(f"ask: pay when amount > {written}", {"limit": 7}).value == 7
    with pytest.raises(ConfigurationError, match="no such parameter"):
        parse_rule("ask: pay when amount > $limit")


@pytest.mark.parametrize("text", ["", "allow", "permit: x", "deny: evil -> x", "deny: x when", "ask: x y"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(ConfigurationError, match="is no rule"):
        parse_rule(text)
