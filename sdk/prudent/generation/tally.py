"""Counts and times of an engine's steps. Knows no step."""

from __future__ import annotations

from dataclasses import dataclass

from prudent.generation.options import EngineStats


@dataclass(slots=True)
class Tally:
    """Running totals; the engine guards them."""

    prefill_steps: int = 0
    decode_steps: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0
    decode_overhead_seconds: float = 0.0

    def prefill(self, tokens: int, seconds: float, generated: int) -> None:
        """Count a chunk of a prompt."""
        self.prefill_steps += 1
        self.prompt_tokens += tokens
        self.prefill_seconds += seconds
        self.generated_tokens += generated

    def decode(self, seconds: float, overhead: float, generated: int) -> None:
        """Count a decode step."""
        self.decode_steps += 1
        self.decode_seconds += seconds
        self.decode_overhead_seconds += overhead
        self.generated_tokens += generated

    def snapshot(self, *, slots: int, running: int, queued: int, queued_tokens: int) -> EngineStats:
        """The totals with what is going on now."""
        return EngineStats(
            slots=slots,
            running=running,
            queued=queued,
            queued_tokens=queued_tokens,
            prefill_steps=self.prefill_steps,
            decode_steps=self.decode_steps,
            prompt_tokens=self.prompt_tokens,
            generated_tokens=self.generated_tokens,
            prefill_seconds=self.prefill_seconds,
            decode_seconds=self.decode_seconds,
            decode_overhead_seconds=self.decode_overhead_seconds,
        )
