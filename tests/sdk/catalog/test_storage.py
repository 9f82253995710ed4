"""Locks, renames and removals in the cache."""

from __future__ import annotations

import threading
import time

import pytest

from prudent.catalog.lock import locked
from prudent.catalog.storage import remove_folder, require_room, write_text
from prudent.errors import StorageError


def test_one_at_a_time_and_who_waits_is_told(tmp_path):
    inside: list[str] = []
    waited: list[bool] = []
    entered = threading.Event()

    def first() -> None:
        with locked(tmp_path / "x.lock"):
            entered.set()
            inside.append("first in")
            time.sleep(0.3)
            inside.append("first out")

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(10)
    with locked(tmp_path / "x.lock", lambda: waited.append(True)) as had_to_wait:
        inside.append("second in")
    thread.join()
    assert inside == ["first in", "first out", "second in"]
    assert had_to_wait
    assert waited == [True]


def test_a_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "x.lock"):
        raise ZeroDivisionError
    with locked(tmp_path / "x.lock") as had_to_wait:
        assert not had_to_wait


def test_room_is_stated_in_sizes_that_people_read(tmp_path):
    with pytest.raises(StorageError, match=r"1\.20 GB are needed in .* and 5\.0 MB are free"):
        require_room(tmp_path, 1_200_000_000, 5_000_000)


def test_a_text_is_replaced_in_one_step_and_leaves_no_temporary(tmp_path):
    write_text(tmp_path / "a.json", "one")
    write_text(tmp_path / "a.json", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "two"


def test_a_folder_is_removed_with_its_size_told(tmp_path):
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a").write_bytes(bytes(10))
    assert remove_folder(folder) == 10
    assert list(tmp_path.iterdir()) == []
    assert remove_folder(folder) == 0
