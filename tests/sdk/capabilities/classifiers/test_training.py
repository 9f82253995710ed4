"""Training with the real encoder on sixty sentences: how good, how sure, what it finds, if it repeats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prudent.capabilities.classifiers import shelf
from prudent.capabilities.classifiers.features import Encoding
from prudent.capabilities.classifiers.predicting import classify, require_encoder, require_kind, weigh_words
from prudent.capabilities.classifiers.training import TrainingOptions, train
from prudent.errors import ConflictError, InvalidRequestError, ModelFileError, ModelNotFoundError


class Remembered:
    """An encoding that encodes each text once, since the tests train often on the same."""

    def __init__(self, encoding: Encoding) -> None:
        self._encode = encoding.encode
        self._known: dict[str | bytes, np.ndarray] = {}
        self.encoding = replace(encoding, encode=self)

    def __call__(self, contents, on_done):
        new = [content for content in dict.fromkeys(contents) if content not in self._known]
        if new:
            self._known.update(zip(new, self._encode(new, None), strict=True))
        if on_done is not None:
            on_done(len(contents))
        return np.stack([self._known[content] for content in contents])


@pytest.fixture(scope="module")
def encoding(e5_encoding):
    return Remembered(e5_encoding).encoding


@pytest.fixture(scope="module")
def trained(encoding, requests):
    return train("requests", encoding, requests, TrainingOptions())


def test_sixty_sentences_in_two_languages_are_enough(trained):
    card = trained.record.card
    assert trained.record.labels == ["account", "delivery", "praise", "refund"]
    assert (card.data.given, card.data.used, card.accuracy.count) == (60, 60, 60)
    assert card.accuracy.value >= 0.85
    assert card.accuracy.low < card.accuracy.value < card.accuracy.high
    assert card.baseline == 0.25
    assert card.macro_f1 == pytest.approx(card.accuracy.value, abs=0.05)
    assert sum(map(sum, card.confusion)) == 60
    assert {one.group: one.accuracy.count for one in card.groups} == {"en": 32, "zh": 28}
    assert {one.verdict for one in card.groups} == {"too small"}
    assert any("Fewer than 20 examples" in warning for warning in card.warnings)


def test_sentences_that_it_has_not_seen_are_answered_in_both_languages(trained, encoding):
    asked = {
        "give me my cash back": "refund",
        "这件衣服太好看了": "praise",
        "包裹丢了": "delivery",
        "login fails": "account",
    }
    answers = classify(trained, encoding.vectors(list(asked)), top_k=2)
    assert [answer.label for answer in answers] == list(asked.values())
    for answer in answers:
        assert len(answer.scores) == 2
        assert answer.scores[0].probability == answer.probability >= answer.scores[1].probability
        assert answer.unknown == (answer.probability < trained.record.card.unknown_below)


def test_what_fits_no_class_is_less_sure_than_what_does(trained, encoding):
    strange = ["The derivative of x squared is 2x", "明天会下雪吗", "Who won the chess tournament in 1972?"]
    sure = [
        answer.probability for answer in classify(trained, encoding.vectors(["I want a refund"]), top_k=1)
    ]
    answers = classify(trained, encoding.vectors(strange), top_k=1)
    assert all(answer.unknown for answer in answers)
    assert max(answer.probability for answer in answers) < sure[0]


def test_the_word_that_decides_has_the_most_weight(trained, encoding):
    words = weigh_words(trained, "so the parcel then", "delivery", encoding)
    assert words[0].text == "parcel"
    assert words[0].weight > 0.1
    assert "so the parcel then"[words[0].start : words[0].end] == "parcel"
    assert {word.text for word in weigh_words(trained, "退款吧", "refund", encoding)} == set("退款吧")
    assert weigh_words(trained, "refund", "refund", encoding) == []
    long = weigh_words(trained, "please " * 300 + "refund", "refund", encoding)
    assert len(long) <= 48


def test_a_planted_wrong_label_is_the_most_doubtful(encoding, requests):
    planted = [replace(one, label="praise") if one.place == 2 else one for one in requests]
    doubtful = train("planted", encoding, planted, TrainingOptions()).record.card.doubtful
    assert (doubtful[0].row, doubtful[0].label, doubtful[0].suggested) == (2, "praise", "refund")


def test_the_same_seed_gives_the_same_card_and_another_seed_other_folds(trained, encoding, requests):
    def card_of(seed):
        made = train("requests", encoding, requests, TrainingOptions(seed=seed))
        return made.record.card.model_copy(update={"seconds": 0.0}), made.head.weights

    first, weights = card_of(0)
    again, same = card_of(0)
    assert first == again == trained.record.card.model_copy(update={"seconds": 0.0})
    assert (weights == same).all()
    assert (
        card_of(1)[0].classes != first.classes or card_of(1)[0].calibration_error != first.calibration_error
    )


def test_names_of_classes_do_not_matter(trained, encoding, requests):
    names = {"account": "d", "delivery": "c", "praise": "b", "refund": "a"}
    renamed = train(
        "x", encoding, [replace(one, label=names[one.label]) for one in requests], TrainingOptions()
    )
    plain, other = trained.record.card, renamed.record.card
    assert other.accuracy == plain.accuracy
    assert other.calibration_error == pytest.approx(plain.calibration_error, abs=0.005)
    assert np.array(other.confusion)[::-1, ::-1].tolist() == plain.confusion


def test_a_threshold_of_ones_own_is_kept(encoding, requests):
    card = train("x", encoding, requests, TrainingOptions(unknown_below=0.99)).record.card
    assert card.unknown_below == 0.99
    assert card.answered < 0.9


def test_a_long_text_is_read_in_parts(trained, encoding):
    long = "Where is my parcel? It has not arrived. " * 150
    assert classify(trained, encoding.vectors([long, "hi"]), top_k=1)[0].label == "delivery"


def test_who_gives_up_stops_the_work(encoding, requests):
    def check():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("x", encoding, requests, TrainingOptions(), check=check)


def test_images_and_another_encoder_are_refused(trained, encoding):
    require_encoder(trained, encoding)
    with pytest.raises(ConflictError, match="another version of multilingual-e5-small"):
        require_encoder(trained, replace(encoding, sha256="0" * 64))
    with pytest.raises(InvalidRequestError, match="classifies texts, not images"):
        require_kind(trained, "image")


@pytest.fixture
def kept(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path))
    shelf.keep(trained, replace=False)
    return shelf.root() / "requests"


def test_a_kept_classifier_answers_as_before(trained, kept, encoding):
    opened = shelf.open_classifier("requests")
    vectors = encoding.vectors(["Where is my parcel?", "怎么退款"])
    assert opened.record == trained.record
    assert classify(opened, vectors, top_k=4) == classify(trained, vectors, top_k=4)
    assert [one.id for one in shelf.listed()] == ["requests"]
    assert sorted(path.name for path in kept.iterdir()) == ["card.json", "head.npz"]


def test_a_card_holds_no_text_of_the_examples(kept, requests):
    card = (kept / "card.json").read_text(encoding="utf-8")
    assert [one.content for one in requests if one.content in card] == []


def test_a_name_is_taken_until_it_is_removed_or_replaced(trained, kept):
    with pytest.raises(ConflictError, match="already"):
        shelf.keep(trained, replace=False)
    shelf.keep(trained, replace=True)
    shelf.remove("requests")
    assert shelf.listed() == []
    with pytest.raises(ModelNotFoundError):
        shelf.remove("requests")


@pytest.mark.parametrize(
    "name", ["..", "../requests", "Requests", "", "a/b", ".hidden", "a" * 65, "requests\n"]
)
def test_a_name_is_never_a_path(kept, name):
    with pytest.raises(ModelNotFoundError):
        shelf.retrieve(name)


def test_the_nearest_name_is_offered(kept):
    with pytest.raises(ModelNotFoundError) as caught:
        shelf.retrieve("request")
    assert caught.value.hint == "Did you mean requests?"


def _pickled(folder):
    np.savez(folder / "head.npz", weights=np.array([{"a": 1}], dtype=object))


def _reshaped(folder):
    with np.load(folder / "head.npz") as file:
        arrays = dict(file)
    np.savez(folder / "head.npz", **{**arrays, "bias": arrays["bias"][:-1]})


def _not_finite(folder):
    with np.load(folder / "head.npz") as file:
        arrays = dict(file)
    np.savez(folder / "head.npz", **{**arrays, "mean": arrays["mean"] * np.float32(np.nan)})


def _inflated(folder):
    with np.load(folder / "head.npz") as file:
        arrays = dict(file)
    np.savez_compressed(folder / "head.npz", **arrays, more=np.zeros(10**6))


@pytest.mark.parametrize(
    "harm",
    [
        _pickled,
        _reshaped,
        _not_finite,
        _inflated,
        lambda folder: (folder / "head.npz").write_bytes(b"PK\x03\x04"),
        lambda folder: (folder / "head.npz").unlink(),
        lambda folder: (folder / "card.json").write_text("{"),
    ],
)
def test_a_damaged_folder_is_said_to_be_damaged(kept, harm):
    harm(kept)
    with pytest.raises(ModelFileError, match="damaged"):
        shelf.open_classifier("requests")
