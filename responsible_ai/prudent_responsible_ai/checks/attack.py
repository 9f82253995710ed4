"""Finds attacks on a model's instructions, and what leaves that must not. It takes no action.

Who wrote a text decides what it is looked at for: a user's for attacks of the user's own, untrusted parts
for orders to the model, answers for secrets and for the developer's text. Documents are judged by rules about
who is spoken to first, by the encoder second, since small models do badly there. Each is judged as it stands,
with disguises undone, and decoded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import Field, SecretStr

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.addressed import Order, orders_to_models
from prudent_responsible_ai.check import CheckContext, Finding, Span, Unit
from prudent_responsible_ai.checks.encoder_user import Bands, EncoderUser
from prudent_responsible_ai.checks.narrowing import narrowed
from prudent_responsible_ai.checks.unmeasured import unmeasured
from prudent_responsible_ai.decoded_views import decoded_views
from prudent_responsible_ai.explain.findings import explained, scorer
from prudent_responsible_ai.explain.scoring import SWIFT, Effort
from prudent_responsible_ai.languages import language_of
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.quoted import Quotation, quotations
from prudent_responsible_ai.registered import Leak, Registered
from prudent_responsible_ai.setup import CheckSetup, ExplainedFrom, Options, SafetyModels, from_medium
from prudent_responsible_ai.severity import severity_of
from prudent_responsible_ai.undisguised import undisguised

JAILBREAK, INDIRECT, LEAK = "jailbreak", "indirect_attack", "leak"

LABELS_OF = {JAILBREAK: ("direct", "jailbreak"), INDIRECT: ("indirect",)}
"""The encoder's labels of each category."""

_REASONS = {
    "direct": "an attempt to set aside the instructions",
    "jailbreak": "an attempt to talk the model out of its rules",
    "indirect": "an order to the model in a text that is not to give any",
}
_FROM_ENVIRONMENT = "env:"
_HIGHEST = 7
_RAISED = {Source.TOOL: 1, Source.IMAGE: 1}
"""What tools return is acted on next, and words in an image are seldom read by the user."""
_ENCODED = 1
_AGREED = 1
_WHOLE, _PART = 7, 6
_ENCODED_QUOTE, _ORDER_QUOTE, _QUOTE = 6, 5, 3


class AttackOptions(Options):
    """`secrets` and `canaries` must never be in an answer: each as `env:NAME`, or as it is."""

    secrets: list[SecretStr] = Field(default_factory=list[SecretStr])
    canaries: list[SecretStr] = Field(default_factory=list[SecretStr])


@dataclass(frozen=True, slots=True)
class _Hit:
    """Characters [start, end), how grave they are, with which score, by which label and in which writing."""

    start: int
    end: int
    severity: int
    score: float
    label: str
    way: str = ""


