"""Speech to text with the real tiny.en on public-domain speeches, whose features the compiler ships."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from prudent.capabilities.audio.mel import log_mel
from prudent.capabilities.whisper.model import WhisperModel
from prudent.capabilities.whisper.options import DecodeOptions
from prudent.capabilities.whisper.window import Window
from prudent.compiler.transcriber_gate import TranscriberLimits
from prudent.compiler.transcriber_speech import calibration_speech
from prudent.errors import InvalidRequestError, ServiceUnavailableError

SPEECHES = calibration_speech().utterances
WINDOWS = [Window(speech.features) for speech in SPEECHES]
ADDRESS = WINDOWS[0]
PLAIN = DecodeOptions(timestamps=False, temperatures=(0.0,))


@pytest.fixture(scope="module")
def whisper_model(whisper_artifact):
    with WhisperModel.load(whisper_artifact, threads=2) as model:
        yield model


def words(text):
    return re.findall(r"[a-z]+", text.lower())


def test_speech_is_heard_as_it_was_said(whisper_model):
    heard = whisper_model.transcribe(WINDOWS, PLAIN)
    assert words(heard[0].text) == words(SPEECHES[0].text)
    # Of the short one the model takes the first word for "then", at float32 as well.
    assert words(heard[2].text)[1:] == words(SPEECHES[2].text)[1:]
    assert (heard[0].language, heard[0].language_probability) == ("en", 1.0)
    assert heard[0].segments[0].temperature == 0.0
    assert heard[0].segments[0].end == pytest.approx(11.0)


def test_a_window_has_the_same_text_alone_in_company_and_computed_whole(whisper_model):
    together = [transcript.text for transcript in whisper_model.transcribe(WINDOWS, PLAIN)]
    alone = [whisper_model.transcribe([window], PLAIN)[0].text for window in WINDOWS]
    assert together == alone
    whole = DecodeOptions(timestamps=False, temperatures=(0.0,), window="full")
    assert words(whisper_model.transcribe([ADDRESS], whole)[0].text) == words(alone[0])


def test_segments_and_words_have_times_in_order_counted_from_the_recordings_beginning(whisper_model):
    window = Window(ADDRESS.features, offset=100.0)
    (heard,) = whisper_model.transcribe([window], DecodeOptions(word_timestamps=True))
    timed = [word for segment in heard.segments for word in segment.words]
    assert "".join(word.text for word in timed).strip() == heard.text
    assert all(a.start <= a.end <= b.start + 0.25 for a, b in itertools.pairwise(timed))
    assert 100.0 <= timed[0].start < 100.8
    assert timed[-1].end <= 111.0
    country = [word for word in timed if words(word.text) == ["country"]]
    # Where the two stand in the recording: 5.9 to 6.4 s and 9.9 to 10.5 s.
    assert [round(word.start - 100.0, 1) for word in country] == pytest.approx([6.0, 10.0], abs=0.4)
    assert all(0.0 < word.probability <= 1.0 for word in timed)
    starts = [segment.start for segment in heard.segments]
    assert starts == sorted(starts)


def test_growing_sound_goes_on_from_what_was_agreed_upon(whisper_model):
    first = whisper_model.transcribe([Window(ADDRESS.features[:, :500])], PLAIN)[0]
    agreed = first.tokens[:6]
    options = DecodeOptions(timestamps=False, temperatures=(0.0,), prefix=agreed)
    whole = whisper_model.transcribe([ADDRESS], options)[0]
    assert whole.tokens[:6] == agreed
    assert words(whole.text) == words(SPEECHES[0].text)


@pytest.mark.parametrize("level", [0.0, 1e-4, 1e-2])
def test_silence_and_faint_noise_have_no_text(whisper_model, level):
    sound = np.random.default_rng(0).normal(0, level, 16_000 * 5).astype(np.float32)
    (heard,) = whisper_model.transcribe([Window(log_mel(sound))], DecodeOptions())
    assert (heard.text, heard.segments) == ("", ())


def test_a_text_that_is_not_to_be_trusted_is_decoded_again(whisper_model):
    options = DecodeOptions(timestamps=False, temperatures=(0.0, 1.0), logprob_limit=-0.01)
    (heard,) = whisper_model.transcribe([ADDRESS], options)
    assert heard.segments[0].avg_logprob < -0.01
    strict = whisper_model.transcribe([ADDRESS], PLAIN)[0].segments[0]
    assert heard.segments[0].avg_logprob >= strict.avg_logprob
    again = whisper_model.transcribe([ADDRESS], options)[0]
    assert again == heard


def test_what_cannot_be_done_is_refused_by_name(whisper_model):
    for options, param in (
        (DecodeOptions(language="fr"), "language"),
        (DecodeOptions(task="translate"), "model"),
        (DecodeOptions(temperatures=()), "temperature"),
        (DecodeOptions(batch=0), "batch"),
        (DecodeOptions(prompt=(50_257,)), "prompt"),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            whisper_model.transcribe([ADDRESS], options)
        assert caught.value.param == param
    for features in (np.zeros((80, 0)), np.zeros((80, 3001)), np.zeros((40, 100)), np.full((80, 10), np.nan)):
        with pytest.raises(InvalidRequestError):
            whisper_model.transcribe([Window(features.astype(np.float32))])
    assert whisper_model.transcribe([]) == []


def test_closed_model_says_so(whisper_artifact):
    model = WhisperModel.load(whisper_artifact, threads=1)
    model.close()
    model.close()
    with pytest.raises(ServiceUnavailableError):
        model.transcribe([ADDRESS])


def test_card_says_how_exact_the_model_is(whisper_artifact):
    accuracy = whisper_artifact.card.accuracy
    assert TranscriberLimits().hold(accuracy)
    assert accuracy.samples > 50
    assert whisper_artifact.card.precision["encoder layer_0.feed_forward.up"].startswith("int8, rows")
