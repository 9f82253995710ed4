"""Makes the checks' encoder ready: fetched, compiled once, loaded."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from prudent.compiler.identity import ModelIdentity
from prudent.errors import ModelFileError
from prudent.runtime.artifact import SourceFile
from prudent.runtime.text_encoder_artifact import TextEncoderArtifact
from prudent.store import open_derived
from prudent.types.progress import ProgressListener
from prudent_responsible_ai.encoder.card import PackagedEncoder
from prudent_responsible_ai.encoder.local import LocalTextEncoder
from prudent_responsible_ai.encoder.ngrams import NgramModel


def open_text_encoder(
    *, pull: bool = True, threads: int | None = None, progress: ProgressListener | None = None
) -> LocalTextEncoder:
    """The encoder; its base is fetched and the whole compiled the first time (some seconds).

    Raises:
        ConflictError: `pull` is False and its base is not fetched.
        FetchError, StorageError, ModelFileError, AccuracyGateError: it could not be made ready.
    """
    package = PackagedEncoder()
    card = package.card
    over = SourceFile(name="encoder.safetensors", sha256=card.weights_sha256, bytes=card.weights_bytes)

    def compile_it(source: Path, folder: Path, identity: ModelIdentity) -> object:
        from prudent.compiler.compile_text_encoder import compile_text_encoder

        with _weights():
            tuned = package.weights()
        return compile_text_encoder(source, tuned, folder, identity, progress=progress)

    folder = open_derived(card.base, card.name, over, compile_it, pull=pull, progress=progress)
    with _weights():
        path = package.ngrams()
        ngrams = None if path is None else NgramModel(path)
    return LocalTextEncoder(TextEncoderArtifact(folder), card, ngrams, threads=threads)


@contextmanager
def _weights() -> Generator[None]:
    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelFileError(
            "The weights of the checks' encoder are missing or damaged.", hint="Install prudent again."
        ) from error
