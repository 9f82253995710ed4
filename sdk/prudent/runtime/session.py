"""The one place that talks to ONNX Runtime's Python API: typed, and with our errors. Knows no model.

ONNX Runtime maps external weights from disk by itself. A weight that a kernel repacks lives on the heap
afterwards and its mapped pages are given back, so no weight is resident twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Final, Protocol, cast

import onnxruntime
from numpy.typing import NDArray

from prudent.errors import InternalError, ModelFileError
from prudent.runtime.threads import usable_cores

# The package has partial hints; seen as Any, its untyped calls stay inside this file.
_ort = cast("Any", onnxruntime)

_PROVIDERS: Final = ["CPUExecutionProvider"]


class Spinning(StrEnum):
    """What the session's threads do while they wait for work.

    `never` sleeps at once, `while_running` spins between the operators of one run and sleeps when the run
    ends, `always` spins on for a while after a run.
    """

    NEVER = "never"
    WHILE_RUNNING = "while_running"
    ALWAYS = "always"


class LogLevel(IntEnum):
    """ONNX Runtime's own log; what it writes goes to standard error."""

    VERBOSE = 0
    INFO = 1
    WARNING = 2
    ERROR = 3
    FATAL = 4


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session runs.

    `threads` None means every core that this process may use. `arena` keeps freed activation memory for the
    next run: it trades memory for little speed. `profile` is the prefix of a profile file to write.
    """

    threads: int | None = None
    spinning: Spinning = Spinning.WHILE_RUNNING
    arena: bool = False
    log_level: LogLevel = LogLevel.ERROR
    profile: Path | None = None


class IoBinding(Protocol):
    """The methods that prudent uses of ONNX Runtime's IoBinding."""

    def bind_input(
        self, name: str, device_type: str, device_id: int, element_type: Any, shape: Any, buffer_ptr: int
    ) -> None:
        """Read an input from raw memory."""
        ...

    def bind_output(
        self, name: str, device_type: str, device_id: int, element_type: Any, shape: Any, buffer_ptr: int
    ) -> None:
        """Write an output to raw memory."""
        ...


class Session:
    """An open graph. Runs release the interpreter lock.

    Several threads may `run` at once, each with its own arrays; a binding belongs to one thread at a time.
    """

    def __init__(self, graph: Path, options: SessionOptions) -> None:
        """See `open_session`."""
        self._graph = graph
        try:
            self._session = _ort.InferenceSession(
                str(graph), sess_options=_native(options), providers=_PROVIDERS
            )
        except Exception as error:  # ONNX Runtime has no root for its own errors
            raise ModelFileError(
                f"ONNX Runtime cannot open {graph.name}: {_first_line(error)}",
                hint=f"Remove {graph.parent}; the next use compiles the model again.",
            ) from error
        self.inputs: tuple[str, ...] = tuple(str(node.name) for node in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(str(node.name) for node in self._session.get_outputs())

    def run(
        self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> list[NDArray[Any]]:
        """Run once with arrays in and arrays out (all outputs where none are named).

        Raises:
            InternalError: the run failed.
        """
        try:
            results = self._session.run(None if outputs is None else list(outputs), dict(feeds))
        except Exception as error:
            raise self._run_error(error) from error
        return cast("list[NDArray[Any]]", results)

    def new_io_binding(self) -> IoBinding:
        """An empty binding of this session; `prudent.runtime.binding` is the typed way to fill it."""
        return cast("IoBinding", self._session.io_binding())

    def run_bound(self, binding: IoBinding) -> None:
        """Run once over bound memory.

        Raises:
            InternalError: the run failed.
        """
        try:
            self._session.run_with_iobinding(binding)
        except Exception as error:
            raise self._run_error(error) from error

    def end_profile(self) -> Path:
        """Stop profiling and return the file that was written."""
        return Path(str(self._session.end_profiling()))

    def _run_error(self, error: Exception) -> InternalError:
        return InternalError(f"ONNX Runtime failed while running {self._graph.name}: {_first_line(error)}")


def open_session(graph: Path, options: SessionOptions | None = None) -> Session:
    """Open a graph for running on the CPU.

    Raises:
        ModelFileError: there is no such graph, or it is not one that ONNX Runtime can run.
    """
    if not graph.is_file():
        raise ModelFileError(f"There is no graph at {graph}.", hint="Compile the model first.")
    return Session(graph, options or SessionOptions())


def _native(options: SessionOptions) -> Any:
    native = _ort.SessionOptions()
    native.intra_op_num_threads = usable_cores() if options.threads is None else options.threads
    native.inter_op_num_threads = 1
    native.execution_mode = _ort.ExecutionMode.ORT_SEQUENTIAL
    native.enable_cpu_mem_arena = options.arena
    native.log_severity_level = int(options.log_level)
    if options.profile is not None:
        native.enable_profiling = True
        native.profile_file_prefix = str(options.profile)
    spin = options.spinning is not Spinning.NEVER
    native.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin else "0")
    if options.spinning is Spinning.WHILE_RUNNING:
        native.add_session_config_entry("session.force_spinning_stop", "1")
    return native


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
