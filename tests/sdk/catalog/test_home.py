"""Where the cache is, and what counts as offline."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from prudent.catalog.home import home, offline


def test_prudent_home_moves_everything(monkeypatch, tmp_path):
    monkeypatch.setenv("PRUDENT_HOME", str(tmp_path / "x"))
    assert home() == tmp_path / "x"


def test_a_tilde_and_a_relative_path_become_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PRUDENT_HOME", "~/models")
    assert home() == tmp_path / "models"
    monkeypatch.setenv("PRUDENT_HOME", "models")
    assert home() == Path.cwd() / "models"


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG folders are Linux's")
def test_else_the_platforms_cache_folder_is_used(monkeypatch, tmp_path):
    monkeypatch.delenv("PRUDENT_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert home() == tmp_path / ".cache" / "prudent"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert home() == tmp_path / "xdg" / "prudent"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert home() == tmp_path / ".cache" / "prudent"


@pytest.mark.parametrize(
    ("value", "said"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("", False)]
)
def test_offline_is_said_by_the_environment(monkeypatch, value, said):
    monkeypatch.setenv("PRUDENT_OFFLINE", value)
    assert offline() is said
