"""From tags of tokens to names: gold tags give the gold spans, any tags give whole words in order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prudent.runtime.encoder_artifact import EncoderArtifact
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec
from prudent_responsible_ai.name_spans import NAME_LABELS, TAGS, spans_of

TRAINING = Path(__file__).parents[2] / "responsible_ai" / "training"


@pytest.fixture(scope="module", autouse=True)
def scripts() -> Iterator[None]:
    """The training scripts import each other by name."""
    sys.path.insert(0, str(TRAINING))
    yield
    sys.path.remove(str(TRAINING))


@pytest.fixture(scope="module")
def tokenizer(e5_artifact: EncoderArtifact) -> UnigramTokenizer:
    return UnigramTokenizer(UnigramSpec.load(e5_artifact.tokenizer))


def _tagged(tokenizer: UnigramTokenizer, text: str, names: dict[str, str]) -> list[tuple[str, str]]:
    """The names found where each of `names` is tagged as the encoder would."""
    import names as training

    spans = tuple((text.index(name), text.index(name) + len(name), label) for name, label in names.items())
    row = training.NamedText(text, spans, "train", "own", "en")
    ids, offsets = tokenizer.encode_with_offsets(text)
    tags = [0, *training.token_tags(row, offsets[1:-1]), 0]
    assert len(ids) == len(tags)
    found = spans_of(np.eye(len(TAGS))[tags], offsets, text)
    return [(text[one.start : one.end], one.label) for one in found]


def test_tags_of_what_was_written_for_training_give_its_spans(tokenizer: UnigramTokenizer) -> None:
    import names as training

    rows = training.written()
    assert len(rows) > 1500
    wanted = kept = 0
    for row in rows[::5]:
        _, offsets = tokenizer.encode_with_offsets(row.text)
        tags = [0, *training.token_tags(row, offsets[1:-1]), 0]
        found = {
            (one.start, one.end, one.label) for one in spans_of(np.eye(len(TAGS))[tags], offsets, row.text)
        }
        wanted += len(set(row.spans) | found)
        kept += len(set(row.spans) & found)
    assert kept / wanted > 0.98


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann Lee's dog, O'Neil-Smith.", {"Ann Lee": "PERSON", "O'Neil-Smith": "PERSON"}),
        ("the Acme Co., Ltd. office", {"Acme Co., Ltd.": "ORG"}),
        ("我在香港见到王小明和欧阳娜娜。", {"香港": "LOCATION", "王小明": "PERSON", "欧阳娜娜": "PERSON"}),
        ("to 5 Mill Lane\nApt. 2\nLeeds LS1 4AB, please", {"5 Mill Lane\nApt. 2\nLeeds LS1 4AB": "ADDRESS"}),
    ],
)
def test_edges_of_names(tokenizer: UnigramTokenizer, text: str, names: dict[str, str]) -> None:
    assert _tagged(tokenizer, text, names) == list(names.items())


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        (
            "Jo of Hill, Cole and Reed",
            {"Jo of": "PERSON", "Hill": "ORG", "Cole": "PERSON", "Reed": "PERSON"},
            None,
        ),
        ("Cole and Sons met", {"Cole": "ORG", "Sons": "ORG"}, [("Cole and Sons", "ORG")]),
        ("王小明老师在", {"王小明老师": "PERSON"}, [("王小明", "PERSON")]),
        ("人民路5号2单元301室住", {"人民路5号2单元301": "ADDRESS"}, [("人民路5号2单元301室", "ADDRESS")]),
        ("of Hanson PLC", {"of Hanson PLC": "ORG"}, [("Hanson PLC", "ORG")]),
    ],
)
def test_what_the_encoder_takes_for_names_is_put_right(
    tokenizer: UnigramTokenizer, text: str, names: dict[str, str], found: list[tuple[str, str]] | None
) -> None:
    wanted = found or [("Jo", "PERSON"), ("Hill, Cole and Reed", "ORG")]
    assert _tagged(tokenizer, text, names) == wanted


def test_a_street_and_a_place_after_it_are_one_address(tokenizer: UnigramTokenizer) -> None:
    names = {"5 Mill Lane": "ADDRESS", "Leeds": "LOCATION", "York": "LOCATION"}
    found = _tagged(tokenizer, "From 5 Mill Lane, Leeds we went to York.", names)
    assert found == [("5 Mill Lane, Leeds", "ADDRESS"), ("York", "LOCATION")]


@settings(deadline=None, max_examples=60)
@given(text=st.text("ab.,'( )\n王é-", max_size=40), seed=st.integers(0, 1000))
def test_any_tags_give_whole_words_in_order(tokenizer: UnigramTokenizer, text: str, seed: int) -> None:
    _, offsets = tokenizer.encode_with_offsets(text)
    chances = np.random.default_rng(seed).dirichlet(np.full(len(TAGS), 0.3), len(offsets))
    spans = spans_of(chances, offsets, text)
    end = 0
    for one in spans:
        assert end <= one.start < one.end <= len(text)
        assert one.label in NAME_LABELS
        assert 0 < one.score <= 1
        for edge in (one.start, one.end):
            around = text[max(0, edge - 1) : edge + 1]
            assert len(around) < 2 or not (around.isalnum() and "王" not in around)
        end = one.end
