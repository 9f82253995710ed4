"""Which function compiles a model, by its task: `compiler_of("chat")`. Knows no store and compiles nothing.

Each is imported when it is asked for: numpy and onnx are not needed to use what is compiled already.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

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


def _voice_activity(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_vad import compile_vad

    return compile_vad(files, folder, identity, target=target, progress=progress)


def _speaker(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_speaker import compile_speaker

    return compile_speaker(files, folder, identity, target=target, progress=progress)


def _reader(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_reader import compile_reader

    return compile_reader(files, folder, identity, target=target, progress=progress)


def _classifier(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_classifier import compile_classifier

    return compile_classifier(files, folder, identity, target=target, progress=progress)


def _image_safety(
    files: Path,
    folder: Path,
    identity: ModelIdentity,
    *,
    target: Target = "int8",
    progress: ProgressListener | None = None,
) -> object:
    from prudent.compiler.compile_image_safety import compile_image_safety

    return compile_image_safety(files, folder, identity, target=target, progress=progress)


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


_COMPILERS: dict[Task, Compile] = {
    "transcription": _transcriber,
    "vision.classify": _classifier,
    "vision.safety": _image_safety,
    "vision.read": _reader,
    "speech": _speaker,
    "speech.vad": _voice_activity,
    "chat": _decoder,
    "embeddings": _encoder,
}
