"""Read what PyTorch pickles in a state dict, without unpickling: an interpreter of the few opcodes it uses.

pickletools splits the bytes into opcodes and never acts on one. Here those that build numbers, texts, tuples,
lists and dicts are carried out; a name stays a name, and a call means something only for the two that a
state dict holds. Anything else is an error that says what it was. Knows no tensor's place in a file.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from prudent.errors import ModelFileError

Plain: TypeAlias = Any
"""int, bool, str, None, tuple, list, dict, or one of the classes below."""

MOST_OPCODES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Name:
    """A module's attribute that the pickle names. It is never imported."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Storage:
    """A block of numbers that several tensors may share: its key, type and number of elements."""

    key: str
    type: str
    elements: int


@dataclass(frozen=True, slots=True)
class StridedTensor:
    """A tensor as a view of a storage: first element, shape and strides, all in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class PickleError(ModelFileError):
    """The pickle is damaged, or holds what a state dict does not."""


_MARK: Final = object()
_ORDERED_DICT: Final = Name("collections", "OrderedDict")
_REBUILD_TENSOR: Final = Name("torch._utils", "_rebuild_tensor_v2")
_TYPES_MODULE: Final = "torch"


def read_pickle(file: io.BytesIO) -> Plain:
    """The value of the pickle that begins here; the file stands behind it afterwards.

    Raises:
        PickleError: it is cut short, or wants something done that a state dict does not need.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if count > MOST_OPCODES:
                raise PickleError(f"It has more than {MOST_OPCODES:,} opcodes.")
            if opcode.name == "STOP":
                return machine.result()
            machine.step(opcode.name, argument)
    except PickleError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, Warning) as error:
        raise PickleError(f"It is damaged ({type(error).__name__}).") from error
    raise PickleError("It has no end.")


class _Machine:
    """The stack and memo of one pickle."""

    def __init__(self) -> None:
        self._stack: list[Plain] = []
        self._memo: dict[int, Plain] = {}

    def result(self) -> Plain:
        value = self._stack.pop()
        if self._stack or value is _MARK:
            raise PickleError("It leaves something on the stack.")
        return value

    def step(self, name: str, argument: Any) -> None:
        if name in _PUSHED:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name]())
        elif name in _STORES:
            self._memo[int(argument)] = self._stack[-1]
        elif name in _LOADS:
            self._stack.append(self._memo[int(argument)])
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        elif name != "PROTO":
            raise PickleError(f"It uses the opcode {name}, which no state dict needs.")

    def _pop(self, count: int) -> list[Plain]:
        if len(self._stack) < count:
            raise PickleError("It takes from an empty stack.")
        taken = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        if any(value is _MARK for value in taken):
            raise PickleError("It takes a mark for a value.")
        return taken

    def _pop_to_mark(self) -> list[Plain]:
        place = next((i for i in reversed(range(len(self._stack))) if self._stack[i] is _MARK), None)
        if place is None:
            raise PickleError("It looks for a mark that is not there.")
        taken = self._stack[place + 1 :]
        del self._stack[place:]
        return taken

    def mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def name(self, argument: Any) -> None:
        module, _, attribute = str(argument).partition(" ")
        self._stack.append(Name(module, attribute))

    def tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def tuple1(self, _: Any) -> None:
        self._stack.append(tuple(self._pop(1)))

    def tuple2(self, _: Any) -> None:
        self._stack.append(tuple(self._pop(2)))

    def tuple3(self, _: Any) -> None:
        self._stack.append(tuple(self._pop(3)))

    def append(self, _: Any) -> None:
        (value,) = self._pop(1)
        self._top(list).append(value)

    def appends(self, _: Any) -> None:
        values = self._pop_to_mark()
        self._top(list).extend(values)

    def set_item(self, _: Any) -> None:
        key, value = self._pop(2)
        self._put({key: value} if isinstance(key, str) else None)

    def set_items(self, _: Any) -> None:
        values = self._pop_to_mark()
        keys = values[::2]
        whole = len(values) % 2 == 0 and all(isinstance(key, str) for key in keys)
        self._put(dict(zip(keys, values[1::2], strict=True)) if whole else None)

    def _put(self, items: dict[str, Plain] | None) -> None:
        if items is None:
            raise PickleError("It has a dict whose keys are not texts.")
        self._top(dict).update(items)

    def _top(self, kind: type[Any]) -> Any:
        value = self._stack[-1]
        if type(value) is not kind:
            raise PickleError(f"It fills a {type(value).__name__} as if it were a {kind.__name__}.")
        return value

    def call(self, _: Any) -> None:
        function, arguments = self._pop(2)
        if function == _ORDERED_DICT and arguments == ():
            self._stack.append({})
        elif function == _REBUILD_TENSOR and isinstance(arguments, tuple):
            self._stack.append(_tensor(cast("tuple[Plain, ...]", arguments)))
        else:
            shown = str(function)[:120] if isinstance(function, Name) else "something"
            raise PickleError(f"It wants to call {shown}; nothing in a file is ever called.")

    def persistent(self, _: Any) -> None:
        (identity,) = self._pop(1)
        self._stack.append(_storage(identity))

    def set_state(self, _: Any) -> None:
        """An OrderedDict's attributes: versions of modules, which mean nothing here."""
        self._pop(1)
        self._top(dict)


def _storage(identity: Plain) -> Storage:
    match identity:
        case ("storage", Name(module=module, name=kind), str(key), str(_), int(elements), *_rest) if (
            module == _TYPES_MODULE and elements >= 0
        ):
            return Storage(key, kind, elements)
        case _:
            raise PickleError("It refers to something that is no tensor's storage.")


def _tensor(arguments: tuple[Plain, ...]) -> StridedTensor:
    match arguments[:4]:
        case (Storage() as storage, int(offset), shape, strides) if offset >= 0:
            sizes, steps = _sizes(shape), _sizes(strides)
            if len(sizes) == len(steps):
                return StridedTensor(storage, offset, sizes, steps)
        case _:
            pass
    raise PickleError("It has a tensor whose place, shape or strides make no sense.")


def _sizes(value: Plain) -> tuple[int, ...]:
    sizes = cast("tuple[Plain, ...]", value) if isinstance(value, tuple) else (None,)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise PickleError("It has a tensor whose shape or strides are not numbers.")
    return cast("tuple[int, ...]", sizes)


_PUSHED: Final = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE", "BINFLOAT"}
)
_STORES: Final = frozenset({"BINPUT", "LONG_BINPUT"})
_LOADS: Final = frozenset({"BINGET", "LONG_BINGET"})
_CONSTANTS: Final[Mapping[str, Callable[[], Plain]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
_ACTIONS: Final[Mapping[str, Callable[[_Machine, Any], None]]] = {
    "MARK": _Machine.mark,
    "GLOBAL": _Machine.name,
    "TUPLE": _Machine.tuple,
    "TUPLE1": _Machine.tuple1,
    "TUPLE2": _Machine.tuple2,
    "TUPLE3": _Machine.tuple3,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "REDUCE": _Machine.call,
    "BINPERSID": _Machine.persistent,
    "BUILD": _Machine.set_state,
}
