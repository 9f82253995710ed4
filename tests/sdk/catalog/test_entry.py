"""What an entry may say: nothing that could lead out of the cache."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from prudent.catalog.catalog import shipped_entries
from prudent.catalog.entry import FileEntry, ModelEntry


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "a\\b", "a\0b", ".staging"])
def test_a_file_name_is_one_component(name):
    with pytest.raises(ValidationError):
        FileEntry(name=name, sha256="0" * 64, bytes=1)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a//b", "a/../b", "a\\b"])
def test_a_hub_path_stays_inside_the_repository(path):
    with pytest.raises(ValidationError):
        FileEntry(name="a", sha256="0" * 64, bytes=1, hub_path=path)


@pytest.mark.parametrize("id", ["", "..", ".a", "a.", "A", "a/b", "a b", "a" * 65, "-a"])
def test_an_id_is_safe_as_a_folder(id):
    with pytest.raises(ValidationError):
        ModelEntry.model_validate({**shipped_entries()[-1].model_dump(), "id": id})


def test_a_part_of_a_wheel_that_is_not_listed_is_refused():
    with pytest.raises(ValidationError, match="differ"):
        ModelEntry.model_validate({**shipped_entries()[-1].model_dump(), "wheels": {}})


def test_a_file_on_no_channel_is_refused():
    entry = shipped_entries()[-1].model_dump()
    file = {**entry["files"][0], "mirror": []}
    with pytest.raises(ValidationError, match="no channel"):
        ModelEntry.model_validate({**entry, "wheels": {}, "files": [file]})


def test_an_entry_survives_json():
    for entry in shipped_entries():
        assert ModelEntry.model_validate_json(entry.model_dump_json()) == entry
