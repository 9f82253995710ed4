"""Policies read from YAML: what they resolve to, and errors that say where and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai import build_pipeline, built_in_policies, load_policy
from prudent_responsible_ai.policy_file import located

RULE = "name: x\nrules:\n  user:\n    - %s\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", built_in_policies())
def test_every_built_in_policy_builds_a_pipeline(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    build_pipeline(policy)


def test_a_file_replaces_the_rules_of_a_source_and_keeps_the_rest(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "mine.yaml",
        "name: mine\nextends: default\naudit: {retention_days: 7}\nrules:\n  user:\n"
        "    - {check: secrets, action: block}\n",
    )
    mine, default = load_policy(path), load_policy("default")
    assert [rule.action for rule in mine.rules_for(Source.USER)] == [Action.BLOCK]
    assert mine.rules_for(Source.TOOL) == default.rules_for(Source.TOOL)
    assert mine.audit.retention_days == 7
    assert mine.audit.on_failure == default.audit.on_failure
    assert mine.budget_ms == default.budget_ms


def test_extends_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write(tmp_path / "base", "low.yaml", 'name: low\nversion: "2"\n')
    path = write(tmp_path, "high.yaml", "name: high\nextends: base/low.yaml\n")
    assert load_policy(path).version == "2"


def test_the_hash_follows_the_rules_and_not_the_words(tmp_path: Path) -> None:
    rules = "rules:\n  user:\n    - {check: secrets, action: %s}\n"
    one = load_policy(write(tmp_path, "a.yaml", "name: x\ndescription: one\n" + rules % "block"))
    same = load_policy(write(tmp_path, "b.yaml", "# other words\n" + rules % "block" + "name: x\n"))
    other = load_policy(write(tmp_path, "c.yaml", "name: x\n" + rules % "redact"))
    assert one.hash == same.hash != other.hash


def test_off_is_a_word_and_not_a_boolean(tmp_path: Path) -> None:
    assert load_policy(write(tmp_path, "x.yaml", "name: x\nstreaming: off\n")).streaming == "off"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("name: x\nstreeming: hold\n", "line 2, column 1: streeming", "Did you mean 'streaming'?"),
        ("name: x\nrules:\n  usr: []\n", "line 3, column 3: rules.usr", "Did you mean 'user'?"),
        (RULE % "{check: secrets, acton: block}", "line 4", "Did you mean 'action'?"),
        (RULE % "check: secrets\n      action: blok", "line 5, column 7: rules.user.0.action", None),
        (RULE % "{check: a, action: rewrite}", "'text' and the action 'rewrite' belong together", None),
        (RULE % "{check: a, action: redact, text: x}", "belong together", None),
        (RULE % "{check: a, action: block, severity: 8}", "line 4", None),
        (RULE % "{check: a, action: block, severity: high}", "severity", None),
        ("name: x\nstreaming: async\n", "line 2, column 1: streaming: the streaming mode 'async'", None),
        ("name: x\naudit: {retention_days: 99999999999}\n", "line 2, column 9: audit.retention_days", None),
        (RULE % "{check: a, action: block}\n    - {check: a, action: block}", "rule is given twice", None),
        ("name: x\naudit: {retention: 3}\n", "audit.retention", "Did you mean 'retention_days'?"),
        ("name: x\nname: y\n", "line 2, column 1: the key 'name' is given twice", None),
        ("version: '1'\n", "name", None),
        ("name: x\nversion: 3\n", "line 2, column 1: version", None),
        ("name: x\nrules: &a {user: *a}\n", "aliases are not supported", None),
        ("name: 'x\n", "line", None),
        ("- a\n- b\n", "a mapping of keys", None),
        ("name: x\nextends: defualt\n", "There is no policy 'defualt'", "Did you mean 'default'?"),
        ("name: !!python/object:os.system x\n", "name", None),
    ],
)  # fmt: skip
def test_an_error_names_the_place_and_the_nearest_key(
    tmp_path: Path, text: str, message: str, hint: str | None
) -> None:
    if "!!python" in text:
        assert load_policy(write(tmp_path, "x.yaml", text)).name == "x"  # a tag is never obeyed
        return
    with pytest.raises(ConfigurationError) as caught:
        load_policy(write(tmp_path, "x.yaml", text))
    assert message in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


def test_a_circle_of_extends_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "name: a\nextends: b.yaml\n")
    with pytest.raises(ConfigurationError, match="extends itself"):
        load_policy(write(tmp_path, "b.yaml", "name: b\nextends: a.yaml\n"))


def test_an_unknown_check_is_refused_with_the_nearest(tmp_path: Path) -> None:
    policy = load_policy(
        write(tmp_path, "x.yaml", "name: x\nrules:\n  user:\n    - {check: secret, action: block}\n")
    )
    with pytest.raises(ConfigurationError, match=r"'x', rules\.user\.0\.check: There is no check") as caught:
        build_pipeline(policy)
    assert caught.value.hint == "Did you mean 'secrets'?"


LOW = (
    "name: low\nfloor: {user: [{check: harm, category: hate, action: block}]}\noptions: {names: {least: 2}}\n"
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("rules:\n  user:\n    - {check: secret, action: block}\n", "x.yaml, line 5, column 8: rules.user"),
        ("rules:\n  user:\n    - {check: twin, action: block}\n", "x.yaml, line 5, column 7: rules.user"),
        ("floor:\n  user:\n    - {check: harm, category: hat, action: block}\n", "line 5, column 21: floor"),
        ("degrade: [names, inclusiv]\n", "x.yaml, line 3, column 18: degrade.1"),
        ("options: {names: {least: 0.6, lest: 1}}\n", "x.yaml, line 3, column 31: options.names.lest"),
        ("options: {secrets: {all: 1}}\n", "x.yaml, line 3, column 21: options.secrets.all"),
        ("options: {names: {mode: mask}}\n", "low.yaml, line 3, column 19: options.names.least"),
    ],
)  # fmt: skip
def test_what_the_checks_refuse_is_located_in_the_file_that_has_it(
    tmp_path: Path, text: str, place: str
) -> None:
    write(tmp_path, "low.yaml", LOW)
    path = write(tmp_path, "x.yaml", f"name: x\nextends: low.yaml\n{text}")
    if "low" not in place:
        write(tmp_path, "low.yaml", LOW.partition("options")[0])
    with pytest.raises(ConfigurationError) as caught:
        build_pipeline(load_policy(path))
    assert place in located(caught.value, path).message


def test_a_huge_or_deep_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="KiB"):
        load_policy(write(tmp_path, "x.yaml", "#" * (300 << 10)))
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        load_policy(write(tmp_path, "y.yaml", "[" * 50_000))


def test_a_wrong_value_is_not_taken_for_a_misspelt_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_policy(write(tmp_path, "x.yaml", RULE % "{check: secrets, action: blok}"))
    assert caught.value.hint is None
