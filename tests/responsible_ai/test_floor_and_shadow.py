"""A floor cannot be lowered by what stands above it; a shadow changes nothing and says what it would do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_check import WordCheck

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai import Part, Pipeline, Policy, load_policy
from prudent_responsible_ai.policy import AuditSettings, OnFailure, Rule, StreamingMode

WORDS = ("bad", "worse", "worst")
ACTIONS = (Action.ALLOW, Action.ANNOTATE, Action.REDACT, Action.BLOCK)
rules = st.lists(
    st.builds(
        Rule,
        check=st.sampled_from(WORDS),
        severity=st.integers(0, 7),
        action=st.sampled_from(ACTIONS),
        on_error=st.sampled_from(OnFailure),
    ),
    max_size=4,
)


def policy(name: str = "p", **fields: object) -> Policy:
    return Policy.model_validate({"name": name, "version": "1", **fields})


def pipeline(one: Policy) -> Pipeline:
    return Pipeline(one, [WordCheck(word) for word in WORDS])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@given(rules, rules, st.lists(st.sampled_from(WORDS), max_size=3))
def test_a_policy_above_a_floor_is_never_milder_than_the_floor(
    own: list[Rule], floor: list[Rule], words: list[str]
) -> None:
    part = Part(" ".join(words), Source.USER)
    below = policy(rules={Source.USER: floor})
    above = policy(rules={Source.USER: own}).above(below)
    verdicts = [pipeline(one).review([part]).results[0].content_filter_results for one in (below, above)]
    for category, verdict in verdicts[0].items():
        assert verdicts[1][category].action.rank >= verdict.action.rank


def test_a_floor_is_inherited_added_to_and_never_replaced(tmp_path: Path) -> None:
    write(tmp_path, "operator.yaml", "name: operator\nfloor:\n  user: [{check: secrets, action: block}]\n")
    write(
        tmp_path,
        "team.yaml",
        "name: team\nextends: operator.yaml\nfloor:\n  user: [{check: personal_data, action: redact}]\n",
    )
    app = load_policy(write(tmp_path, "app.yaml", "name: app\nextends: team.yaml\nrules: {user: []}\n"))
    assert [(rule.check, rule.action) for rule in app.rules_for(Source.USER)] == [
        ("secrets", Action.BLOCK),
        ("personal_data", Action.REDACT),
    ]


def test_a_verdict_says_that_the_floor_decided() -> None:
    floor = {Source.USER: [Rule(check="bad", action=Action.BLOCK)]}
    mild = {Source.USER: [Rule(check="bad", action=Action.ANNOTATE)]}
    review = pipeline(policy(rules=mild, floor=floor)).review([Part("bad", Source.USER)])
    assert review.results[0].content_filter_results["bad"].rule == "floor.user.1.bad"


def test_a_floor_keeps_holding_and_records(tmp_path: Path) -> None:
    floor = policy(rules={Source.ASSISTANT: [Rule(check="bad", action=Action.BLOCK)]})
    loose = policy(streaming=StreamingMode.OFF, audit=AuditSettings(enabled=False))
    above = loose.above(floor)
    assert (above.streaming, above.audit.enabled) == (StreamingMode.HOLD, True)
    text = "name: x\nstreaming: off\nfloor:\n  assistant: [{check: secrets, action: block}]\n"
    with pytest.raises(ConfigurationError, match="hold"):
        load_policy(write(tmp_path, "x.yaml", text))


def test_the_hash_follows_the_floor_and_not_the_shadow() -> None:
    rule = {Source.USER: [Rule(check="bad", action=Action.BLOCK)]}
    assert policy().hash != policy(floor=rule).hash
    assert policy().hash == policy(shadow=policy("other", rules=rule)).hash


def test_a_shadow_is_reported_and_changes_nothing() -> None:
    live = {Source.USER: [Rule(check="bad", action=Action.REDACT)]}
    strict = [Rule(check="bad", action=Action.BLOCK), Rule(check="worse", action=Action.BLOCK)]
    both = policy(rules=live, shadow=policy("strict", rules={Source.USER: strict}))
    checks = pipeline(both)
    part = Part("bad and worse", Source.USER)
    review, plain = checks.review([part]), pipeline(policy(rules=live)).review([part])
    assert (review.parts, review.action, review.blocked) == (plain.parts, Action.REDACT, False)
    assert list(review.results[0].content_filter_results) == ["bad"]
    info = checks.shadow_info(review.shadowed)
    assert info is not None
    assert (info.policy, info.action) == ("strict", Action.BLOCK)
    assert {(one.category, one.live, one.shadow) for one in info.differences} == {
        ("bad", Action.REDACT, Action.BLOCK),
        ("worse", Action.ALLOW, Action.BLOCK),
    }


@given(st.integers(1, 7), st.booleans())
def test_a_shadow_sees_a_streamed_answer_in_any_chunks_as_it_sees_it_whole(size: int, last: bool) -> None:
    text = "it was bad and worse" + (" worst" if last else "")
    shadow = policy("s", rules={Source.ASSISTANT: [Rule(check=w, action=Action.BLOCK) for w in WORDS]})
    live = {Source.ASSISTANT: [Rule(check="bad", action=Action.ANNOTATE)]}
    checks = pipeline(policy(rules=live, shadow=shadow))
    gate = checks.open_gate()
    out = "".join(gate.feed(text[at : at + size]).text for at in range(0, len(text), size))
    out += gate.finish().text
    info = checks.shadow_info(gate.shadowed)
    assert out == text
    assert info is not None
    assert {one.category for one in info.differences} == {"bad", "worse", *(["worst"] if last else [])}


def test_a_shadow_of_a_file_is_found_beside_it_and_has_none_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "next.yaml", "name: next\nextends: strict\nshadow: off\n")
    live = load_policy(write(tmp_path, "now.yaml", "name: now\nextends: default\nshadow: next.yaml\n"))
    assert live.shadow is not None
    assert (live.shadow.name, live.shadow.shadow) == ("next", None)
