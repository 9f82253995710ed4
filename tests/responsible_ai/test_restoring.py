"""Placeholders become the request's values again where the user reads them, and nothing else does."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scripted_encoder import ScriptedEncoder, ScriptedModels

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai import Part, Pipeline, Policy, build_pipeline
from prudent_responsible_ai.check import Finding, Span
from prudent_responsible_ai.gate import OutputGate
from prudent_responsible_ai.placeholders import Placeholders
from prudent_responsible_ai.policy import Rule

PIECES = ["bob@example.com", "13800138000", "138 0013 8000", "+44 20 7946 0958", "4111 1111 1111 1111"]
PIECES += [
    "Ann Lee",
    "ann lee",
    "[EMAIL_1]",
    "[PHONE_1]",
    "[EMAIL_",
    "[",
    "]",
    "_1]",
    "GB82 WEST 1234 5698 7654 32",
]
PIECES += [
    '"',
    "\\",
    "\n",
    " ",
    " ",
    ", ",
    "，",
    "é",
    "\u200b",
    "call me",
    "a@b.co",
    "@",
    "[PERSON_1",
    "8.8.8.8",
]

texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join)
cuts = st.lists(st.integers(min_value=1, max_value=9), max_size=60)


def _pipeline(answers: list[Rule], **options: object) -> Pipeline:
    rules = [Rule(check=name, severity=2, action=Action.REDACT) for name in ("personal_data", "names")]
    models = ScriptedModels(ScriptedEncoder({}, {"Ann Lee": "PERSON", "ann lee": "PERSON"}))
    settings = {"restore": True, **options}
    policy = Policy(
        name="both",
        version="1",
        rules={Source.USER: rules, Source.ASSISTANT: answers},
        options={"personal_data": dict(settings), "names": dict(settings)},
    )
    return build_pipeline(policy, models)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """Redacts what users write; lets answers through as they are."""
    return _pipeline([])


@pytest.fixture(scope="module")
def strict() -> Pipeline:
    """Redacts answers as well."""
    return _pipeline(
        [Rule(check=name, severity=2, action=Action.REDACT) for name in ("personal_data", "names")]
    )


def _through(gate: OutputGate, chunks: list[str]) -> str:
    releases = [*(gate.feed(chunk) for chunk in chunks), gate.finish()]
    assert sum(release.consumed for release in releases) == sum(map(len, chunks))
    assert all(release.text == "".join(piece.text for piece in release.pieces) for release in releases)
    return "".join(release.text for release in releases)


def _split(text: str, sizes: list[int]) -> list[str]:
    chunks: list[str] = []
    for size in sizes:
        chunks.append(text[:size])
        text = text[size:]
    return [*chunks, text]


@settings(max_examples=80, deadline=None)
@given(text=texts, sizes=cuts)
@example(text="13800138000 138 0013 8000", sizes=[1] * 30)
@example(text="[EMAIL_1] bob@example.com [EMAIL_", sizes=[3] * 30)
def test_what_was_taken_out_of_a_text_is_put_back_however_it_is_cut(
    pipeline: Pipeline, text: str, sizes: list[int]
) -> None:
    review = pipeline.review([Part(text, Source.USER)])
    redacted = review.parts[0].text
    assert _through(pipeline.open_gate(review), _split(redacted, sizes)) == text
    assert _through(pipeline.open_gate(review), list(redacted)) == text


@settings(max_examples=40, deadline=None)
@given(text=texts, sizes=cuts)
def test_values_stand_in_the_arguments_of_a_call_as_json(
    pipeline: Pipeline, text: str, sizes: list[int]
) -> None:
    review = pipeline.review([Part(text, Source.USER)])
    arguments = json.dumps({"said": review.parts[0].text}, ensure_ascii=False)
    gate = pipeline.open_gate(review).sibling(as_json=True)
    assert json.loads(_through(gate, _split(arguments, sizes))) == {"said": text}


def test_what_the_model_never_saw_stays_hidden(strict: Pipeline) -> None:
    review = strict.review([Part("I am Ann Lee, bob@example.com.", Source.USER)])
    assert review.parts[0].text == "I am [PERSON_1], [EMAIL_1]."
    answer = "Dear [PERSON_1], I wrote to [EMAIL_1] and eve@example.org, not to [EMAIL_7] or [PHONE_1]."
    assert _through(strict.open_gate(review), list(answer)) == (
        "Dear Ann Lee, I wrote to bob@example.com and [EMAIL_2], not to [EMAIL_7] or [PHONE_1]."
    )


def test_a_value_of_another_request_is_not_put_back(pipeline: Pipeline) -> None:
    pipeline.review([Part("bob@example.com", Source.USER)])
    other = pipeline.review([Part("hello", Source.USER)])
    assert _through(pipeline.open_gate(other), ["[EMAIL_1]"]) == "[EMAIL_1]"


def test_secrets_are_not_put_back_with_personal_data() -> None:
    names = ("secrets", "personal_data")
    rules = [Rule(check=name, severity=2, action=Action.REDACT) for name in names]
    policy = Policy(
        name="own", version="1", rules={Source.USER: rules}, options={"personal_data": {"restore": True}}
    )
    own = build_pipeline(policy)
    text = "password: hunter2A!x. and bob@example.com"
    review = own.review([Part(text, Source.USER)])
    released = _through(own.open_gate(review), [review.parts[0].text])
    assert "hunter2" not in released
    assert "bob@example.com" in released


def test_no_more_than_a_placeholder_is_held(pipeline: Pipeline) -> None:
    review = pipeline.review([Part("bob@example.com", Source.USER)])
    gate = pipeline.open_gate(review)
    assert gate.feed("list[EMAIL").text == "list"
    assert gate.feed("x] and more").text == "[EMAILx] and more"


def test_restored_values_have_a_name_for_each_spelling() -> None:
    placeholders = Placeholders()
    finding = Finding("pii", 4)
    names = [
        placeholders.replacement(finding, Span(0, 1, "phone", restore=True), value)
        for value in ("138 0013 8000", "13800138000", "138 0013 8000")
    ]
    assert names == ["[PHONE_1]", "[PHONE_2]", "[PHONE_1]"]
    assert placeholders.fork().restored == {"[PHONE_1]": "138 0013 8000", "[PHONE_2]": "13800138000"}


@pytest.mark.parametrize(
    ("options", "redacted"),
    [
        ({}, "Write to [PERSON_1], [EMAIL_1]."),
        ({"mode": "mask"}, "Write to *******, ***************."),
        ({"allow": ["ANN LEE"]}, "Write to Ann Lee, [EMAIL_1]."),
        ({"allow_patterns": [r".*@example\.com"]}, "Write to [PERSON_1], bob@example.com."),
    ],
)
def test_options_say_what_stands_for_a_value(options: dict[str, object], redacted: str) -> None:
    own = _pipeline([], **{"restore": False, **options})
    review = own.review([Part("Write to Ann Lee, bob@example.com.", Source.USER)])
    assert review.parts[0].text == redacted


def test_a_hash_is_the_same_for_a_value_in_all_requests() -> None:
    own = _pipeline([], restore=False, mode="hash")
    first = own.review([Part("13800138000", Source.USER)]).parts[0].text
    again = own.review([Part("138 0013 8000", Source.USER)]).parts[0].text
    other = own.review([Part("13800138001", Source.USER)]).parts[0].text
    assert first == again != other
    assert first.startswith("[PHONE:")
    assert (
        _pipeline([], restore=False, mode="hash").review([Part("13800138000", Source.USER)]).parts[0].text
        != first
    )


@pytest.mark.parametrize(
    "options",
    [{"mode": "mask", "restore": True}, {"allow_patterns": ["("]}, {"mode": "remove"}, {"least": 2}],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"options\.(personal_data|names)"):
        _pipeline([], **{"restore": False, **options})
