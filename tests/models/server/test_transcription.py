"""Speech to text over a socket with the real tiny.en: OpenAI's own client, ours, and broken files."""

from __future__ import annotations

import io
import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai as sdk
import pytest
import soundfile
from openai import OpenAI

from prudent import Client
from prudent.catalog import Catalog
from prudent.catalog.fetch import fetch
from prudent.runtime.transcriber_artifact import TranscriberArtifact
from prudent.server.app import create_app
from prudent.server.settings import Settings
from prudent.testing import RunningServer
from prudent_responsible_ai.audit import AuditLog

TINY = "whisper-tiny.en"
ADDRESS = Path(__file__).parents[2] / "data" / "audio" / "ask_not.ogg"
SAID = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)
SECONDS = 11.0
COUNTRY = (6.0, 10.0)
"""When the word is said, in seconds."""
BAD = Path(__file__).parents[4] / "shared" / "data" / "media" / "bad"
SOUNDS = (".wav", ".flac", ".mp3", ".mp4", ".bin", ".docx")
PATH = "/v1/audio/transcriptions"
SLOW = "silence_61min.flac"
"""Takes nine seconds on two quiet cores, all of them to listen for speech; too long for here."""
LONGEST = 30.0
"""Seconds that any other may take on a busy machine."""


