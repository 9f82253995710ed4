"""Images and sounds put to the checks: safety.check, moderations, chat and vision, by one policy."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI
from PIL import Image
from scripted_encoder import ScriptedEncoder
from scripted_encoder import ScriptedModels as ScriptedSafetyModels
from scripted_senses import ScriptedEyes, ScriptedSenses
from scripted_transcriber import ScriptedTranscriber
from word_check import WordCheck

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import ContentFilterError, InvalidRequestError
from prudent.server import moderating
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent.types.content import Source
from prudent.types.safety import Action, CheckState
from prudent_responsible_ai.audit import AuditLog
from prudent_responsible_ai.checks.image import ImageCheck
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, OnUnverified, Policy, Rule

SEVERE, MILD = 6, 3
WORDS = {"hate": ["vermin"], "violence": ["stab"], "self_harm": ["hurt myself"], "harmful_request": ["bomb"]}


def pipeline(on_unverified: OnUnverified = OnUnverified.ANNOTATE) -> Pipeline:
    """Blocks explicit images, and the word `forbidden` wherever it is read or heard."""
    word = Rule(check="forbidden", action=Action.BLOCK)
    image = Rule(check="image", severity=4, action=Action.BLOCK, on_unverified=on_unverified)
    rules = {Source.IMAGE: [image, word], Source.AUDIO: [word], Source.USER: [word]}
    policy = Policy(name="media", version="1", audit=AuditSettings(enabled=False), rules=rules)
    return Pipeline(policy, [ImageCheck(), WordCheck("forbidden")])


def app(senses: ScriptedSenses, audit: AuditLog | None = None, **options: Any) -> Any:
    return create_app(
        Settings(model="scripted", preload=False),
        pool=senses,  # pyright: ignore[reportArgumentType]
        pipeline=options.get("pipeline") or pipeline(),
        audit=audit,
        safety=ScriptedSafetyModels(ScriptedEncoder(WORDS)),  # pyright: ignore[reportArgumentType]
    )


Ask = Callable[..., Client]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A client of a server with senses that find what the test says."""
    with ExitStack() as stack:

        def connect(senses: ScriptedSenses, audit: AuditLog | None = None, **options: Any) -> Client:
            transport = AppTransport(lambda: app(senses, audit, **options))
            return Client(http_client=stack.enter_context(httpx.Client(transport=transport)))

        yield connect


@pytest.fixture
def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (12, 8), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


@pytest.mark.parametrize(("level", "blocked"), [(0, False), (MILD, False), (SEVERE, True)])
def test_what_an_image_shows_is_a_verdict(ask: Ask, picture: bytes, level: int, blocked: bool) -> None:
    answer = ask(ScriptedSenses(ScriptedEyes("a fine day", level))).safety.check([{"image": picture}])
    (part,) = answer.parts
    verdict = part.content_filter_results["sexual"]
    assert (answer.blocked, verdict.severity_level) == (blocked, level)
    assert part.source is Source.IMAGE
    assert part.text == (None if blocked else "a fine day")
    assert part.image is not None
    assert (part.image.width, part.image.height) == (12, 8)
    assert part.categories is not None
    assert part.categories["sexual"].severity_level == level


def test_text_in_an_image_and_in_a_sound_is_checked_by_the_rules_of_its_source(
    ask: Ask, picture: bytes
) -> None:
    senses = ScriptedSenses(ScriptedEyes("a forbidden sign"), ScriptedTranscriber("this is", "forbidden"))
    answer = ask(senses).safety.check(["fine", {"image": picture}, {"audio": b"RIFF of a kind"}])
    assert [(part.source, part.action) for part in answer.parts] == [
        (Source.USER, Action.ALLOW),
        (Source.IMAGE, Action.BLOCK),
        (Source.AUDIO, Action.BLOCK),
    ]
    assert answer.parts[2].language == "en"
    assert answer.parts[2].content_filter_results["forbidden"].spans[0].start == len("this is ")


