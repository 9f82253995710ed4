"""State dicts of the old PyTorch format: values and strides as written, and nothing in a file ever runs."""

from __future__ import annotations

import os
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.compiler.readers import open_weights
from prudent.errors import ModelFileError, PrudentError, UnsupportedModelError

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


@dataclass(frozen=True)
class Global:
    """A name, pickled as such."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """A call, pickled as REDUCE."""

    function: Global
    arguments: tuple


@dataclass(frozen=True)
class Stored:
    """A reference to a storage."""

    key: str
    kind: str
    size: int


FLOATS = "FloatStorage"


def opcodes(value) -> bytes:
    """The opcodes that PyTorch's own pickler would write."""
    match value:
        case bool():
            return pickle.NEWTRUE if value else pickle.NEWFALSE
        case None:
            return pickle.NONE
        case int() if value < 2**31:
            return pickle.BININT + struct.pack("<i", value)
        case int():
            data = value.to_bytes(10, "little")
            return pickle.LONG1 + bytes([len(data)]) + data
        case str():
            data = value.encode()
            return pickle.BINUNICODE + struct.pack("<I", len(data)) + data
        case tuple():
            return pickle.MARK + b"".join(map(opcodes, value)) + pickle.TUPLE
        case list():
            return pickle.EMPTY_LIST + pickle.MARK + b"".join(map(opcodes, value)) + pickle.APPENDS
        case dict():
            items = b"".join(opcodes(key) + opcodes(item) for key, item in value.items())
            return pickle.EMPTY_DICT + pickle.MARK + items + pickle.SETITEMS
        case Global():
            return pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode()
        case Call():
            return opcodes(value.function) + opcodes(value.arguments) + pickle.REDUCE
        case Stored():
            identity = ("storage", Global("torch", value.kind), value.key, "cpu", value.size, None)
            return opcodes(identity) + pickle.BINPERSID
    raise AssertionError(value)


def pickled(value) -> bytes:
    return pickle.PROTO + b"\x02" + opcodes(value) + pickle.STOP


def tensor(storage: Stored, offset: int, shape: tuple, strides: tuple) -> Call:
    arguments = (storage, offset, shape, strides, False, Call(Global("collections", "OrderedDict"), ()))
    return Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments)


def state_dict(tensors: dict, storages: dict[str, np.ndarray], *, info: dict | None = None) -> bytes:
    sizes = info or {"protocol_version": PROTOCOL, "little_endian": True}
    head = b"".join(map(pickled, (MAGIC, PROTOCOL, sizes, tensors, list(storages))))
    data = [struct.pack("<q", values.size) + values.tobytes() for values in storages.values()]
    return head + b"".join(data)


@pytest.fixture
def write(tmp_path: Path):
    def write(content: bytes) -> Path:
        path = tmp_path / "weights.pth"
        path.write_bytes(content)
        return path

    return write


NUMBERS = np.arange(24, dtype="<f4")
STORAGE = Stored("7", FLOATS, 24)


def test_strides_and_offsets_are_honoured(write):
    path = write(
        state_dict(
            {
                "plain": tensor(STORAGE, 0, (4, 6), (6, 1)),
                "turned": tensor(STORAGE, 0, (6, 4), (1, 6)),
                "channels_last": tensor(STORAGE, 0, (2, 3, 2, 2), (12, 1, 6, 3)),
                "part": tensor(STORAGE, 5, (2, 2), (6, 2)),
                "scalar": tensor(STORAGE, 3, (), ()),
            },
            {"7": NUMBERS},
        )
    )
    weights = open_weights(path)
    np.testing.assert_array_equal(weights.read("plain"), NUMBERS.reshape(4, 6))
    np.testing.assert_array_equal(weights.read("turned"), NUMBERS.reshape(4, 6).T)
    np.testing.assert_array_equal(
        weights.read("channels_last"), NUMBERS.reshape(2, 2, 2, 3).transpose(0, 3, 1, 2)
    )
    np.testing.assert_array_equal(weights.read("part"), [[5, 7], [11, 13]])
    np.testing.assert_array_equal(weights.read("plain", 1, 3), NUMBERS.reshape(4, 6)[1:3])
    assert weights.read("turned").flags.c_contiguous
    assert weights.read("scalar") == 3
    assert weights.tensors["channels_last"].shape == (2, 3, 2, 2)
    weights.close()


def test_several_storages_of_several_types(write):
    halves, counts = np.arange(3, dtype="<f2"), np.array([41], dtype="<i8")
    tensors = {
        "half": tensor(Stored("b", "HalfStorage", 3), 0, (3,), (1,)),
        "count": tensor(Stored("a", "LongStorage", 1), 0, (), ()),
    }
    weights = open_weights(write(state_dict(tensors, {"a": counts, "b": halves})))
    np.testing.assert_array_equal(weights.read("half"), [0, 1, 2])
    assert weights.read("count") == 41
    weights.close()


