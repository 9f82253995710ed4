"""What is checked and what is done about it, as data. Reading files is policy_file's job.

A policy is resolved: nothing in it refers to another file. Its hash is over the canonical JSON of that form,
so the same rules have the same hash wherever they were written.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from prudent.types.content import Source
from prudent.types.safety import Action

UNAVAILABLE_ACTIONS = (Action.REWRITE, Action.HOLD)
"""Actions that a policy file may name one day; today they are refused, since nothing would carry them out."""


class Strict(BaseModel):
    """A part of a policy: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OnFailure(StrEnum):
    """What happens to a text that could not be checked."""

    ALLOW = "allow"
    BLOCK = "block"


class OnUnverified(StrEnum):
    """What happens to a text that lies outside what a check was measured on."""

    ALLOW = "allow"
    ANNOTATE = "annotate"
    BLOCK = "block"


class StreamingMode(StrEnum):
    """`hold` releases streamed text after its check; `off` at once, with the verdict at the end."""

    HOLD = "hold"
    OFF = "off"


class Rule(Strict):
    """If `check` finds something of at least `severity` (in `category`, where given), take `action`.

    Of the rules that apply to a finding, the one with the sternest action counts. `allow_given` exempts
    values that the user or the developer wrote in this request themselves.
    """

    check: str
    category: str | None = None
    severity: Annotated[int, Field(ge=0, le=7)] = 4
    action: Action
    on_error: OnFailure = OnFailure.BLOCK
    on_unverified: OnUnverified = OnUnverified.ANNOTATE
    allow_given: bool = False

    @field_validator("action")
    @classmethod
    def _available(cls, action: Action) -> Action:
        if action in UNAVAILABLE_ACTIONS:
            raise ValueError(f"the action '{action}' is not available yet; use annotate, redact or block")
        return action


class AuditSettings(Strict):
    """The audit trail. `path` None is the default place in prudent's home.

    Content is never written, only lengths, verdicts and keyed fingerprints. `on_failure` says whether
    requests go on when a record cannot be written. `durable` waits for the disk at every record; without it
    a power failure (not a crash of the process) can lose the last seconds.
    """

    enabled: bool = True
    path: str | None = None
    retention_days: Annotated[int, Field(ge=1)] = 365
    max_megabytes: Annotated[int, Field(ge=1, le=4096)] = 64
    on_failure: OnFailure = OnFailure.ALLOW
    durable: bool = False


class Policy(Strict):
    """A resolved policy. A source without rules is not checked, and the response shows that.

    `budget_ms` is the time after which checks that are not essential are skipped; None means no limit.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.\-]{0,63}$")]
    version: str
    description: str = ""
    streaming: StreamingMode = StreamingMode.HOLD
    budget_ms: Annotated[float, Field(gt=0)] | None = None
    audit: AuditSettings = AuditSettings()
    rules: dict[Source, list[Rule]] = {}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical form, without what changes no verdict: description and audit storage."""
        form = self.model_dump(mode="json", exclude={"description", "audit"})
        form["rules"] = {source: rules for source, rules in form["rules"].items() if rules}
        text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def rules_for(self, source: Source) -> list[Rule]:
        """The rules for text of a source, in the order of the file."""
        return self.rules.get(source, [])

    @property
    def checks(self) -> set[str]:
        """The ids of all checks that any rule names."""
        return {rule.check for rules in self.rules.values() for rule in rules}
