"""Remembers values by a key, the ones used last: made once, asked for again and again. Knows neither."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Kept(Generic[KeyT, ValueT]):
    """At most so many values; who is not asked for longest goes first. Safe in several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: KeyT) -> ValueT | None:
        """The value of a key; None where there is none."""
        return self.known([key]).get(key)

    def known(self, keys: Sequence[KeyT]) -> dict[KeyT, ValueT]:
        """The values of those keys that have one."""
        found: dict[KeyT, ValueT] = {}
        with self._lock:
            for key in keys:
                if key in self._values:
                    self._values.move_to_end(key)
                    found[key] = self._values[key]
        return found

    def put(self, values: Mapping[KeyT, ValueT]) -> None:
        """Remember more."""
        with self._lock:
            self._values.update(values)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
