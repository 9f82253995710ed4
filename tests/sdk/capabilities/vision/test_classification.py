"""The real classifier and scorer: what they see, how near int8 is to float32, callers side by side."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prudent.capabilities.vision.classification import ImageClassifier
from prudent.capabilities.vision.decode import decode_image
from prudent.capabilities.vision.image_safety import ImageSafetyModel
from prudent.compiler.calibration.pictures import calibration_pictures
from prudent.compiler.labels import imagenet_labels
from prudent.errors import InvalidRequestError, ServiceUnavailableError
from prudent.types.safety import SeverityName

MEDIA = Path(__file__).parents[5] / "shared" / "data" / "media"
PHOTOS = MEDIA / "images"
shared = pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared media are not here")


@pytest.fixture(scope="module")
def effnet_classifier() -> Iterator[ImageClassifier]:
    with ImageClassifier.load() as classifier:
        yield classifier


@pytest.fixture(scope="module")
def nsfw_scorer() -> Iterator[ImageSafetyModel]:
    with ImageSafetyModel.load() as scorer:
        yield scorer


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return calibration_pictures(4, 224, 7)


def photo(name: str) -> np.ndarray:
    return decode_image((PHOTOS / name).read_bytes()).pixels


def test_the_card_says_what_was_measured(effnet_classifier, nsfw_scorer):
    accuracy = effnet_classifier.card.accuracy
    assert accuracy.measures["mean_kl"] < 0.1
    assert accuracy.measures["feature_cosine"] > 0.95
    assert accuracy.samples == 24
    assert effnet_classifier.card.weight_bytes < 6_000_000
    assert effnet_classifier.card.license == "Apache-2.0"
    assert nsfw_scorer.card.accuracy.measures["mean_log_odds_error"] < 0.25


def test_there_are_a_thousand_names(effnet_classifier):
    assert len(set(effnet_classifier.labels)) > 990  # crane and maillot are two things each
    assert effnet_classifier.labels[291] == "lion"
    assert imagenet_labels()[0] == "tench"


def test_probabilities_are_in_order_and_sum_to_one(effnet_classifier, pictures):
    tags = effnet_classifier.classify(pictures[0], top_k=100)
    scores = [tag.score for tag in tags]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1.0001
    assert effnet_classifier.classify(pictures[0], top_k=3) == tags[:3]
    assert all(effnet_classifier.labels[tag.index] == tag.label for tag in tags)


@shared
def test_photographs_are_what_they_show(effnet_classifier):
    rows = [json.loads(line) for line in (PHOTOS / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    some = rows[::4]
    right = [effnet_classifier.classify(photo(row["file"]))[0].index in row["accepted"] for row in some]
    assert np.mean(right) > 0.8


@shared
def test_cmyk_and_colour_are_the_same_to_the_classifier(effnet_classifier):
    rows = (PHOTOS / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    name = next(json.loads(line)["file"] for line in rows if "things_ambulance" in line)
    cmyk = decode_image((MEDIA / "bad" / "cmyk.jpg").read_bytes()).pixels
    best = effnet_classifier.classify(cmyk)[0]
    assert best.index == effnet_classifier.classify(photo(name))[0].index


@shared
def test_photographs_of_the_safe_set_are_safe(nsfw_scorer):
    rows = (PHOTOS / "safe.jsonl").read_text(encoding="utf-8").splitlines()
    names = [json.loads(line)["file"] for line in rows][::4]
    levels = [nsfw_scorer.assess(photo(name))["sexual"].severity_level for name in names]
    assert max(levels) < 6
    assert np.mean(np.array(levels) < 2) > 0.85


def test_severity_follows_the_score(nsfw_scorer, pictures):
    for picture in pictures:
        severity = nsfw_scorer.assess(picture)["sexual"]
        assert 0.0 <= severity.score <= 1.0
        assert (severity.score < 0.1) == (severity.severity_level == 0)
        assert (severity.score < 0.2) == (severity.severity is SeverityName.SAFE)


def test_features_are_those_of_each_image_alone(effnet_classifier, pictures):
    together = effnet_classifier.features(list(pictures))
    assert together.shape == (4, 1280)
    assert together.dtype == np.float32
    assert (together >= 0).all()
    np.testing.assert_array_equal(together[2:3], effnet_classifier.features([pictures[2]]))
    assert effnet_classifier.features([]).shape == (0, 1280)


def test_a_long_strip_takes_no_more_than_any_image(effnet_classifier, nsfw_scorer):
    strip = np.zeros((4, 20_000, 3), np.uint8)
    strip[:, ::2] = 255
    assert effnet_classifier.classify(strip)
    assert nsfw_scorer.assess(strip)
    assert effnet_classifier.classify(np.zeros((1, 1, 3), np.uint8))


def test_a_large_image_is_seen_like_a_small_one(effnet_classifier, pictures):
    large = np.array(Image.fromarray(pictures[1]).resize((1800, 1800), Image.Resampling.BICUBIC))
    small, grown = (effnet_classifier.features([pixels])[0] for pixels in (pictures[1], large))
    cosine = small @ grown / np.linalg.norm(small) / np.linalg.norm(grown)
    assert cosine > 0.9


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_image_is_told(effnet_classifier, pixels):
    with pytest.raises(InvalidRequestError, match="height, width, 3"):
        effnet_classifier.classify(pixels)


def test_threads_get_their_own_answers(effnet_classifier, pictures):
    alone = [effnet_classifier.classify(picture) for picture in pictures]
    answers: dict[int, list] = {}

    def ask(number: int) -> None:
        answers[number] = effnet_classifier.classify(pictures[number % 4])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers[number] == alone[number % 4] for number in range(12))


def test_a_closed_model_says_so(effnet_classifier, pictures):
    with ImageClassifier.load() as other:
        pass
    with pytest.raises(ServiceUnavailableError, match="was closed"):
        other.classify(pictures[0])
    assert effnet_classifier.classify(pictures[0])