class Attack:
    """What a malicious file does when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self):
        return os.mkdir, (str(self._target),)


def malicious(target: Path) -> dict[str, bytes]:
    """Files that would make a folder if anything in them ran."""
    attack = Attack(target)
    call = Call(Global("os", "mkdir"), (str(target),))
    head = b"".join(map(pickled, (MAGIC, PROTOCOL, {"little_endian": True})))
    as_instance = (
        pickle.PROTO + b"\x02" + pickle.MARK + opcodes(str(target)) + b"i" + b"os\nmkdir\n" + pickle.STOP
    )
    new_object = (
        pickle.PROTO
        + b"\x02"
        + opcodes(Global("os", "mkdir"))
        + opcodes((str(target),))
        + pickle.NEWOBJ
        + pickle.STOP
    )
    return {
        "in the first pickle": pickled(MAGIC)[:-1] + pickle.POP + opcodes(call) + pickle.STOP,
        "for a state dict": head + pickled(call),
        "for a tensor": head + pickled({"weight": call}),
        "as an argument": head + pickled({"w": tensor(STORAGE, 0, (call,), (1,))}),
        "as the call's own hooks": head
        + pickled({"w": Call(Global("torch._utils", "_rebuild_tensor_v2"), (call,))}),
        "by the real pickler": head + pickle.dumps({"weight": attack}, protocol=2),
        "by the newest protocol": head + pickle.dumps({"weight": attack}, protocol=5),
        "by INST": head + as_instance,
        "by NEWOBJ": head + new_object,
        "by a class of torch": head + pickled({"w": Call(Global("torch", "load"), (str(target),))}),
        "by getattr": head
        + pickled({"w": Call(Global("builtins", "getattr"), (Global("os", "system"), "x"))}),
    }


@pytest.mark.parametrize("how", list(malicious(Path("unused"))))
def test_nothing_in_a_malicious_file_runs(how, write, tmp_path):
    target = tmp_path / "made-by-the-attack"
    with pytest.raises(ModelFileError, match=r"(?i)cannot be read safely|state dict|no weight file"):
        open_weights(write(malicious(target)[how]))
    assert not target.exists()


def test_the_attack_is_a_real_one(tmp_path):
    """The counterpart: what the reader refuses does run when Python unpickles it."""
    target = tmp_path / "made-by-the-attack"
    pickle.loads(pickle.dumps(Attack(target), protocol=2))
    assert target.exists()


@pytest.mark.parametrize(
    ("tensors", "storages"),
    [
        ({"w": tensor(STORAGE, 0, (5, 6), (6, 1))}, {"7": NUMBERS}),
        ({"w": tensor(STORAGE, 20, (2, 4), (4, 1))}, {"7": NUMBERS}),
        ({"w": tensor(STORAGE, -1, (2,), (1,))}, {"7": NUMBERS}),
        ({"w": tensor(STORAGE, 23, (2,), (-1,))}, {"7": NUMBERS}),
        ({"w": tensor(STORAGE, 0, (2**20, 2**20), (0, 0))}, {"7": NUMBERS}),
        ({"w": tensor(STORAGE, 0, (2, 2), (1,))}, {"7": NUMBERS}),
        ({"w": tensor(Stored("7", FLOATS, 25), 0, (2,), (1,))}, {"7": NUMBERS}),
        ({"w": tensor(Stored("8", FLOATS, 24), 0, (2,), (1,))}, {"7": NUMBERS}),
        ({"w": tensor(STORAGE, 0, (24,), (1,))}, {"7": np.full(24, np.inf, "<f4")}),
    ],
    ids=[
        "shape",
        "offset",
        "negative offset",
        "negative stride",
        "stride 0",
        "ranks",
        "size",
        "key",
        "infinite",
    ],
)
def test_tensors_that_lie_about_their_place_are_refused(tensors, storages, write):
    with pytest.raises(ModelFileError):
        open_weights(write(state_dict(tensors, storages))).read("w")


def test_other_numbers_and_byte_orders_are_told(write):
    complex_numbers = {"w": tensor(Stored("7", "ComplexFloatStorage", 24), 0, (2,), (1,))}
    with pytest.raises(UnsupportedModelError, match="ComplexFloatStorage"):
        open_weights(write(state_dict(complex_numbers, {"7": NUMBERS})))
    big = state_dict({"w": tensor(STORAGE, 0, (2,), (1,))}, {"7": NUMBERS}, info={"little_endian": False})
    with pytest.raises(ModelFileError, match="little-endian"):
        open_weights(write(big))


WHOLE = state_dict({"w": tensor(STORAGE, 0, (4, 6), (6, 1))}, {"7": NUMBERS})


def test_every_shorter_file_is_refused(write):
    for size in range(4, len(WHOLE)):
        with pytest.raises(ModelFileError):
            open_weights(write(WHOLE[:size]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(4, len(WHOLE) - 1), st.binary(min_size=1, max_size=4)), max_size=4)
)
def test_a_damaged_file_is_an_error_or_sound(changes, write):
    content = bytearray(WHOLE)
    for place, data in changes:
        content[place : place + len(data)] = data
    try:
        weights = open_weights(write(bytes(content)))
        for name, info in weights.tensors.items():
            assert weights.read(name).shape == info.shape
        weights.close()
    except PrudentError:
        pass
