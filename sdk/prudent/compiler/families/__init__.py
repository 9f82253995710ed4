"""The families that can be compiled, by the file's `general.architecture`."""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.families.bert import BERT
from prudent.compiler.families.e5 import E5
from prudent.compiler.families.encoder_spec import EncoderSpec
from prudent.compiler.families.llama import LLAMA
from prudent.compiler.families.qwen2 import QWEN2
from prudent.compiler.families.spec import DecoderSpec

FAMILIES: Mapping[str, DecoderSpec] = {spec.architecture: spec for spec in (QWEN2, LLAMA)}
ENCODER_FAMILIES: Mapping[str, EncoderSpec] = {spec.architecture: spec for spec in (E5, BERT)}
