"""A text that is spoken, as the guard and the checks see it. Knows no HTTP.

The text is checked, and redacted, before any of it is spoken. The record in the audit has fingerprints of the
sound, so that a recording can be traced to it, and no word of the text.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from copy import copy
from typing import Any, Self

from prudent.capabilities.interface import Models
from prudent.capabilities.interface.speech import SPEECH, SpeakingOptions, SpeechPart
from prudent.server.attended import Streamed
from prudent.types.content import Source
from prudent.types.safety import PromptFilterResult
from prudent.types.speech import CREATE_SPEECH, SpeechRequest
from prudent_responsible_ai.parts import Part

AUDIO_SHA256, AUDIO_FINGERPRINT, AUDIO_SECONDS = "audio_sha256", "audio_fingerprint", "audio_seconds"
"""In the record's metadata; see `prudent.capabilities.speaking.fingerprint`."""


class Speaking(Streamed[SpeechPart]):
    """One request for speech."""

    def __init__(self, request: SpeechRequest) -> None:
        self.route = CREATE_SPEECH.path
        self.model = request.model or SPEECH.default
        self._record: dict[str, str] = {}
        self.metadata = self._record
        self._request = request

    def inputs(self) -> Sequence[Part]:
        """The text."""
        return [Part(self._request.input, Source.USER)]

    def with_inputs(self, texts: Sequence[str]) -> Self:
        """The request with another text; what it comes to goes into the same record."""
        other = copy(self)
        other._request = self._request.model_copy(update={"input": "".join(texts)})
        return other

    def param_of(self, result: PromptFilterResult) -> str | None:
        """There is one input."""
        del result
        return "input"

    async def stream(self, models: Models) -> AsyncGenerator[SpeechPart, Any]:
        """Have the model speak."""
        request = self._request
        options = SpeakingOptions(
            response_format=request.response_format,
            speed=request.speed,
            voice=request.voice,
            whole=request.whole,
        )
        async with AsyncExitStack() as held:
            model = await held.enter_async_context(models.lease(SPEECH, self.model))
            parts = await held.enter_async_context(aclosing(model.speak(request.input, options)))
            async for part in parts:
                if part.spoken is not None:
                    self._record[AUDIO_SHA256] = part.spoken.sha256
                    self._record[AUDIO_FINGERPRINT] = part.spoken.robust
                    self._record[AUDIO_SECONDS] = f"{part.spoken.seconds:.2f}"
                yield part
