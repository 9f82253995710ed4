"""`prudent embed` prints one vector a text, as the model gives them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from prudent.capabilities.embeddings import EmbeddingModel
from prudent.cli.main import app

MINILM = "all-minilm-l6-v2"


@pytest.fixture(scope="module")
def minilm_model(minilm_artifact):
    with EmbeddingModel(minilm_artifact, threads=1) as model:
        yield model


def test_arguments_and_lines_give_a_vector_each(minilm_model):
    expected = minilm_model.embed(["a cat", "日本 cat"], kind="query")
    for arguments, piped in ((["a cat", "日本 cat"], ""), ([], "a cat\n\n日本 cat\n")):
        done = CliRunner().invoke(app, ["embed", "--model", MINILM, *arguments], input=piped)
        assert done.exit_code == 0, done.output
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row["text"] for row in rows] == ["a cat", "日本 cat"]
        np.testing.assert_allclose([row["embedding"] for row in rows], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no text"),
        (["a", "--input-type", "document"], "query, passage"),
        (["a", "--dimensions", "0"], "--dimensions"),
        (["a", "--model", MINILM, "--dimensions", "999"], "384"),
        (["word " * 600, "--model", MINILM], "truncate"),
    ],
)
def test_what_is_wrong_is_said(minilm_artifact, arguments, words):
    done = CliRunner().invoke(app, ["embed", *arguments], input="")
    assert done.exit_code == 2
    assert words in done.stderr
