"""The decoder families that can be compiled, by the file's `general.architecture`."""

from __future__ import annotations

from collections.abc import Mapping

from prudent.compiler.families.llama import LLAMA
from prudent.compiler.families.qwen2 import QWEN2
from prudent.compiler.families.spec import DecoderSpec

FAMILIES: Mapping[str, DecoderSpec] = {spec.architecture: spec for spec in (QWEN2, LLAMA)}
