"""The gate's promise: any chunking gives the same output, and the same as redacting the whole text."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai import InputReview, Part, Pipeline, Policy, build_pipeline, load_policy
from prudent_responsible_ai.assemble import without_models
from prudent_responsible_ai.policy import Rule
from prudent_responsible_ai.segments import LONGEST_UNIT

MAIL = ["bob@example.com", "a.b+c@mail.co.uk", "bob[at]example[dot]com", "@", "example.com"]
PHONES = ["13800138000", "138 0013 8000", "138-0013-8000", "１３８００１３８０００", "+44 20 7946 0958"]
CARDS = ["4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "378282246310005"]
ACCOUNTS = ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "GB82", "WEST", "(415) 555-2671"]
PEOPLE = ["536-90-4399", "ssn 536 90 4399", "110101199003074514", "QQ 12 34 56 C", "passport E12345678"]
NAMED = ["national insurance AB 12 34 56 C", "护照号 E12345678", "tel ", "order ", "AB", "A"]
MACHINES = ["8.8.8.8", "2001:4860:4860::8888", "version 1.2.3.4", "42", "2024", "1234 " * 5]
KEYS = ["sk-" + "Ab3dEf6hIj9kLm2nOp5q", "ghp_" + "a1B2" * 9, "AKIA" + "IOSFODNN7EXAMPLE", "x" * 40]
TOKENS = ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"]
PASSWORDS = ["password: hunter2A!x.", 'api_key = "q8Zk3LmN0pR7sT2vW5xY"', "密码是Abc@123456"]
URLS = ["postgres://user:s3cr3t@db.example.com/x", "password: ", "secret="]
PEM = ["-----BEGIN ", "PRIVATE KEY-----", "-----END ", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]
PEM += ["-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcw\n-----END PRIVATE KEY-----"]
CONTROLS = ["<|im_start|>", "[INST]", "a\u200bb", "1380\u200b0138000", "\u200b", "\U000e0041\U000e0042"]
EMOJI = ["👨\u200d👩\u200d👧", "❤\ufe0f", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"]
GLUE = [
    " ",
    "  ",
    "\n",
    "\t",
    ". ",
    ", ",
    "-",
    "/",
    "(",
    ")",
    "：",
    "。",
    "中文",
    "Привет",
    "é",
    "WITH",
    "the",
]
PIECES = [*MAIL, *PHONES, *CARDS, *ACCOUNTS, *PEOPLE, *NAMED, *MACHINES, *KEYS, *TOKENS, *PASSWORDS, *URLS]
PIECES += [*PEM, *CONTROLS, *EMOJI, *GLUE, *GLUE, "[EMAIL_1]", "[PHONE_2]"]

OTHER_SCRIPTS = re.compile(r"[^\W\x00-\x7f][\w.+\-]*@|@[\w.\-]*[^\W\x00-\x7f]")
"""A mail address that may be one with letters of another script in it."""

texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=14).map("".join)
cuts = st.lists(st.integers(min_value=1, max_value=40), max_size=60)


@pytest.fixture(scope="module", params=["default", "strict"])
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    return build_pipeline(without_models(load_policy(request.param)))


def stream(pipeline: Pipeline, chunks: list[str], review: InputReview | None = None) -> tuple[str, object]:
    """Return what goes out of the gate, and the verdict without its times."""
    gate = pipeline.open_gate(review)
    releases = [gate.feed(chunk) for chunk in chunks] + [gate.finish()]
    results = {name: verdict.model_dump(exclude={"milliseconds"}) for name, verdict in gate.results.items()}
    if not gate.blocked:
        assert sum(release.consumed for release in releases) == sum(map(len, chunks))
    return "".join(release.text for release in releases), (gate.blocked, gate.action, results)


def split(text: str, sizes: list[int]) -> list[str]:
    chunks: list[str] = []
    for size in sizes:
        chunks.append(text[:size])
        text = text[size:]
    return [*chunks, text]


@settings(deadline=None)
@given(text=texts, sizes=cuts)
@example(text="password: " + "aB3" * 600 + " tail 13800138000", sizes=[7] * 60)
@example(text="4111 1111 1111 1111 " * 120, sizes=[33] * 60)
@example(text="x" * 1500 + "sk-" + "Ab3dEf6hIj9kLm2nOp5q" * 90 + ".", sizes=[11] * 60)
@example(text="\u200b" * 3000, sizes=[400] * 5)
@example(text="a\U000e0041" * 900, sizes=[400] * 3)
@example(text="eyJhbGciOiJIUzI1NiJ9.eyJ" + "ab1" * 900 + " end.", sizes=[50] * 10)
@example(text="SHOUT WITH FOUR 1234 WORD " * 100, sizes=[3] * 60)
@example(text="password:" + "\u200b" * 300 + " hunter2A!x", sizes=[100])
def test_any_chunking_releases_the_same_text_and_verdict(
    pipeline: Pipeline, text: str, sizes: list[int]
) -> None:
    whole = stream(pipeline, [text])
    assert stream(pipeline, split(text, sizes)) == whole
    assert stream(pipeline, list(text)) == whole


@pytest.fixture(scope="module")
def redacting() -> Pipeline:
    """A pipeline with the same rules for what a user and what the model writes."""
    rules = [
        Rule(check=check, severity=2, action=Action.REDACT)
        for check in ("secrets", "personal_data", "control_characters")
    ]
    return build_pipeline(
        Policy(name="both", version="1", rules={Source.USER: rules, Source.ASSISTANT: rules})
    )


@settings(deadline=None)
@given(text=texts)
def test_streaming_redacts_what_checking_the_whole_text_redacts(redacting: Pipeline, text: str) -> None:
    assume(not OTHER_SCRIPTS.search(text))  # of an answer only the part in ASCII is a mail address
    review = redacting.review([Part(text, Source.USER)])
    released, _ = stream(redacting, list(text), review)
    assert released == review.parts[0].text


def test_of_an_address_across_scripts_an_answer_keeps_no_part_in_ascii(redacting: Pipeline) -> None:
    for written in ("ébob@example.com", "¹bob@example.com", "Приветbob@example.com"):
        (part,) = redacting.review([Part(written, Source.USER)]).parts
        released, _ = stream(redacting, list(written))
        assert part.text == "[EMAIL_1]"
        assert "bob" not in released
        assert "example" not in released


@settings(deadline=None)
@given(text=texts, sizes=cuts)
def test_no_more_is_held_than_the_stated_bound(pipeline: Pipeline, text: str, sizes: list[int]) -> None:
    gate = pipeline.open_gate()
    fed = released = 0
    for chunk in split(text, sizes):
        release = gate.feed(chunk)
        fed, released = fed + len(chunk), released + release.consumed
        assert gate.blocked or fed - released <= LONGEST_UNIT


@settings(deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
@example(text="<|im_start|> ： MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")
def test_redacting_a_redacted_text_changes_nothing(redacting: Pipeline, text: str) -> None:
    once = redacting.review([Part(text, Source.USER)]).parts[0].text
    assert redacting.review([Part(once, Source.USER)]).parts[0].text == once