class AttackCheck(EncoderUser):
    """`jailbreak` in users' texts and `indirect_attack` in untrusted ones: severity by the encoder's card.

    An order to a model in an untrusted text is 5 to 7: more where it sets instructions aside, is hidden or
    encoded, comes from a tool or an image, or where the encoder agrees. `leak` in answers: 7 for a registered
    value, 6 for a part of one; 6 for the developer's text in an encoding, 5 for orders quoted from it, 3 for
    other long quotations from it.
    """

    id = "attack"
    categories = (JAILBREAK, INDIRECT, LEAK)
    essential = True
    unit = Unit.SENTENCE

    def __init__(
        self,
        models: SafetyModels,
        registered: Registered | None = None,
        bands: Bands | None = None,
        *,
        effort: Effort = SWIFT,
        explained_from: ExplainedFrom = from_medium,
    ) -> None:
        """`bands` None takes those of the encoder's card; `effort` is what an explanation may cost."""
        super().__init__(models, bands)
        self._registered = registered or Registered([])
        self._effort = effort
        self._explained_from = explained_from

    @classmethod
    def from_setup(cls, setup: CheckSetup) -> AttackCheck:
        """The check with the policy's options.

        Raises:
            ConfigurationError: they do not fit, a variable is not set, or a value is too short.
        """
        options = setup.parsed(AttackOptions)
        values = {
            name: [_value(one.get_secret_value(), f"options.{setup.check_id}.{name}") for one in given]
            for name, given in (("secrets", options.secrets), ("canaries", options.canaries))
        }
        try:
            registered = Registered(values["secrets"], values["canaries"])
        except ValueError as error:
            raise ConfigurationError(
                f"A value in the policy's options.{setup.check_id} has {error}.",
                hint="So short a value stands in texts by chance. Register a longer one.",
            ) from None
        return cls(setup.models, registered, effort=setup.effort, explained_from=setup.explained_from)

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """Return what the text's source is looked at for; the developer's is not looked at."""
        if context.source is Source.ASSISTANT:
            return self._leaks(text, context.around)
        if context.source is Source.USER:
            hits = _joined(self._hits(text, LABELS_OF[JAILBREAK]))
            judged = (self._judged(JAILBREAK, hit, text, Source.USER) for hit in hits)
            return [*judged, *unmeasured(text, [JAILBREAK])]
        if context.source.trusted:
            return []
        return [*self._orders(text, context.source), *unmeasured(text, [INDIRECT])]

    def _orders(self, text: str, source: Source) -> Iterator[Finding]:
        """Rules first; where the encoder fails and the rules have found something, that stands."""
        orders = list(_all_orders(text))
        try:
            hits = _joined(self._hits(text, LABELS_OF[INDIRECT]))
        except Exception:
            if not orders:
                raise
            hits = []
        for order in orders:
            agreed = any(hit.start < order.end and order.start < hit.end for hit in hits)
            severity = order.severity + _RAISED.get(source, 0) + (_AGREED if agreed else 0)
            span = Span(order.start, order.end, INDIRECT)
            yield Finding(INDIRECT, min(_HIGHEST, severity), (span,), order.reason)
        for hit in hits:
            judged = self._judged(INDIRECT, hit, text, source)
            acted_on = hit.severity >= self._explained_from(source, INDIRECT) and not hit.way
            yield self._narrowed(judged, hit, text, orders) if acted_on else judged

    def _narrowed(self, finding: Finding, hit: _Hit, text: str, orders: Sequence[Order]) -> Finding:
        """The finding, its place cut down to the sentences without which the rest passes, where it does."""
        decisive = [span for span in finding.because if span.decisive]
        suspects = [(one.start, one.end) for one in (*orders, *decisive)]
        places = narrowed(text, (hit.start, hit.end), suspects, self._passes)
        if places is None:
            return finding
        spans = tuple(Span(start, end, INDIRECT, weight=round(hit.score, 4)) for start, end in places)
        return replace(finding, spans=spans)

    def _passes(self, text: str) -> bool:
        """Whether a text from elsewhere is under every medium band."""
        (scores,) = self.encoder.scores([text])
        language = language_of(text)
        return all(scores[one] < self.bands.thresholds(one, language).medium for one in LABELS_OF[INDIRECT])

    def _judged(self, category: str, hit: _Hit, text: str, source: Source) -> Finding:
        """The finding; where some rule acts on it with the words that carry it, if they can be read."""
        reason = _REASONS[hit.label] + (f", in {hit.way}" if hit.way else "")
        span = Span(hit.start, hit.end, category, weight=round(hit.score, 4))
        finding = Finding(category, hit.severity, (span,), reason, hit.score)
        if hit.severity < self._explained_from(source, category) or hit.way:
            return finding
        medium = self.bands.thresholds(hit.label, language_of(text)).medium
        score = scorer(self.encoder, hit.label)
        return explained(finding, text, score, threshold=medium, effort=self._effort, encoder=self.encoder)

    def _hits(self, text: str, labels: Sequence[str]) -> Iterator[_Hit]:
        """The windows of the text, and of what it says once decoded, that reach a label's lowest band."""
        for window in self.encoder.read(text):
            piece = text[window.start : window.end]
            yield from self._reached(window.scores, labels, piece, window.start, window.end)
            if (view := undisguised(piece)) is not None:
                for plain in self.encoder.read(view.text):
                    first, last = view.original(plain.start, plain.end)
                    span = (window.start + first, window.start + last)
                    yield from self._reached(plain.scores, labels, view.text, *span, "disguise")
        for decoded in decoded_views(text):
            for window in self.encoder.read(decoded.text):
                span = (decoded.start, decoded.end)
                yield from self._reached(window.scores, labels, decoded.text, *span, decoded.way)

    def _reached(
        self,
        scores: Mapping[str, float],
        labels: Sequence[str],
        text: str,
        start: int,
        end: int,
        way: str = "",
    ) -> Iterator[_Hit]:
        for label in labels:
            severity = severity_of(scores[label], self.bands.thresholds(label, language_of(text)))
            if severity > 0:
                yield _Hit(start, end, severity, scores[label], label, way)

    def _leaks(self, text: str, around: Sequence[Part]) -> list[Finding]:
        found = [_of_leak(leak) for leak in self._registered.leaks(text)] if self._registered else []
        developer = [part.text for part in around if part.source is Source.DEVELOPER]
        others = [part.text for part in around if part.source is not Source.DEVELOPER]
        return [*found, *map(_of_quotation, quotations(text, developer, others))]


