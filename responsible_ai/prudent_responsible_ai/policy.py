"""What is checked and what is done about it, as data. Reading files is policy_file's job.

A policy is resolved: nothing in it refers to another file. Its hash is over the canonical JSON of that form,
so the same rules have the same hash wherever they were written.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from prudent.types.content import Source
from prudent.types.safety import Action

MOST_DAYS = 36_500
"""The longest that records are kept: a hundred years."""
NAME = r"^[a-z0-9][a-z0-9_.\-]{0,63}$"
"""What the name of a policy looks like."""


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
    values that the user or the developer wrote in this request themselves. `text` is what a `rewrite` puts in
    place of what was found, where `redact` puts a placeholder.
    """

    check: str
    category: str | None = None
    severity: Annotated[int, Field(ge=0, le=7)] = 4
    action: Action
    on_error: OnFailure = OnFailure.BLOCK
    on_unverified: OnUnverified = OnUnverified.ANNOTATE
    allow_given: bool = False

    text: str | None = None

    @model_validator(mode="after")
    def _text_belongs(self) -> Self:
        if (self.action is Action.REWRITE) != (self.text is not None):
            raise ValueError("'text' and the action 'rewrite' belong together")
        return self


class AuditSettings(Strict):
    """The audit trail. `path` None is the default place in prudent's home.

    Content is never written, only lengths, verdicts and keyed fingerprints. `on_failure` says whether
    requests go on when a record cannot be written. `durable` waits for the disk at every record; without it
    a power failure (not a crash of the process) can lose the last seconds.
    """

    enabled: bool = True
    path: str | None = None
    retention_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 365
    on_failure: OnFailure = OnFailure.ALLOW
    durable: bool = False


class Policy(Strict):
    """A resolved policy. A source without rules is not checked, and the response shows that.

    `floor` are rules that no policy which extends this one, or stands above it, can take away. `budget_ms` is
    the time after which checks that are not essential are skipped, except where a rule blocks what they
    could not check; None means no limit. A check of sentences
    that takes `timeout_ms` has failed. `degrade` names checks that run last, the last first: so the first
    named is the first to be skipped, and each of them may be, essential or not. `options` are for
    checks, by their ids; a check knows its own. `shadow` is a policy that is evaluated beside this one and
    only reported.
    """

    name: Annotated[str, Field(pattern=NAME)]
    version: str
    description: str = ""
    streaming: StreamingMode = StreamingMode.HOLD
    budget_ms: Annotated[float, Field(gt=0)] | None = None
    timeout_ms: Annotated[float, Field(gt=0)] = 30_000
    degrade: list[str] = []
    audit: AuditSettings = AuditSettings()
    rules: dict[Source, list[Rule]] = {}
    floor: dict[Source, list[Rule]] = {}
    options: dict[str, dict[str, Any]] = {}
    shadow: Policy | None = None

    @model_validator(mode="after")
    def _floor_holds(self) -> Self:
        if self.floor.get(Source.ASSISTANT) and self.streaming is not StreamingMode.HOLD:
            raise ValueError("streaming must be 'hold': the floor has rules for answers")
        if any(rule.action is Action.HOLD for rule in self.rules_for(Source.ASSISTANT)):
            raise ValueError("'hold' waits for a person before an answer is made; answers can be blocked")
        if self.shadow is not None and self.shadow.shadow is not None:
            raise ValueError("a shadow policy cannot have a shadow of its own")
        return self

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical form, without what changes no verdict.

        These are the description, how the audit is kept, and the shadow.
        """
        form = self.model_dump(mode="json", exclude={"description", "audit", "shadow"})
        for key in ("rules", "floor"):
            form[key] = {source: rules for source, rules in form[key].items() if rules}
        for key in ("floor", "options"):
            if not form[key]:
                del form[key]
        text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def rules_for(self, source: Source) -> list[Rule]:
        """The rules for text of a source: its own in the order of the file, then those of the floor."""
        return [*self.rules.get(source, ()), *self.floor.get(source, ())]

    @property
    def needed(self) -> set[str]:
        """The ids of checks without which some text is blocked: time does not skip them."""
        rules = (rule for source in Source for rule in self.rules_for(source))
        return {rule.check for rule in rules if rule.on_error is OnFailure.BLOCK}

    @property
    def checks(self) -> set[str]:
        """The ids of all checks that any rule names."""
        return {rule.check for source in Source for rule in self.rules_for(source)}

    def above(self, floor: Policy) -> Policy:
        """This policy with every rule of another as its floor: it can only be sterner than that one.

        Answers are then held where the floor holds them, records kept where it keeps them, and requests stop
        where it wants them to when a record cannot be written.
        """
        audit = self.audit.model_copy(
            update={
                "enabled": self.audit.enabled or floor.audit.enabled,
                "on_failure": max(self.audit.on_failure, floor.audit.on_failure, key=list(OnFailure).index),
            }
        )
        held = floor.streaming if floor.streaming is StreamingMode.HOLD else self.streaming
        rules = {source: [*self.floor.get(source, ()), *floor.rules_for(source)] for source in Source}
        return self.model_copy(
            update={
                "audit": audit,
                "streaming": held,
                "floor": {source: list(dict.fromkeys(each)) for source, each in rules.items() if each},
            }
        )