def test_one_record_is_left_whatever_the_parts_are(ask: Ask, picture: bytes, tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.db", key=b"k" * 32)
    parts = ["fine", {"image": picture}, {"audio": b"RIFF"}]
    ask(ScriptedSenses(ScriptedEyes("", SEVERE)), audit).safety.check(parts)
    (record,) = audit.latest(5)
    assert [text["source"] for text in record["body"]["texts"]] == ["user", "image", "audio"]
    assert record["body"]["action"] == "block"


def test_an_image_that_no_model_has_looked_at_is_unverified_and_the_policy_decides(
    ask: Ask, picture: bytes
) -> None:
    blind = ScriptedSenses(ScriptedEyes("a sign"), blind=True)
    (part,) = ask(blind).safety.check([{"image": picture}]).parts
    assert part.content_filter_results["sexual"].state is CheckState.UNVERIFIED
    assert (part.action, part.categories) == (Action.ANNOTATE, None)
    strict = ask(blind, pipeline=pipeline(OnUnverified.BLOCK))
    assert strict.safety.check([{"image": picture}]).blocked


def test_a_low_detail_image_is_not_read(ask: Ask, picture: bytes) -> None:
    url = {"url": data_url(picture), "detail": "low"}
    client = ask(ScriptedSenses(ScriptedEyes("a forbidden sign")))
    assert not client.safety.check([{"type": "image_url", "image_url": url}]).blocked


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "image_url", "image_url": {"url": "!"}}, "input[0].image_url"),
        ({"type": "input_audio", "input_audio": {"data": "!"}}, "input[0].input_audio.data"),
        ({"type": "video", "video": "x"}, "input[0]"),
        ({"image": "no-such-file.png"}, "input[0]"),
        ({"audio": "no-such-file.wav"}, "input[0]"),
        ({"type": "image_url", "image_url": {"url": "x"}, "source": "user"}, "input[0]"),
    ],
)
def test_a_wrong_part_is_named(ask: Ask, part: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        ask(ScriptedSenses()).safety.check([part])
    assert (caught.value.param or "").startswith(param)


def chat(client: Client, picture: bytes) -> Any:
    image = {"type": "image_url", "image_url": {"url": data_url(picture)}}
    content = [{"type": "text", "text": "What is it?"}, image]
    return client.chat.completions.create(messages=[{"role": "user", "content": content}])


def test_a_conversation_with_an_explicit_image_is_refused(ask: Ask, picture: bytes) -> None:
    with pytest.raises(ContentFilterError, match="what the image shows"):
        chat(ask(ScriptedSenses(ScriptedEyes("", SEVERE))), picture)
    answer = chat(ask(ScriptedSenses(ScriptedEyes("", MILD))), picture)
    (image,) = answer.images
    assert image.categories["sexual"].severity_level == MILD
    (of_image,) = [found for found in answer.prompt_filter_results if found.source is Source.IMAGE]
    assert of_image.content_filter_results["sexual"].severity_level == MILD


def test_no_model_is_asked_where_the_policy_has_no_rule_about_images(
    ask: Ask, picture: bytes, no_checks: Pipeline
) -> None:
    eyes = ScriptedEyes("", SEVERE)
    answer = chat(ask(ScriptedSenses(eyes), pipeline=no_checks), picture)
    assert eyes.assessed == 0
    assert answer.images[0].categories is None


def test_the_score_of_an_image_comes_with_what_the_policy_would_do(ask: Ask, picture: bytes) -> None:
    client = ask(ScriptedSenses(ScriptedEyes("", SEVERE)))
    scored = client.vision.safety(picture)
    assert scored.content_filter_results is not None
    assert scored.content_filter_results["sexual"].action is Action.BLOCK
    with pytest.raises(ContentFilterError):
        client.vision.analyze(picture)
    assert client.vision.analyze(picture, features=["colors"]).content_filter_results is None


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every label is flagged from one half on."""
    monkeypatch.setattr(moderating, "_card", lambda: Halves())


class Halves:
    def thresholds(self, label: str, language: str) -> Any:
        from prudent_responsible_ai.severity import Thresholds

        return Thresholds(0.3, 0.5, 0.8)


@pytest.fixture
def official(half: None) -> Iterator[OpenAI]:
    with RunningServer(app(ScriptedSenses(ScriptedEyes("such vermin", SEVERE)))) as server:
        yield OpenAI(base_url=f"{server.base_url}/v1", api_key="unused", max_retries=0)


def test_the_official_client_reads_moderations(official: OpenAI) -> None:
    result = official.moderations.create(input="they are vermin, stab them", model="omni-moderation-latest")
    (one,) = result.results
    assert result.id.startswith("modr-")
    assert one.flagged
    assert (one.categories.hate, one.categories.hate_threatening, one.categories.harassment) == (1, 1, 0)
    assert one.category_scores.hate_threatening == pytest.approx(0.95)
    assert one.category_applied_input_types.hate == ["text"]
    assert one.category_applied_input_types.sexual_minors == []
    assert (one.category_scores.violence_graphic, one.categories.violence_graphic) == (0, False)


def test_each_text_has_a_result_of_its_own(official: OpenAI) -> None:
    results = official.moderations.create(input=["hello", "how to build a bomb"]).results
    assert [one.flagged for one in results] == [False, True]
    assert results[1].categories.illicit
    assert not results[1].categories.illicit_violent


def test_the_parts_of_an_input_share_a_result(official: OpenAI, picture: bytes) -> None:
    results = official.moderations.create(
        input=[
            {"type": "text", "text": "I want to hurt myself"},
            {"type": "image_url", "image_url": {"url": data_url(picture)}},
        ]
    ).results
    (one,) = results
    assert one.categories.self_harm_intent
    assert one.categories.hate, "what is read in the image counts"
    assert one.categories.sexual, "what the image shows counts"
    assert one.category_applied_input_types.sexual == ["text", "image"]


def test_moderation_never_refuses_and_has_the_policys_verdicts_beside(
    ask: Ask, half: None, tmp_path: Path
) -> None:
    audit = AuditLog(tmp_path / "audit.db", key=b"k" * 32)
    found = ask(ScriptedSenses(), audit).moderations.create(input=["fine", "a forbidden word"])
    assert [one.flagged for one in found.results] == [False, False]
    assert [one.content_filter_results[0]["forbidden"].filtered for one in found.results] == [False, True]
    assert found.safety is not None
    (record,) = audit.latest(5)
    assert record["body"]["route"] == "/v1/moderations"


@pytest.mark.parametrize("wrong", [[], 7, [7], [{"type": "sound"}]])
def test_wrong_inputs_are_an_error_that_names_them(ask: Ask, wrong: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        ask(ScriptedSenses()).moderations.create(input=wrong)
    assert (caught.value.param or "").startswith("input")
