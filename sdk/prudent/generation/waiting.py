"""The sequences that wait for a slot: how many may, and who is next. Knows no slots and no costs.

Order: the higher class first, and a class that waits is promoted by one every `PROMOTION_S`. Within a class
tenants take turns by the work they ask for (start-time fair queueing, Goyal, Vin and Cheng 1996, with
prompt and answer tokens as the work), so that one tenant's many requests do not hold up another's few; of
one tenant the first comes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from prudent.errors import RateLimitError
from prudent.generation.sequence import Sequence

PROMOTION_S = 20.0


class WaitingLine:
    """A bounded line. Not thread-safe."""

    def __init__(self, *, max_sequences: int, max_tokens: int) -> None:
        self._max_sequences = max_sequences
        self._max_tokens = max_tokens
        self._tags: dict[Sequence, float] = {}
        self._tenants: dict[str, float] = {}
        self._virtual_time = 0.0
        self.tokens = 0
        """Prompt tokens of all that wait."""

    def __len__(self) -> int:
        return len(self._tags)

    def __iter__(self) -> Iterator[Sequence]:
        return iter(self._tags)

    def __contains__(self, sequence: Sequence) -> bool:
        return sequence in self._tags

    def check_room(self, sequence: Sequence, retry_after: float) -> None:
        """Refuse a sequence for which there is no room; `retry_after` is in seconds.

        Raises:
            RateLimitError: the line is full, by sequences or by prompt tokens.
        """
        details = {"retry_after": retry_after, "queued": len(self), "queued_tokens": self.tokens}
        hint = f"Try again in about {max(1, round(retry_after))} s, or raise "
        if len(self) >= self._max_sequences:
            raise RateLimitError(
                f"{len(self)} requests are waiting for this model, as many as it lets wait.",
                hint=f"{hint}max_queue.",
                details=details,
            )
        if self._tags and self.tokens + len(sequence.prompt) > self._max_tokens:
            raise RateLimitError(
                f"The requests that wait for this model hold {self.tokens} prompt tokens;"
                f" {len(sequence.prompt)} more would pass the limit of {self._max_tokens}.",
                hint=f"{hint}max_queued_tokens.",
                details=details,
            )

    def add(self, sequence: Sequence) -> None:
        """Put a sequence in line."""
        start = self._virtual_time
        if not sequence.generated:  # one that returns has had its turn in line
            start = max(start, self._tenants.get(sequence.isolation, 0.0))
            self._tenants[sequence.isolation] = start + _work(sequence)
        self._tags[sequence] = start
        self.tokens += len(sequence.prompt)

    def remove(self, sequence: Sequence) -> None:
        """Take a sequence out of the line, wherever it stands."""
        del self._tags[sequence]
        self.tokens -= len(sequence.prompt)
        if not self._tags:
            self._tenants.clear()

    def take(self, sequence: Sequence) -> None:
        """Take a sequence out because its turn has come."""
        # Time passes with the work done for each tenant that waits, so that newcomers without end, who all
        # begin at the present time, do not hold up one whose turn is later.
        share = _work(sequence) / len({waiting.isolation for waiting in self._tags})
        self._virtual_time = max(self._virtual_time, self._tags[sequence]) + share
        self.remove(sequence)
        if len(self._tenants) > 2 * self._max_sequences:
            ahead = {tenant: tag for tenant, tag in self._tenants.items() if tag > self._virtual_time}
            self._tenants = ahead

    def in_order(self, now: float) -> list[Sequence]:
        """All that wait, the next one first."""
        return sorted(self._tags, key=lambda sequence: (current_class(sequence, now), self._tags[sequence]))


def _work(sequence: Sequence) -> int:
    return len(sequence.prompt) + sequence.max_tokens


def current_class(sequence: Sequence, now: float) -> int:
    """The sequence's class after promotion for its age; 0 goes first."""
    promoted = int((now - sequence.arrived) / PROMOTION_S)
    return max(0, int(sequence.priority) - promoted)
