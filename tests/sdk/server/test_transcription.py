"""Recordings over HTTP: forms, formats, events, checks. The official client reads what prudent writes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import BadRequestError, OpenAI
from scripted_transcriber import OneTranscriber, ScriptedTranscriber, said

from prudent.client import Client
from prudent.client.transports import AppTransport
from prudent.errors import (
    ContentFilterError,
    InvalidRequestError,
    RequestTooLargeError,
    UnsupportedMediaError,
)
from prudent.server.app import create_app
from prudent.server.heard import text_of, with_text
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent.types.content import Source
from prudent.types.safety import Action
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.pipeline import Pipeline
from prudent_responsible_ai.policy import AuditSettings, Policy, Rule

PATH = "/v1/audio/transcriptions"
SOUND = b"RIFF of a kind"


class PhraseCheck:
    """Finds a phrase, however it is spaced."""

    def __init__(self, phrase: str) -> None:
        self.id = phrase.replace(" ", "_")
        self.categories = (self.id,)
        self.essential = True
        self.model_hash = None
        self.unit = Unit.WORD
        self._phrase = phrase

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        at = text.find(self._phrase)
        if at < 0:
            return []
        span = Span(at, at + len(self._phrase), self.id)
        return [Finding(self.id, 6, (span,), reason="the phrase is there")]

    def warm_up(self) -> None:
        """Nothing to load."""


def _pipeline() -> Pipeline:
    rules = [
        Rule(check="forbidden", action=Action.BLOCK),
        Rule(check="private_number", action=Action.REDACT),
    ]
    policy = Policy(
        name="phrases",
        version="1",
        audit=AuditSettings(enabled=False),
        rules=dict.fromkeys((Source.USER, Source.AUDIO), rules),
    )
    return Pipeline(policy, [PhraseCheck("forbidden"), PhraseCheck("private number")])


def _app(transcriber: ScriptedTranscriber, **settings: object):
    pool = OneTranscriber(transcriber)
    return create_app(Settings(preload=False, **settings), pool=pool, pipeline=_pipeline())


@pytest.fixture
def client() -> Iterator[Callable[..., Client]]:
    """A client of a server in this process."""
    with ExitStack() as stack:

        def connect(transcriber: ScriptedTranscriber, **settings: object) -> Client:
            transport = AppTransport(lambda: _app(transcriber, **settings))
            return Client(http_client=stack.enter_context(httpx.Client(transport=transport)), max_retries=0)

        yield connect


@pytest.fixture
def http() -> Iterator[Callable[..., httpx.Client]]:
    """A bare HTTP client of a server in this process."""
    with ExitStack() as stack:

        def connect(transcriber: ScriptedTranscriber, **settings: object) -> httpx.Client:
            transport = AppTransport(lambda: _app(transcriber, **settings))
            return stack.enter_context(httpx.Client(transport=transport, base_url="http://localhost"))

        yield connect


def test_the_official_client_reads_every_format() -> None:
    with RunningServer(_app(ScriptedTranscriber("Hello there.", "How are you?"))) as server:
        openai = OpenAI(base_url=f"{server.base_url}/v1", api_key="unused", max_retries=0)
        create = openai.audio.transcriptions.create
        given = {"model": "scripted", "file": ("talk.wav", SOUND)}
        assert create(**given).text == "Hello there. How are you?"
        assert create(**given, response_format="text") == "Hello there. How are you?\n"
        assert create(**given, response_format="srt").startswith(
            "1\n00:00:00,000 --> 00:00:02,000\nHello there.\n\n2\n"
        )
        assert create(**given, response_format="vtt").startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n")
        verbose = create(**given, response_format="verbose_json", timestamp_granularities=["word", "segment"])
        assert (verbose.language, verbose.duration) == ("english", 4.0)
        assert [(segment.id, segment.start) for segment in verbose.segments or []] == [(0, 0.0), (1, 2.0)]
        assert [word.word for word in verbose.words or []][:2] == ["Hello", "there."]
        events = list(create(**given, stream=True))
        assert [event.type for event in events] == [*["transcript.text.delta"] * 2, "transcript.text.done"]
        assert "".join(event.delta for event in events[:-1]).strip() == events[-1].text
        with pytest.warns(DeprecationWarning, match="deprecated"):  # the package's own word on translations
            assert openai.audio.translations.create(**given).text == "Hello there. How are you?"
        with pytest.raises(BadRequestError, match="include is not supported"):
            create(**given, include=["logprobs"])


@pytest.mark.parametrize("form", ["path", "bytes", "file", "named"])
def test_a_file_is_given_in_many_ways(form: str, client: Callable[..., Client], tmp_path: Path) -> None:
    path = tmp_path / "talk 空.wav"
    path.write_bytes(SOUND * 100_000)  # more than is kept in memory
    transcriber = ScriptedTranscriber("Yes.")
    file = {
        "path": path,
        "bytes": path.read_bytes(),
        "file": io.BytesIO(path.read_bytes()),
        "named": ("talk.wav", path),
    }[form]
    assert client(transcriber).audio.transcriptions.create(file=file).text == "Yes."
    name, size = transcriber.recordings[0]
    assert size == len(SOUND) * 100_000
    assert name == {"path": "talk 空.wav", "bytes": "file", "file": "file", "named": "talk.wav"}[form]


def test_options_reach_the_model(client: Callable[..., Client]) -> None:
    transcriber = ScriptedTranscriber("Oui.")
    asked = client(transcriber).audio
    asked.transcriptions.create(
        file=SOUND,
        language="fr",
        prompt="Noms propres",
        temperature=0.5,
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )
    asked.translations.create(file=SOUND)
    first, second = transcriber.options
    assert (first.language, first.prompt, first.temperature, first.words) == ("fr", "Noms propres", 0.5, True)
    assert (first.translate, second.translate) == (False, True)


def test_silence_is_an_empty_text(client: Callable[..., Client]) -> None:
    create = client(ScriptedTranscriber()).audio.transcriptions.create
    assert create(file=SOUND).text == ""
    assert create(file=SOUND, response_format="srt") == ""
    assert create(file=SOUND, response_format="verbose_json").segments == []
    events = list(create(file=SOUND, stream=True))
    assert events[-1].type == "transcript.text.done"
    assert events[-1].text == ""


def test_what_must_not_be_seen_is_in_no_segment_and_no_word(client: Callable[..., Client]) -> None:
    """The phrase lies across two segments, so that neither has it alone."""
    create = client(
        ScriptedTranscriber("My private", "number is secret.", "Bye.")
    ).audio.transcriptions.create
    answer = create(file=SOUND, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    everything = answer.model_dump_json(exclude={"content_filter_results", "safety"})
    assert "number" not in everything
    assert answer.segments is not None
    assert [segment.text for segment in answer.segments][-1] == " Bye."
    assert "".join(segment.text for segment in answer.segments).strip() == answer.text
    assert answer.text.startswith("My [")
    assert answer.text.endswith("is secret. Bye.")
    assert answer.safety is not None
    assert answer.safety.action is Action.REDACT


def test_a_finding_across_two_events_of_a_stream_is_seen_whole(client: Callable[..., Client]) -> None:
    texts = ("My private", "number is secret.", "Bye.")
    whole = client(ScriptedTranscriber(*texts)).audio.transcriptions.create(file=SOUND)
    events = list(
        client(ScriptedTranscriber(*texts)).audio.transcriptions.create(
            file=SOUND, stream=True, response_format="verbose_json"
        )
    )
    assert not any("number" in (event.delta or "") for event in events)
    assert "".join(event.delta or "" for event in events).strip() == whole.text == events[-1].text
    assert events[-1].safety is not None
    assert events[-1].safety.action is Action.REDACT


def test_a_check_can_refuse_what_was_said_and_what_was_asked(client: Callable[..., Client]) -> None:
    create = client(ScriptedTranscriber("It is forbidden.")).audio.transcriptions.create
    with pytest.raises(ContentFilterError):
        create(file=SOUND)
    with pytest.raises(ContentFilterError) as caught:
        client(ScriptedTranscriber("Fine.")).audio.transcriptions.create(file=SOUND, prompt="forbidden")
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"colour": "red"}, "colour"),
        ({"chunking_strategy": "auto"}, "chunking_strategy"),
        ({"include[]": "logprobs"}, "include"),
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": "2"}, "temperature"),
        ({"response_format": "pdf"}, "response_format"),
        ({"timestamp_granularities[]": "word"}, ""),
        ({"stream": "true", "response_format": "srt"}, ""),
        ({"language": "x" * 100}, "language"),
    ],
)
def test_a_wrong_field_is_named(
    fields: dict[str, str], param: str, http: Callable[..., httpx.Client]
) -> None:
    answer = http(ScriptedTranscriber("No.")).post(PATH, data=fields, files={"file": ("a.wav", SOUND)})
    assert answer.status_code == 400
    assert (answer.json()["error"]["param"] or "") == param


def test_a_body_that_is_no_form_with_a_file_is_refused(http: Callable[..., httpx.Client]) -> None:
    asked = http(ScriptedTranscriber("No."))
    assert asked.post(PATH, json={"file": "x"}).status_code == 400
    assert asked.post(PATH, files={"sound": ("a.wav", SOUND)}).json()["error"]["param"] == "file"
    no_boundary = asked.post(PATH, content=b"--x", headers={"content-type": "multipart/form-data"})
    assert no_boundary.status_code == 400
    half = asked.post(
        PATH,
        content=b"--x\r\nContent-Disposition: form-data; name=",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert half.status_code == 400
    twice = asked.post(PATH, files=[("file", ("a.wav", SOUND)), ("file", ("b.wav", SOUND))])
    assert twice.status_code == 400


def test_uploads_have_a_limit_of_their_own(client: Callable[..., Client]) -> None:
    create = client(
        ScriptedTranscriber("Yes."), max_body_bytes=2048, max_upload_bytes=2**16
    ).audio.transcriptions.create
    assert create(file=bytes(2**15)).text == "Yes."
    with pytest.raises(RequestTooLargeError, match="max_upload_bytes"):
        create(file=bytes(2**17))


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_before_the_first_event_is_the_status(stream: bool, client: Callable[..., Client]) -> None:
    error = UnsupportedMediaError("a.wav is not sound.", param="file")
    with pytest.raises(UnsupportedMediaError, match=r"a\.wav is not sound"):
        client(ScriptedTranscriber(error=error)).audio.transcriptions.create(file=SOUND, stream=stream)


def test_leaving_a_stream_ends_the_work(client: Callable[..., Client]) -> None:
    transcriber = ScriptedTranscriber(*["More."] * 500, slow=0.01)
    with client(transcriber).audio.transcriptions.create(file=SOUND, stream=True) as events:
        next(events)
    assert transcriber.closed == 1


def test_a_file_that_is_not_there_is_an_error_of_ours(client: Callable[..., Client]) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read") as caught:
        client(ScriptedTranscriber()).audio.transcriptions.create(file="/nowhere/talk.wav")
    assert caught.value.param == "file"


TEXTS = st.lists(st.text(alphabet="ab c", min_size=1, max_size=8), min_size=1, max_size=5)


def _dense(text: str) -> str:
    return "".join(text.split())


@given(texts=TEXTS, data=st.data())
def test_another_text_is_carried_by_the_segments_whatever_was_replaced(
    texts: list[str], data: st.DataObject
) -> None:
    segments = [said(text, index * 2.0) for index, text in enumerate(texts)]
    original = text_of(segments)
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, len(original)))
    text = original[:start] + data.draw(st.sampled_from(["", "[X_1]"])) + original[end:]
    made = with_text(segments, text)
    assert _dense(text_of(made)) == _dense(text)
    for segment in made:
        assert _dense("".join(word.text for word in segment.words or ())) == _dense(segment.text)
    assert json.dumps([segment.start for segment in made]) == json.dumps(
        sorted(segment.start for segment in made)
    )
