"""What is measured of a machine and a model, as plain data. Imports no ONNX Runtime, which may be broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a machine can do at best.

    `bandwidth` in bytes read a second, `byte_products` in operations a second, two a product and sum.
    """

    bandwidth: float
    byte_products: float


@dataclass(frozen=True, slots=True)
class KernelShare:
    """An operator's part of the time (0-1) in one decode step, and in a prompt of 128 tokens."""

    operator: str
    nodes: int
    decode: float
    prefill: float


@dataclass(frozen=True, slots=True)
class Workload:
    """What a model costs, whatever the machine.

    `decode_bytes` are read for a token beside `cache_bytes` for each token before it. `prefill_operations`
    are a prompt token's, two a weight, without the logits, which a prompt needs once.
    """

    decode_bytes: int
    cache_bytes: int
    prefill_operations: int


@dataclass(frozen=True, slots=True)
class Speed:
    """Measured speeds in tokens a second, and those that the machine's limits would allow.

    Decode cannot be faster than memory gives it the weights and the cache; prefill not faster than bytes can
    be multiplied, attention not counted.
    """

    model: str
    prefill: float
    decode: float
    prefill_limit: float
    decode_limit: float
    workload: Workload
    kernels: tuple[KernelShare, ...]

    @property
    def prefill_share(self) -> float:
        """Of the limit, 0-1."""
        return self.prefill / self.prefill_limit

    @property
    def decode_share(self) -> float:
        """Of the limit, 0-1."""
        return self.decode / self.decode_limit
