"""Which function compiles a model, by its task: `compiler_of("chat")`. Knows no store and compiles nothing.

Each is imported when it is asked for: numpy and onnx are not needed to use what is compiled already.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from prudent.catalog.entry import Task
from prudent.compiler.identity import ModelIdentity
from prudent.errors import UnsupportedModelError
from prudent.runtime.artifact import Target
from prudent.runtime.processor import preferred_kernels
from prudent.types.progress import ProgressListener


class Compile(Protocol):
    """Compiles a model whose files lie in `files` into `folder`, which appears whole or not at all.

    Raises:
        ModelFileError: a file is damaged or not supported.
        AccuracyGateError: compiled, the model strays too far from float32.
        StorageError: the disk is full, or the folder cannot be written.
    """

    def __call__(
        self,
        files: Path,
        folder: Path,
        identity: ModelIdentity,
        *,
        target: Target = "int8",
        progress: ProgressListener | None = None,
    ) -> object:
        """Compile it."""
        ...


def compiler_of(task: Task) -> Compile:
    """The function that compiles models for a task.

    Raises:
        UnsupportedModelError: prudent has no compiler for the task.
    """
    try:
        return _COMPILERS[task]
    except KeyError:
        raise UnsupportedModelError(f"prudent cannot compile models for {task} yet.") from None


def _decoder(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile import compile_decoder

    source = files / identity.sources[0].name
    kernels = preferred_kernels()
    return compile_decoder(source, folder, identity, target=target, kernels=kernels, progress=progress)


def _encoder(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_encoder import compile_encoder

    source = files / identity.sources[0].name
    return compile_encoder(source, folder, identity, target=target, progress=progress)


def _transcriber(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_transcriber import compile_transcriber

    kernels = preferred_kernels()
    return compile_transcriber(files, folder, identity, target=target, kernels=kernels, progress=progress)


def _later(module: str, function: str) -> Compile:
    """A compile function that is imported when it is called."""

    def compile_it(
        files: Path,
        folder: Path,
        identity: ModelIdentity,
        *,
        target: Target = "int8",
        progress: ProgressListener | None = None,
    ) -> object:
        found = cast("Compile", getattr(import_module(f"prudent.compiler.{module}"), function))
        return found(files, folder, identity, target=target, progress=progress)

    return compile_it


_COMPILERS: dict[Task, Compile] = {
    "chat": _decoder,
    "embeddings": _encoder,
    "transcription": _transcriber,
    "speech": _later("compile_speaker", "compile_speaker"),
    "speech.vad": _later("compile_vad", "compile_vad"),
    "vision.read": _later("compile_reader", "compile_reader"),
    "vision.classify": _later("compile_classifier", "compile_classifier"),
    "vision.safety": _later("compile_image_safety", "compile_image_safety"),
}