@pytest.fixture(scope="module")
def hearing(
    whisper_artifact: TranscriberArtifact, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that can hear, with the default policy; the chat model is never loaded."""
    fetch(Catalog.load().get("silero-vad"))
    audit = AuditLog(tmp_path_factory.mktemp("audit") / "audit.db", key=b"k" * 32)
    with RunningServer(create_app(Settings(preload=False, threads=2), audit=audit)) as running:
        yield running


@pytest.fixture(scope="module")
def official(hearing: RunningServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{hearing.base_url}/v1", api_key="unused", timeout=120, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def client(hearing: RunningServer) -> Iterator[Client]:
    with Client(hearing.base_url) as client:
        yield client


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", text.lower()))


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt"])
def test_the_speech_is_in_every_format(official: OpenAI, form: str) -> None:
    answer = official.audio.transcriptions.create(model=TINY, file=ADDRESS, response_format=form)
    if form == "json":
        assert _words(answer.text) == SAID
        assert answer.usage.seconds == pytest.approx(SECONDS, abs=0.1)
        return
    assert isinstance(answer, str)
    if form == "text":
        assert _words(answer) == SAID
        return
    stamps = re.findall(r"(\d\d:\d\d:\d\d[.,]\d{3}) --> (\d\d:\d\d:\d\d[.,]\d{3})", answer)
    times = [_seconds(stamp) for pair in stamps for stamp in pair]
    assert times == sorted(times)
    assert times[-1] <= SECONDS + 0.1
    lines = [line for line in answer.splitlines() if re.search(r"[a-z]", line)]
    assert _words(" ".join(lines)) == SAID
    assert answer.startswith("WEBVTT" if form == "vtt" else "1\n")


def test_words_and_segments_have_the_times_at_which_they_are_said(official: OpenAI) -> None:
    heard = official.audio.transcriptions.create(
        model=TINY,
        file=ADDRESS,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="en",
    )
    assert (heard.language, heard.duration) == ("english", pytest.approx(SECONDS, abs=0.1))
    assert heard.words is not None
    assert heard.segments is not None
    assert _words(" ".join(word.word for word in heard.words)) == SAID == _words(heard.text)
    assert [word.start for word in heard.words if _words(word.word) == "country"] == pytest.approx(
        COUNTRY, abs=0.4
    )
    assert all(a.start <= b.start for a, b in itertools.pairwise(heard.words))
    assert "".join(segment.text for segment in heard.segments).strip() == heard.text
    # As in Whisper's own code: a mean above -1 and a ratio below 2.4 are a text to be trusted.
    assert all(segment.avg_logprob > -1 and segment.compression_ratio < 2.4 for segment in heard.segments)


def test_a_stream_says_what_the_whole_says(official: OpenAI) -> None:
    events = list(official.audio.transcriptions.create(model=TINY, file=ADDRESS, stream=True))
    deltas = [event.delta for event in events if event.type == "transcript.text.delta"]
    assert [event.type for event in events[:-1]] == ["transcript.text.delta"] * (len(events) - 1)
    assert deltas
    assert "".join(deltas).strip() == events[-1].text
    assert _words(events[-1].text) == SAID


def test_a_prompt_sets_the_style(client: Client) -> None:
    """Text before that has no capitals and no full stop: what is heard has neither."""
    create = client.audio.transcriptions.create
    plain = create(model=TINY, file=ADDRESS).text
    prompt = "okay so this is how we write it all in small letters without any full stops or commas you know "
    styled = create(model=TINY, file=ADDRESS, prompt=prompt).text
    assert plain.startswith("And so")
    assert styled.startswith("and so")
    assert _words(styled) == SAID


def test_what_an_english_model_cannot_do_is_said_with_what_can(official: OpenAI) -> None:
    with (
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(sdk.BadRequestError, match=r"nothing to translate.*whisper-base") as caught,
    ):
        official.audio.translations.create(model=TINY, file=ADDRESS)
    assert caught.value.param == "model"
    with pytest.raises(sdk.BadRequestError, match="does not know the language 'fr'") as caught:
        official.audio.transcriptions.create(model=TINY, file=ADDRESS, language="fr")
    assert caught.value.param == "language"
    with pytest.raises(sdk.NotFoundError):
        official.audio.transcriptions.create(model="whisper-1", file=ADDRESS)


def test_live_sound_becomes_the_same_text(client: Client) -> None:
    """By sentences; of "and so, my fellow" alone tiny.en makes "and so am I fellow"."""
    samples, rate = soundfile.read(ADDRESS, dtype="int16")
    pieces = [samples[at : at + rate].tobytes() for at in range(0, len(samples), rate)]
    events = list(client.audio.stream(pieces, model=TINY))
    finals = " ".join(event.text or "" for event in events if event.type == "transcript.final")
    after = SAID.index("fellow")
    assert _words(finals)[-len(SAID[after:]) :] == SAID[after:]
    assert _words(finals).startswith("and so")
    assert (events[-1].type, events[-1].duration) == ("transcript.done", pytest.approx(SECONDS, abs=0.1))


def _rows() -> list[dict[str, object]]:
    manifest = BAD / "manifest.jsonl"
    if not manifest.is_file():
        return []
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if str(row["file"]).endswith(SOUNDS) and row["file"] != SLOW]


def test_a_broken_file_has_a_clear_answer(hearing: RunningServer) -> None:
    """Every broken sound in turn; what is good must be heard, what is not is a 4xx, and soon."""
    if not (rows := _rows()):
        pytest.skip("the broken files are not here")
    wrong: list[str] = []
    with httpx.Client(base_url=hearing.base_url, timeout=120) as http:
        for row in rows:
            began = time.monotonic()
            name = str(row["file"])
            sound = (BAD / name).read_bytes()
            answer = http.post(PATH, data={"model": TINY}, files={"file": (name, sound)})
            fault = _fault(row, answer)
            if fault is None and time.monotonic() - began > LONGEST:
                fault = "too slow"
            if fault is not None:
                wrong.append(f"{name}: {fault}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []


NOT_SPEECH = ("one_sample.wav", "ten_ms.wav", "8ch_192k.wav", "dc_offset.flac", "zero_samples.wav")


def _fault(row: dict[str, object], answer: httpx.Response) -> str | None:
    """What is wrong with an answer to a broken file."""
    if answer.status_code == 200:
        text = answer.json()["text"]
        if row["file"] in NOT_SPEECH and text:
            return "words out of no speech"
        return None
    if row["should_succeed"]:
        return "a good file was refused"
    error = answer.json().get("error", {})
    if not 400 <= answer.status_code < 500 or error.get("param") != "file" or "\n" in error["message"]:
        return "no clear answer"
    return None


def test_an_unfinished_upload_of_a_good_recording_is_an_error(hearing: RunningServer) -> None:
    """A recording cut in the middle is not taken for a shorter one."""
    samples, rate = soundfile.read(ADDRESS)
    whole = io.BytesIO()
    soundfile.write(whole, samples, rate, format="FLAC")
    half = whole.getvalue()[: len(whole.getvalue()) // 2]
    answer = httpx.post(
        f"{hearing.base_url}{PATH}", data={"model": TINY}, files={"file": ("a.flac", half)}, timeout=60
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "file"
    assert "damaged or cut short" in answer.json()["error"]["message"]
