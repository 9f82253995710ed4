"""A compiled folder that is damaged is named as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prudent.errors import ModelFileError
from prudent.runtime.artifact import CONFIG_FILE, DecoderArtifact

CONFIG = {
    "family": "llama",
    "layers": 2,
    "heads": 4,
    "kv_heads": 2,
    "head_dim": 8,
    "hidden_size": 32,
    "vocab_size": 100,
    "context_length": 64,
}


@pytest.mark.parametrize(("name", "value"), [("layers", 10**30), ("vocab_size", 0), ("head_dim", -1)])
def test_a_dimension_that_no_model_has_is_a_damaged_file(tmp_path: Path, name: str, value: int) -> None:
    (tmp_path / CONFIG_FILE).write_text(json.dumps({**CONFIG, name: value}))
    with pytest.raises(ModelFileError, match="compile"):
        DecoderArtifact(tmp_path)
