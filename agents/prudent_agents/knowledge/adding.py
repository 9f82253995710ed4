"""Adds documents: unchanged ones cost a hash, changed ones are replaced whole. Knows no search."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from prudent.errors import ApprovalRequiredError, ConfigurationError, InvalidRequestError
from prudent.types.progress import Progress, ProgressListener
from prudent_agents.knowledge import lexicon, tables
from prudent_agents.knowledge.extraction import OF_FILE, extract
from prudent_agents.knowledge.extraction.decoding import MOST_BYTES
from prudent_agents.knowledge.extraction.extracted import Extracted
from prudent_agents.knowledge.files import files_in, gone
from prudent_agents.knowledge.reading import passages_of
from prudent_agents.knowledge.results import Document, Skipped, Update
from prudent_agents.labels import Confidentiality
from prudent_agents.senses import Senses
from prudent_agents.sqlite_file import SqliteFile

_FAULTS = (InvalidRequestError, ApprovalRequiredError, OSError)
"""What is wrong with one file, and says nothing about the next."""


@dataclass
class Adding:
    """One update of a base. `label` None keeps a known document's label and makes a new one private."""

    file: SqliteFile
    senses: Senses
    model: str
    label: Confidentiality | None = None
    progress: ProgressListener | None = None
    _done: dict[str, list[str]] = field(
        default_factory=lambda: {"added": [], "changed": [], "unchanged": [], "removed": []}
    )
    _left: dict[str, list[Skipped]] = field(default_factory=lambda: {"skipped": [], "failed": []})
    _passages: int = 0
    _withheld: int = 0

    def paths(self, paths: Iterable[Path]) -> Update:
        """Add files and what is in folders; what was in a folder and is gone is removed."""
        for path in paths:
            for file, reason in files_in(path):
                if reason is not None:
                    self._left["skipped"].append(Skipped(name=str(file), reason=reason))
                    continue
                try:
                    self._add_file(file)
                except _FAULTS as error:
                    self._left["failed"].append(Skipped(name=str(file), reason=str(error)))
            with self.file.changing() as connection:
                names = [document.name for document in tables.documents(connection)]
                self._done["removed"] += tables.take_out(connection, gone(names, path))
        return self._update()

    def text(self, name: str, text: str, title: str) -> Update:
        """Add a text that is in no file."""
        data = text.encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(data).hexdigest()
        if not self._is_known(name, digest):
            self._put(name, Extracted(text, "text", title), data_hash=digest, size=len(data))
        return self._update()

    def _add_file(self, file: Path) -> None:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        if self._is_known(str(file), digest):
            return
        size = file.stat().st_size
        if file.suffix.lower() in OF_FILE:
            extracted = extract(file, b"", self.senses)
        else:
            with file.open("rb") as opened:
                extracted = extract(file, opened.read(MOST_BYTES + 1), self.senses)
        self._put(str(file), extracted, data_hash=digest, size=size)

    def _is_known(self, name: str, digest: str) -> bool:
        """Whether the document is there with this content; its label may change."""
        with self.file.reading() as connection:
            known = next(iter(tables.documents(connection, name)), None)
        if known is None or known.hash != digest:
            return False
        if self.label is not None and self.label is not known.confidentiality:
            with self.file.changing() as connection:
                tables.relabel(connection, name, self.label.rank)
            self._done["changed"].append(name)
        else:
            self._done["unchanged"].append(name)
        return True

    def _put(self, name: str, extracted: Extracted, *, data_hash: str, size: int) -> None:
        """Make the document ready, then put it in at once: until then the one before is found."""
        chunks, vectors, withheld = passages_of(
            extracted, self.senses, self.model, told=lambda done, total: self._tell(name, done, total)
        )
        with self.file.changing() as connection:
            require_model(connection, self.model)
            known = next(iter(tables.documents(connection, name)), None)
            label = self.label or (known.confidentiality if known else Confidentiality.PRIVATE)
            document = Document(
                name=name,
                title=extracted.title or Path(name).name,
                kind=extracted.kind,
                confidentiality=label,
                characters=len(extracted.text),
                passages=len(chunks),
                withheld=withheld,
                bytes=size,
                hash=data_hash,
                added=time.time(),
            )
            tables.put(connection, tables.Content(document, extracted.text, chunks, vectors))
            tables.set_fact(connection, "model", self.model)
            tables.set_fact(connection, "words", str(lexicon.VERSION))
        self._done["changed" if known else "added"].append(name)
        self._passages += len(chunks)
        self._withheld += withheld

    def _tell(self, name: str, done: int, total: int) -> None:
        if self.progress is not None and total:
            self.progress(Progress("index", Path(name).name, done, total))

    def _update(self) -> Update:
        return Update(
            added=self._done["added"],
            changed=self._done["changed"],
            unchanged=self._done["unchanged"],
            removed=self._done["removed"],
            skipped=self._left["skipped"],
            failed=self._left["failed"],
            passages=self._passages,
            withheld=self._withheld,
        )


def require_model(connection: sqlite3.Connection, model: str) -> None:
    """Raises ConfigurationError where the base was made with another model, or cut into other words."""
    made_with = tables.fact(connection, "model")
    if made_with is not None and made_with != model:
        raise ConfigurationError(
            f"This knowledge base was made with {made_with}; vectors of {model} do not compare with its own.",
            hint=f"Open it with model='{made_with}', or make a new one.",
        )
    words = tables.fact(connection, "words")
    if words is not None and words != str(lexicon.VERSION):
        raise ConfigurationError(
            "This knowledge base was made by another version of prudent, which cut texts into other words.",
            hint="Make it anew: `prudent kb add` into a new file.",
        )
