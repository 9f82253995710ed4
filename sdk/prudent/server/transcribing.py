"""A recording that is transcribed, as the guard and the checks see it. Knows no HTTP.

The prompt is text of the user; what was heard is text of source `audio`. In a stream, a text goes out only
when the text after it is known, so that a finding that lies across two of them is seen as a whole.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Self

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.transcription import TRANSCRIPTION, Heard, HearingOptions, Recording
from prudent.capabilities.whisper.transcript import Segment
from prudent.server.attended import Attended, Performed, Streamed
from prudent.server.heard import text_of, with_text
from prudent.types.content import Source
from prudent.types.safety import ContentFilterResults, PromptFilterResult, SafetyInfo
from prudent.types.transcription import AnyTranscriptionRequest
from prudent_responsible_ai.parts import Part
from prudent_responsible_ai.verdict import merged

AHEAD = 200
"""Characters of the text that follows which are checked with a text: a finding may be as long as that."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in all of a recording, or in a part of it, after the checks.

    `ahead` is the beginning of what follows, and not to be shown. `done` says that nothing follows.
    """

    segments: tuple[Segment, ...] = ()
    language: str | None = None
    position: float = 0.0
    duration: float | None = None
    ahead: str = ""
    done: bool = False
    verdicts: ContentFilterResults | None = None
    prompt: Sequence[PromptFilterResult] | None = None
    safety: SafetyInfo | None = None

    @property
    def text(self) -> str:
        """What was said in it."""
        return text_of(self.segments)


def recording_of(file: BinaryIO, name: str, longest: float) -> Recording:
    """An upload as a recording of at most `longest` seconds."""
    return Recording(file, name, longest)


async def heard_parts(
    models: Models, name: str | None, recording: Recording, options: HearingOptions
) -> AsyncGenerator[Heard, Any]:
    """Go through a recording with a model of this name, None for the default; raises as `Transcriber`."""
    async with AsyncExitStack() as held:
        model = await held.enter_async_context(models.lease(TRANSCRIPTION, name))
        parts = await held.enter_async_context(aclosing(model.transcribe(recording, options)))
        async for part in parts:
            yield part


class _Transcribing(Attended[Hearing]):
    """What whole and streamed transcriptions share."""

    def __init__(self, route: str, request: AnyTranscriptionRequest, recording: Recording) -> None:
        self.route = route
        self.model = request.model or TRANSCRIPTION.default
        self.user = request.user
        self._recording = recording
        self._options = HearingOptions(
            language=request.language,
            translate=request.translate,
            prompt=request.prompt or "",
            temperature=request.temperature,
            words=request.with_words,
        )

    def inputs(self) -> Sequence[Part]:
        """The prompt."""
        return [Part(self._options.prompt, Source.USER)] if self._options.prompt else []

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with another prompt."""
        other = copy(self)
        other._options = replace(self._options, prompt="".join(texts))
        return other

    def param_of(self, result: PromptFilterResult) -> str | None:
        """There is one input."""
        del result
        return "prompt"

    def _hear(self, models: Models) -> AsyncGenerator[Heard, Any]:
        return heard_parts(models, self.model, self._recording, self._options)


class TranscribeWhole(_Transcribing, Performed[Hearing]):
    """A recording with one answer."""

    async def perform(self, models: Models) -> Hearing:
        """Go through the whole recording."""
        segments: list[Segment] = []
        last: Heard | None = None
        async with aclosing(self._hear(models)) as parts:
            async for part in parts:
                segments += part.segments
                last = part
        assert last is not None
        return Hearing(tuple(segments), last.language, last.position, last.duration, done=True)

    def outputs(self, result: Hearing) -> Sequence[Part]:
        """All that was said, as one text."""
        return [Part(result.text, Source.AUDIO)] if result.segments else []

    def with_outputs(
        self, result: Hearing, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> Hearing:
        """The same with another text."""
        found = merged(verdict.content_filter_results for verdict in verdicts)
        return replace(result, segments=with_text(result.segments, texts[0]), verdicts=found)

    def with_safety(
        self, result: Hearing, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]
    ) -> Hearing:
        """The same with what stood guard."""
        return replace(result, safety=safety, prompt=prompt)


class TranscribeStream(_Transcribing, Streamed[Hearing]):
    """A recording that is answered as it is heard. One use."""

    def __init__(self, route: str, request: AnyTranscriptionRequest, recording: Recording) -> None:
        super().__init__(route, request, recording)
        self._options = replace(self._options, early=True)
        self._said = _Said()

    async def stream(self, models: Models) -> AsyncGenerator[Hearing, Any]:
        """Each part once the one after it was heard."""
        waiting: Heard | None = None
        async with aclosing(self._hear(models)) as parts:
            async for part in parts:
                if waiting is not None and waiting.segments and part.segments:
                    yield self._part(waiting, text_of(part.segments)[:AHEAD])
                    waiting = None
                waiting = part if waiting is None else _joined(waiting, part)
        if waiting is not None:
            yield self._part(waiting, "")

    def _part(self, heard: Heard, ahead: str) -> Hearing:
        segments = heard.segments
        if self._said.covered:
            segments = with_text(segments, text_of(segments)[self._said.covered :])
            self._said.covered = 0
        self._said.last = heard
        return Hearing(segments, heard.language, heard.position, heard.duration, ahead)

    def outputs(self, result: Hearing) -> Sequence[Part]:
        """What was said, with the beginning of what follows."""
        return [Part(result.text + result.ahead, Source.AUDIO)] if result.segments else []

    def with_outputs(
        self, result: Hearing, texts: Sequence[str], verdicts: Sequence[PromptFilterResult]
    ) -> Hearing:
        """The part without what follows; a finding that lies across both is taken out of both."""
        checked, given = texts[0], result.text + result.ahead
        same = _common_end(given, checked)
        self._said.covered = max(0, len(result.ahead) - same)
        text = checked[: len(checked) - min(same, len(result.ahead))]
        segments = with_text(result.segments, text)
        self._said.segments += segments
        self._said.verdicts += verdicts
        return replace(result, segments=segments, ahead="")

    def closing(self, safety: SafetyInfo, prompt: Sequence[PromptFilterResult]) -> Hearing:
        """All that went out, with what stood guard."""
        said = self._said
        found = merged(verdict.content_filter_results for verdict in said.verdicts)
        last = said.last
        return Hearing(
            tuple(said.segments),
            None if last is None else last.language,
            0.0 if last is None else last.position,
            None if last is None else last.duration,
            done=True,
            verdicts=found or None,
            prompt=prompt,
            safety=safety,
        )


class _Said:
    """What a stream has given out. `covered` characters of the next part were taken out with the last."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.verdicts: list[PromptFilterResult] = []
        self.covered = 0
        self.last: Heard | None = None


def _joined(first: Heard, second: Heard) -> Heard:
    return replace(second, segments=first.segments + second.segments)


def _common_end(first: str, second: str) -> int:
    """How many characters two texts have in common at their end."""
    length = min(len(first), len(second))
    return next((at for at in range(length) if first[-1 - at] != second[-1 - at]), length)
