"""Counts and times of an engine's steps. Knows no step."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from prudent.generation.options import EngineStats


@dataclass(slots=True)
class Tally:
    """Running totals, written by the engine's thread only. Times are in seconds."""

    prefill_steps: int = 0
    decode_steps: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    forced_tokens: int = 0
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0
    decode_overhead_seconds: float = 0.0

    def prefill(self, tokens: int, seconds: float) -> None:
        """Count a run over parts of prompts."""
        self.prefill_steps += 1
        self.prompt_tokens += tokens
        self.prefill_seconds += seconds

    def decode(self, seconds: float, overhead: float) -> None:
        """Count a run over answers."""
        self.decode_steps += 1
        self.decode_seconds += seconds
        self.decode_overhead_seconds += overhead

    def snapshot(
        self, *, slots: int, running: int, queued: int, queued_tokens: int, prefix_bytes: int
    ) -> EngineStats:
        """The totals with what is going on now."""
        return EngineStats(
            slots=slots,
            running=running,
            queued=queued,
            queued_tokens=queued_tokens,
            prefix_bytes=prefix_bytes,
            **asdict(self),
        )
