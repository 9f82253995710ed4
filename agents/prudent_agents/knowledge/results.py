"""What a knowledge base says: passages, documents, and what an update did. Plain data, also as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from prudent_agents.labels import Confidentiality


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `similarity` is None where only words found it."""

    passage: int
    score: float
    similarity: float | None


class Nearest(_Data):
    """The sentence of a passage that is nearest to the question: characters `start` to `end` of the document.

    `similarity` is the cosine of the two.
    """

    start: int
    end: int
    similarity: float


class Passage(_Data):
    """A passage that was found: characters `start` to `end` of the document's extracted text.

    `number` is what an answer cites it by, [1] for the best. `page` counts from 1; `seconds` and `until` say
    when it is said in a recording. `heading` is the way of headings to it. `similarity` is the cosine to the
    question, None where only words matched; `score` is that of the ranking and compares within one search.
    `text` is as it is in the document, unless `changed`: then the checks took something out. `nearest` is
    there where it was asked for.
    """

    number: int
    document: str
    title: str = ""
    start: int
    end: int
    text: str
    page: int | None = None
    seconds: float | None = None
    until: float | None = None
    heading: str = ""
    confidentiality: Confidentiality = Confidentiality.PRIVATE
    score: float = 0.0
    similarity: float | None = None
    changed: bool = False
    nearest: Nearest | None = None

    def brief(self) -> dict[str, Any]:
        """What a model and a citation need of it, as JSON: number and text first."""
        kept = ("number", "text", "document", "start", "end", "page", "seconds", "confidentiality", "nearest")
        fields = self.model_dump(mode="json", exclude_none=True)
        return {name: fields[name] for name in kept if name in fields}

    @property
    def place(self) -> str:
        """Where it is, in words: `manual.pdf, page 3, characters 120-460`."""
        where = [self.title or self.document]
        if self.page is not None:
            where.append(f"page {self.page}")
        if self.seconds is not None:
            where.append(f"{int(self.seconds // 60)}:{int(self.seconds % 60):02}")
        return ", ".join([*where, f"characters {self.start}-{self.end}"])


class Document(_Data):
    """A document in a knowledge base. `name` is its path, or what it was called when it was added.

    `kind` is text, markdown, html, pdf, image or audio. `hash` is the SHA-256 of its bytes. `withheld` are
    passages that the checks refused and that are therefore never found. `added` is in seconds since 1970.
    """

    name: str
    title: str
    kind: str
    confidentiality: Confidentiality
    characters: int
    passages: int
    withheld: int
    bytes: int
    hash: str
    added: float


class Skipped(_Data):
    """A file that was left out, and why."""

    name: str
    reason: str


class Update(_Data):
    """What adding files did. Files that failed keep what is known of them from before."""

    added: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    removed: list[str] = []
    skipped: list[Skipped] = []
    failed: list[Skipped] = []
    passages: int = 0
    withheld: int = 0
