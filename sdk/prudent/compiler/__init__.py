"""Weight files to compiled decoders. `prudent.compiler.compile` holds the steps."""

from __future__ import annotations

from prudent.compiler.compile import compile_decoder
from prudent.compiler.identity import ModelIdentity
from prudent.compiler.version import COMPILER_VERSION

__all__ = ["COMPILER_VERSION", "ModelIdentity", "compile_decoder"]
