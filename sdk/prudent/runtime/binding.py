"""A run's inputs and outputs tied to arrays once, so that a step only has to change what is in them.

Knows no model. Binding costs a few microseconds a tensor, and a decoder has about a hundred of them, so a
binding is kept as long as its shapes and its memory stay.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from prudent.errors import InternalError
from prudent.runtime.session import Session


class Binding:
    """Arrays bound to one session's inputs and outputs by address.

    The arrays must stay where they are: the binding keeps them alive, and reads and writes them in place at
    every run. The same array may be bound as an input and as an output (a cache updated in place).
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._native = session.new_io_binding()
        self._arrays: list[NDArray[Any]] = []

    def bind_input(self, name: str, array: NDArray[Any]) -> None:
        """Let every run read `name` from this array.

        Raises:
            InternalError: the array is not C-contiguous.
        """
        self._keep(name, array)
        self._native.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def bind_output(self, name: str, array: NDArray[Any]) -> None:
        """Let every run write `name` to this array.

        Raises:
            InternalError: the array is not C-contiguous.
        """
        self._keep(name, array)
        self._native.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)

    def run(self) -> None:
        """Run the session once.

        Raises:
            InternalError: the run failed.
        """
        self._session.run_bound(self._native)

    def _keep(self, name: str, array: NDArray[Any]) -> None:
        if not array.flags.c_contiguous:
            raise InternalError(f"The array for {name} is not contiguous and cannot be bound.")
        self._arrays.append(array)
