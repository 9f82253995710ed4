"""One answer on its way through its gates: each text that the model writes passes a gate of its own.

The texts of an answer are what it says and the arguments of each tool call. They go out in the order in which
they were written: a text is complete before the next one begins. Knows no kind of request and no HTTP.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

from prudent.server.held_logprobs import HeldLogprobs, Placed
from prudent.types.chat import FinishReason, IncompleteDetails
from prudent.types.safety import ContentFilterResults
from prudent.types.tools import FunctionCallDelta, ToolCallDelta, ToolDecision
from prudent_responsible_ai.bias_probe.calls import Answered, Called
from prudent_responsible_ai.gate import OutputGate, Release
from prudent_responsible_ai.running import Outcome
from prudent_responsible_ai.verdict import merged

EntryT = TypeVar("EntryT")


@dataclass(frozen=True, slots=True)
class News(Generic[EntryT]):
    """What is new of one choice, whatever the API that it was asked through.

    `echoed` text is the prompt's own: it was checked with the prompt and passes no gate. `logprobs` belong to
    `text` where there is one, else to the arguments of the call.
    """

    index: int
    text: str = ""
    logprobs: tuple[Placed[EntryT], ...] = ()
    call: ToolCallDelta | None = None
    role: Literal["assistant"] | None = None
    decision: ToolDecision | None = None
    echoed: bool = False
    finish: FinishReason | None = None
    incomplete: IncompleteDetails | None = None
    verdicts: ContentFilterResults | None = None

    @property
    def empty(self) -> bool:
        """Whether nobody need hear of it."""
        nothing = (self.role, self.call, self.decision, self.finish) == (None, None, None, None)
        return nothing and not self.text and not self.logprobs


class Said:
    """What an answer has said and called so far, put together from its news."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._names: defaultdict[int, str] = defaultdict(str)
        self._arguments: defaultdict[int, list[str]] = defaultdict(list)

    def add(self, news: News[Any]) -> None:
        """Take what is new; an echo of the prompt is nothing that the answer says."""
        if news.echoed:
            return
        self._text.append(news.text)
        if news.call is not None and news.call.function is not None:
            self._names[news.call.index] += news.call.function.name or ""
            self._arguments[news.call.index].append(news.call.function.arguments or "")

    @property
    def whole(self) -> Answered:
        """All of it so far."""
        calls = (Called(self._names[index], "".join(self._arguments[index])) for index in sorted(self._names))
        return Answered("".join(self._text), tuple(calls))


class Compared(Protocol):
    """An answer to compare with. `holds` says that a difference may block: nothing goes out before."""

    holds: bool

    def outcome(self, choice: int, said: Answered, released: Answered) -> Outcome:
        """What comes of comparing a choice that said and called this; `released` is what went out of it."""
        ...