def _all_orders(text: str) -> Iterator[Order]:
    """Orders in the text as it stands, and in what it says without disguises or decoded, which is graver."""
    yield from orders_to_models(text)
    if (view := undisguised(text)) is not None:
        plain = {(order.start, order.end) for order in orders_to_models(text)}
        for order in orders_to_models(view.text):
            start, end = view.original(order.start, order.end)
            if not any(first < end and start < last for first, last in plain):
                yield _hidden(order, start, end, "in disguise")
    for decoded in decoded_views(text):
        for order in orders_to_models(decoded.text):
            yield _hidden(order, decoded.start, decoded.end, f"in {decoded.way}")


def _hidden(order: Order, start: int, end: int, how: str) -> Order:
    return Order(start, end, min(_HIGHEST, order.severity + _ENCODED), f"{order.reason}, {how}")


def _joined(hits: Iterator[_Hit]) -> list[_Hit]:
    """Hits that overlap become one: the gravest says why, where and how."""
    joined: list[_Hit] = []
    for hit in sorted(hits, key=lambda one: (one.start, one.end)):
        if joined and hit.start < joined[-1].end:
            last = joined[-1]
            graver = max(last, hit, key=lambda one: (one.severity, one.score))
            joined[-1] = replace(graver, start=last.start, end=max(last.end, hit.end))
        else:
            joined.append(hit)
    return joined


def _of_leak(leak: Leak) -> Finding:
    reason = f"a registered {leak.kind}" if leak.whole else f"a part of a registered {leak.kind}"
    reason += f", in {leak.way}" if leak.way else ""
    span = Span(leak.start, leak.end, f"registered_{leak.kind}")
    return Finding(LEAK, _WHOLE if leak.whole else _PART, (span,), reason)


def _of_quotation(quote: Quotation) -> Finding:
    severity = _ENCODED_QUOTE if quote.way else _ORDER_QUOTE if quote.order else _QUOTE
    reason = "the developer's instructions" if quote.order else "a long passage of the developer's text"
    reason += f", in {quote.way}" if quote.way else ""
    return Finding(LEAK, severity, (Span(quote.start, quote.end, "developer_text"),), reason)


def _value(written: str, where: str) -> str:
    if not written.startswith(_FROM_ENVIRONMENT):
        return written
    name = written.removeprefix(_FROM_ENVIRONMENT)
    if not (value := os.environ.get(name)):
        raise ConfigurationError(
            f"The environment variable {name} is not set, but the policy's {where} names it.",
            hint="Set it to the value that must not leave, or take it out of the policy.",
        )
    return value
