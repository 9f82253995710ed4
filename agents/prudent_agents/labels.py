"""Labels that say whether a value may be trusted and who may see it. Knows no tool and no rule.

Labels join along every step, so what is made of an untrusted value is untrusted. The runtime carries them;
the model never sees one. The lattice is that of FIDES (arXiv 2505.23643): integrity and confidentiality.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Integrity(StrEnum):
    """Whether a value may have been written by somebody who is not to be obeyed."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


class Confidentiality(StrEnum):
    """Who may see a value."""

    PUBLIC = "public"
    PRIVATE = "private"
    SECRET = "secret"  # noqa: S105 - a label, not a secret

    @property
    def rank(self) -> int:
        """Higher is more confidential."""
        return list(Confidentiality).index(self)


class Label(BaseModel):
    """What is known of a value's origin. `sources` are steps, parameters or `request`, in no order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    integrity: Integrity = Integrity.TRUSTED
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    sources: frozenset[str] = frozenset()

    @property
    def trusted(self) -> bool:
        """Whether nobody but the developer and the user has a part in it."""
        return self.integrity is Integrity.TRUSTED

    def words(self) -> frozenset[str]:
        """The names that rules may use for it: trusted or untrusted, public, private or secret."""
        return frozenset((self.integrity.value, self.confidentiality.value))

    def of(self, source: str) -> Label:
        """The same label with another source."""
        return self.model_copy(update={"sources": self.sources | {source}})


TRUSTED = Label()
UNTRUSTED = Label(integrity=Integrity.UNTRUSTED)


def join(labels: Iterable[Label]) -> Label:
    """The label of what is made of values with these labels: the least trusted, the most confidential."""
    all_of_them = list(labels)
    untrusted = any(not label.trusted for label in all_of_them)
    confidential = max(
        (label.confidentiality for label in all_of_them),
        key=lambda one: one.rank,
        default=Confidentiality.PUBLIC,
    )
    return Label(
        integrity=Integrity.UNTRUSTED if untrusted else Integrity.TRUSTED,
        confidentiality=confidential,
        sources=frozenset(source for label in all_of_them for source in label.sources),
    )
