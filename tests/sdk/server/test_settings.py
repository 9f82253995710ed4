"""Settings: one name each, errors that name it and never show a value that may be secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from prudent.errors import ConfigurationError
from prudent.generation.options import EngineOptions
from prudent.server.settings import Settings


def test_the_environment_is_read() -> None:
    settings = Settings.from_env(
        {
            "PRUDENT_PORT": "9",
            "PRUDENT_API_KEYS": "a, b,",
            "PRUDENT_PULL": "true",
            "PRUDENT_AUDIT_PATH": "/x",
            "PRUDENT_HOST": "",
        }
    )
    assert (settings.port, settings.pull, settings.audit_path) == (9, True, Path("/x"))
    assert [key.get_secret_value() for key in settings.api_keys] == ["a", "b"]
    assert settings.host == "127.0.0.1"


def test_what_is_given_comes_before_the_environment() -> None:
    assert Settings.from_env({"PRUDENT_PORT": "9"}, port=10, host=None).port == 10


def test_a_wrong_value_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env({"PRUDENT_PORT": "secret"})
    assert caught.value.param == "port"
    assert "PRUDENT_PORT" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_unknown_setting_is_an_error() -> None:
    with pytest.raises(ConfigurationError):
        Settings.from_env({}, prot=1)


def test_keys_are_not_in_the_repr() -> None:
    assert "sesame" not in repr(Settings.from_env({"PRUDENT_API_KEYS": "sesame"}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_loopback_needs_no_key(host: str) -> None:
    Settings(host=host).check_binding()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com"])
def test_beyond_loopback_a_key_or_a_word_is_needed(host: str) -> None:
    with pytest.raises(ConfigurationError):
        Settings(host=host).check_binding()
    Settings(host=host, allow_remote=True).check_binding()
    Settings.from_env({}, host=host, api_keys=("k",)).check_binding()


def test_what_is_set_of_the_engine_reaches_it_by_its_own_names() -> None:
    settings = Settings.from_env({"PRUDENT_PREFIX_CACHE_BYTES": "0", "PRUDENT_SLOTS": "3"}, max_queue=5)
    assert settings.engine == {"slots": 3, "prefix_cache_bytes": 0, "max_queue": 5}
    assert EngineOptions(**settings.engine).prefix_cache_bytes == 0
