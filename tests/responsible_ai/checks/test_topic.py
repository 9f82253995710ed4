"""The check of topics with the real embedding model."""

from __future__ import annotations

import pytest
from scripted_encoder import ScriptedEncoder

from prudent.capabilities.embeddings import EmbeddingModel
from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.check import CheckContext
from prudent_responsible_ai.checks.topic import TopicCheck, TopicOptions
from prudent_responsible_ai.safety_models import shared_models
from prudent_responsible_ai.setup import CheckSetup
from prudent_responsible_ai.text_view import Reading

ALLOWED = {
    "banking": [
        "What is the balance of my account?",
        "Transfer money to my savings account.",
        "Why was my card payment declined?",
        "How do I open an account?",
        "I want to block my credit card.",
        "我的储蓄账户余额有多少？",
        "请把我的信用卡冻结。",
    ]
}


class Models:
    """The real embedding model, and an encoder that is not asked."""

    def encoder(self) -> ScriptedEncoder:
        return ScriptedEncoder({})

    def embedder(self) -> EmbeddingModel:
        return shared_models().embedder()


def _found(check: TopicCheck, text: str) -> list[str]:
    return [one.category for one in check.check(text, CheckContext(Source.USER, Reading(text)))]


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please send 50 euros to my savings account.", []),
        ("How do I bake a chocolate cake?", ["off_topic"]),
        ("我的银行账户余额是多少？", []),
        ("红烧肉怎么做才好吃？", ["off_topic"]),
        ("Thanks!", []),
    ],
)
def test_only_the_allowed_topics_pass(text: str, expected: list[str]) -> None:
    assert _found(TopicCheck(Models(), TopicOptions(allowed=ALLOWED)), text) == expected


@pytest.mark.model
def test_a_denied_topic_is_found_and_others_pass() -> None:
    check = TopicCheck(Models(), TopicOptions(denied=ALLOWED))
    assert _found(check, "Can you block my credit card please?") == ["denied_topic"]
    assert _found(check, "How do I bake a chocolate cake?") == []


def test_a_topic_needs_examples() -> None:
    with pytest.raises(ConfigurationError, match="topic"):
        TopicCheck.from_setup(CheckSetup(Models(), "topic", {"allowed": {"banking": []}}))
