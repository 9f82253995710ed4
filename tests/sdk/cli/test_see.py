"""`prudent see`, with the real models in this process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from prudent.capabilities.vision.classification import ImageClassifier
from prudent.capabilities.vision.image_safety import ImageSafetyModel
from prudent.cli.main import app
from prudent.compiler.calibration.pictures import calibration_pictures


@pytest.fixture(scope="module")
def effnet_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture's file; the models that look at it are compiled."""
    ImageClassifier.load().close()
    ImageSafetyModel.load().close()
    path = tmp_path_factory.mktemp("see") / "picture one.png"
    Image.fromarray(calibration_pictures(1, 224, 5)[0]).save(path)
    return path


def test_people_and_programs_are_told_the_same(effnet_picture: Path) -> None:
    people = CliRunner().invoke(app, ["see", str(effnet_picture), "--top-k", "2"])
    programs = CliRunner().invoke(app, ["see", str(effnet_picture), "--top-k", "2", "--json"])
    assert people.exit_code == programs.exit_code == 0, people.output + programs.output
    answer = json.loads(programs.stdout)
    assert answer["image"]["name"] == "picture one.png"
    assert "PNG, 224 x 224" in people.stdout
    for fact in (answer["tags"][0]["label"], answer["tags"][1]["label"], answer["perceptual_hash"]):
        assert fact in people.stdout
    assert answer["categories"]["sexual"]["severity"] in people.stdout


def test_what_is_no_image_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("hello")
    done = CliRunner().invoke(app, ["see", str(path)])
    assert done.exit_code == 2
    assert "notes.png is not an image" in done.stderr
    assert done.stdout == ""