class Answer(Generic[EntryT]):
    """One choice. `gate` is that of its first text; others are made from it as texts begin."""

    def __init__(self, gate: OutputGate, compared: Compared | None = None) -> None:
        """`compared` is asked when the choice ends."""
        self.finished = False
        self.gates = [gate]
        self._text = _Text[EntryT](gate)
        self._compared = compared
        self._said = Said()
        self._released = Said()
        self._kept: list[News[EntryT]] = []
        self._refused = False

    @property
    def filtered(self) -> bool:
        """Whether a check ended it."""
        return self._text.blocked or self._refused

    @property
    def verdicts(self) -> ContentFilterResults:
        """Those on all of its texts."""
        return merged(gate.results for gate in self.gates)

    def pass_on(self, news: News[EntryT]) -> list[News[EntryT]]:
        """Return what may go out now: text, its end, both or nothing."""
        if self._compared is None or self.finished:
            return self._passed(news)
        self._said.add(news)
        passed = self._passed(news)
        if not self.finished:  # what ends it was heard by the comparison
            for one in passed:
                self._released.add(one)
        if not self._compared.holds:
            return passed
        self._kept += passed
        if not self.finished:
            return []
        # Where the comparison refuses the answer, its end is all that goes out.
        return self._kept[-1:] if self._refused else self._kept

    def _passed(self, news: News[EntryT]) -> list[News[EntryT]]:
        if self.finished:
            return []
        if news.echoed:
            return [news]
        passed: list[News[EntryT]] = []
        call = None if news.call is None else news.call.index
        if call != self._text.call and (news.text or news.call is not None):
            passed += self._begin(news.index, call)
        if not self.filtered:
            passed.append(self._text.feed(news))
        if news.finish is not None and not self.filtered:
            passed.append(self._text.finish(news.index, whole=news.finish != "length"))
        if self.filtered or news.finish is not None:
            self.finished = True
            self._compare(news.index, passed)
            passed.append(self._end(news))
        return [one for one in passed if not one.empty]

    def _compare(self, index: int, last: Sequence[News[EntryT]]) -> None:
        """Compare an answer whose `last` news are about to go out."""
        if self._compared is None or self.filtered:
            return
        for one in last:
            self._released.add(one)
        outcome = self._compared.outcome(index, self._said.whole, self._released.whole)
        self.gates[0].conclude(outcome)
        if self.gates[0].blocked:
            self._refused = True
            for gate in self.gates:
                gate.withdraw()

    def _begin(self, index: int, call: int | None) -> list[News[EntryT]]:
        """Let the text that was being written end, and begin another."""
        rest = self._text.finish(index, whole=True)
        if self._text.blocked:
            return [rest]
        gate = self.gates[0].sibling(as_json=call is not None)
        self.gates.append(gate)
        self._text = _Text[EntryT](gate, call)
        return [rest]

    def _end(self, news: News[EntryT]) -> News[EntryT]:
        if self.filtered:
            return News(news.index, finish="content_filter", verdicts=self.verdicts)
        return News(news.index, finish=news.finish, incomplete=news.incomplete, verdicts=self.verdicts)


@dataclass
class _Text(Generic[EntryT]):
    """One text and its gate. `call` is the index of the tool call whose arguments it is."""

    gate: OutputGate
    call: int | None = None
    spoilt: bool = False
    altered: bool = False
    written: list[str] = field(default_factory=list[str])
    held: HeldLogprobs[EntryT] = field(default_factory=lambda: HeldLogprobs[EntryT]())

    @property
    def blocked(self) -> bool:
        return self.gate.blocked or self.spoilt

    def feed(self, news: News[EntryT]) -> News[EntryT]:
        """Take the news that belongs to this text; return it with what the gate releases in its place."""
        function = None if news.call is None else news.call.function
        text = news.text if self.call is None else (function and function.arguments) or ""
        self.held.add(text, (placed.entry for placed in news.logprobs))
        releases = [self.gate.feed(text)] if text else []
        shown = replace(news, text="", logprobs=(), finish=None, incomplete=None)
        return self._released(shown, releases)

    def finish(self, index: int, *, whole: bool) -> News[EntryT]:
        """Say that the text has ended; return the rest. A whole call's arguments must still be JSON."""
        if self.blocked:
            return News(index)
        rest = self._released(News(index), [self.gate.finish()])
        self.spoilt = whole and self.call is not None and self.altered and not _is_json("".join(self.written))
        return rest

    def _released(self, news: News[EntryT], releases: Sequence[Release]) -> News[EntryT]:
        text = "".join(release.text for release in releases)
        logprobs = tuple(placed for release in releases for placed in self.held.release(release.pieces))
        self.altered = self.altered or any(release.altered for release in releases)
        if self.call is None:
            return replace(news, text=text, logprobs=logprobs)
        self.written.append(text)
        return replace(news, call=_with_arguments(news.call, self.call, text), logprobs=logprobs)


def _with_arguments(delta: ToolCallDelta | None, index: int, text: str) -> ToolCallDelta | None:
    """The delta with these arguments in place of its own; None where nothing is left of it."""
    if delta is None:
        return ToolCallDelta(index=index, function=FunctionCallDelta(arguments=text)) if text else None
    name = None if delta.function is None else delta.function.name
    if not text and delta.id is None and name is None and delta.confidence is None:
        return None
    return delta.model_copy(update={"function": FunctionCallDelta(name=name, arguments=text)})


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
