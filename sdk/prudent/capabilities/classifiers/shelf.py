"""Classifiers on disk: kept, opened, listed and removed by name. Knows not how one is trained or asked.

    home/classifiers/<name>/
      head.npz     weights float32 (size, classes), bias (classes), mean (size), length ()
      card.json    Classifier; written last

Weights are read as arrays and nothing else: no pickle. A folder appears whole or not at all.
"""

from __future__ import annotations

import difflib
import zipfile
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from prudent.capabilities.classifiers.head import Floats, Head, Scaling
from prudent.capabilities.classifiers.training import Trained
from prudent.catalog.home import home, lock_file
from prudent.catalog.lock import locked
from prudent.catalog.storage import remove_folder, writing
from prudent.compiler.staging import staged
from prudent.errors import ConflictError, ModelFileError, ModelNotFoundError
from prudent.types.classifiers import MAX_CLASSES, Classifier, ClassifierName

CARD = "card.json"
HEAD = "head.npz"
_LOCK = "classifiers"
_MAX_CARD_BYTES = 8 * 2**20
_MAX_SIZE = 2**16
"""Numbers in a vector; a file that names more is damaged."""

_NAME = TypeAdapter[str](ClassifierName)


def root() -> Path:
    """The folder of all classifiers; it may not exist."""
    return home() / "classifiers"


def require_free(name: str) -> None:
    """Raises ConflictError where the name is taken."""
    if (root() / name / CARD).is_file():
        raise ConflictError(
            f"There is a classifier {name!r} already.",
            hint="Choose another name, or say that it may be replaced.",
            param="name",
        )


def keep(trained: Trained, *, replace: bool) -> None:
    """Write a classifier.

    Raises:
        ConflictError: the name is taken, and `replace` is False.
        StorageError: the disk is full, or the place cannot be written.
    """
    folder = root() / trained.record.id
    with locked(lock_file(_LOCK)):
        if not replace:
            require_free(trained.record.id)
        with staged(folder) as staging:
            np.savez(
                staging / HEAD,
                weights=trained.head.weights.astype(np.float32),
                bias=trained.head.bias.astype(np.float32),
                mean=trained.scaling.mean.astype(np.float32),
                length=np.float32(trained.scaling.length),
            )
            text = trained.record.model_dump_json(indent=1, exclude_none=True)
            (staging / CARD).write_text(text, encoding="utf-8")


def retrieve(name: str) -> Classifier:
    """The record of a classifier.

    Raises:
        ModelNotFoundError: there is none of this name.
        ModelFileError: its card is damaged.
    """
    _require_known(name)
    path = root() / name / CARD
    try:
        with path.open("rb") as file:
            return Classifier.model_validate_json(file.read(_MAX_CARD_BYTES))
    except (OSError, ValidationError) as error:
        raise _damaged(name) from error


def listed() -> list[Classifier]:
    """All classifiers whose card can be read, by name."""
    found: list[Classifier] = []
    for name in _names():
        try:
            found.append(retrieve(name))
        except (ModelFileError, ModelNotFoundError):
            continue
    return found


def open_classifier(name: str) -> Trained:
    """A classifier to be asked.

    Raises:
        ModelNotFoundError: there is none of this name.
        ModelFileError: its files are damaged.
    """
    record = retrieve(name)
    size, count = record.card.encoder.size, len(record.labels)
    if not (0 < size <= _MAX_SIZE and 0 < count <= MAX_CLASSES):
        raise _damaged(name)
    shapes = {"weights": (size, count), "bias": (count,), "mean": (size,), "length": ()}
    arrays: dict[str, Floats] = {}
    try:
        path = root() / name / HEAD
        _require_small(path, 16 * (size + 1) * (count + 2))
        with np.load(path, allow_pickle=False) as file:
            for key, shape in shapes.items():
                array = file[key]
                if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
                    raise _damaged(name)
                arrays[key] = array.astype(np.float64)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(name) from error
    scaling = Scaling(arrays["mean"], float(arrays["length"]))
    return Trained(record, scaling, Head(arrays["weights"], arrays["bias"]))


def remove(name: str) -> None:
    """Remove a classifier. Raises ModelNotFoundError where there is none of this name."""
    _require_known(name)
    with locked(lock_file(_LOCK)), writing(root()):
        remove_folder(root() / name)


def _require_small(path: Path, most: int) -> None:
    """A file may not unpack to more than its arrays need."""
    with zipfile.ZipFile(path) as file:
        if sum(info.file_size for info in file.infolist()) > most + 4096:
            raise ValueError("more than it should hold")


def _names() -> list[str]:
    return sorted(
        path.parent.name for path in root().glob(f"*/{CARD}") if not path.parent.name.startswith(".")
    )


def _require_known(name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise _unknown(name) from None
    if not (root() / name / CARD).is_file():
        raise _unknown(name)


def _unknown(name: str) -> ModelNotFoundError:
    names = _names()
    near = difflib.get_close_matches(name, names, 1)
    if near:
        hint = f"Did you mean {near[0]}?"
    else:
        hint = "Train one with `prudent train classifier`, or see `prudent classifiers list`."
    return ModelNotFoundError(f"There is no classifier {name[:80]!r}.", hint=hint, param="model")


def _damaged(name: str) -> ModelFileError:
    return ModelFileError(
        f"The files of the classifier {name!r} are damaged.",
        hint=f"Train it again, or remove it with `prudent classifiers rm {name}`.",
    )
