"""The JSON Schema of policies takes what the loader takes, and refuses what it refuses."""

from __future__ import annotations

import copy
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.errors import ConfigurationError
from prudent_responsible_ai import build_pipeline, built_in_policies, load_policy
from prudent_responsible_ai.checks import CHECKS, OPTIONS
from prudent_responsible_ai.grounding.rereading import ReaderWeights
from prudent_responsible_ai.policy_schema import policy_schema
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import CheckSetup, Options
from prudent_responsible_ai.yaml_lines import read_lined_yaml

VALUES: list[Any] = [
    *(None, True, 0, 1, 4, 7, 8, -1, 0.5, "", "x", "4", "block", "hold", "rewrite", "redact", "off", "allow"),
    *("secrets", "harm", "twin", "violence", "unequal_treatment", "user", "default", [], ["inclusive"], {}),
    *({"check": "secrets", "action": "block"}, [{"check": "twin", "action": "annotate"}], ["x"]),
    *([{"check": "harm", "action": "hold"}], {"user": []}, {"retention_days": 7}, {"harm": {}}),
]
KEYS = [
    *("name", "check", "category", "severity", "action", "on_error", "text", "user", "assistant", "floor"),
    *("streaming", "budget_ms", "audit", "retention_days", "rules", "options", "degrade", "unknown"),
]


@cache
def built_in() -> list[Any]:
    """The policies that come with prudent, as data: the first rules of each, which is quick to read."""
    folder = files("prudent_responsible_ai") / "policies"
    found: list[Any] = []
    for name in built_in_policies():
        data = read_lined_yaml("x", (folder / f"{name}.yaml").read_text(encoding="utf-8")).data
        rules = {source: each[:2] for source, each in data.pop("rules", {}).items()}
        data.pop("extends", None)
        found.append({**data, "rules": rules})
    return found


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(policy_schema())


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all mappings and lists."""
    inner = (
        list(data.items())
        if isinstance(data, dict)
        else list(enumerate(data))
        if isinstance(data, list)
        else None
    )
    if inner is None:
        return []
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A policy of prudent with a change or two."""
    data = copy.deepcopy(draw(st.sampled_from(built_in())))
    for _ in range(draw(st.integers(1, 2))):
        target = data
        for key in draw(st.sampled_from(places(data))):
            target = target[key]
        if isinstance(target, list):
            change = draw(st.sampled_from(["add", "twice", "drop"]))
            if change == "add" or not target:
                target.append(draw(st.sampled_from(VALUES)))
            elif change == "twice":
                target.append(copy.deepcopy(draw(st.sampled_from(target))))
            else:
                target.pop(draw(st.integers(0, len(target) - 1)))
            continue
        key = draw(st.sampled_from([*target, *KEYS]))
        if draw(st.booleans()):
            target[key] = draw(st.sampled_from(VALUES))
        else:
            target.pop(key, None)
    return data


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=mutated())
def test_the_schema_takes_what_the_loader_takes(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    refused = ""
    try:
        build_pipeline(load_policy(path))
    except ConfigurationError as error:
        refused = error.message
    wrong = [error.message for error in validator().iter_errors(data)]
    assert bool(wrong) is bool(refused), (refused, wrong)


def test_an_editor_is_told_of_a_category_that_the_check_does_not_have() -> None:
    rule = {"check": "harm", "category": "violance", "action": "block"}
    assert not validator().is_valid({"name": "x", "rules": {"user": [rule]}})
    assert validator().is_valid({"name": "x", "rules": {"user": [{**rule, "category": "violence"}]}})


def test_an_editor_is_told_of_an_option_that_the_check_does_not_have() -> None:
    for name, factory in CHECKS.items():
        with pytest.raises(ConfigurationError) as caught:
            factory(CheckSetup(shared_models(), name, {"no such option": 1}))
        known = OPTIONS.get(name, Options).model_fields
        assert caught.value.hint == f"Options of '{name}' are {', '.join(known) or 'none'}."
        assert not validator().is_valid({"name": "x", "options": {name: {"no such option": 1}}})
    reader = next(iter(ReaderWeights.packaged().models))
    for name, fits in ((reader, True), ("some-model", False)):
        given = {"name": "x", "options": {"grounded": {"reader": name, "reader_seconds": 5}}}
        assert validator().is_valid(given) is fits
