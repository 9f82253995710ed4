"""Gap filling is found in the vocabulary, and user text never becomes one of its marks."""

from __future__ import annotations

import pytest

from prudent.tokenizer import Control, TokenizerSpec
from prudent.tokenizer.infill import INFILL_TEXTS, infill_prompt


def _spec(*controls: str) -> TokenizerSpec:
    tokens = ("a", "b", "<|end|>", *controls)
    return TokenizerSpec(
        pre="qwen2",
        tokens=tokens,
        token_types=(1, 1, *(3 for _ in tokens[2:])),
        merge_order=None,
        bos_id=None,
        eos_id=2,
        pad_id=None,
        add_bos=False,
        stop_ids=(2,),
        chat_template=None,
    )


@pytest.mark.parametrize("texts", INFILL_TEXTS)
def test_the_vocabularys_own_marks_go_around_the_texts(texts: tuple[str, str, str]) -> None:
    first, last, middle = texts
    prompt = infill_prompt(_spec(*texts), f"a{middle}", "b")
    assert prompt is not None
    assert prompt.segments == (Control(3, first), f"a{middle}", Control(4, last), "b", Control(5, middle))


def test_without_all_three_marks_there_is_no_such_prompt() -> None:
    assert infill_prompt(_spec(*INFILL_TEXTS[0][:2]), "a", "b") is None
