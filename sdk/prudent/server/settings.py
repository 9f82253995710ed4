"""Everything that can be set about a server: one name for each setting, as keyword, flag and environment.

`max_body_bytes` is `--max-body-bytes` and PRUDENT_MAX_BODY_BYTES. This module knows no framework.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from prudent.errors import ConfigurationError

ENVIRONMENT_PREFIX = "PRUDENT_"
DEFAULT_MODEL = "qwen2.5-coder-0.5b-instruct"
_ENGINE = (
    "slots",
    "context",
    "threads",
    "prefill_budget",
    "prefix_cache_bytes",
    "prompt_lookup",
    "max_queue",
    "max_queued_tokens",
)


class Settings(BaseModel):
    """Settings of one server. Times are in seconds.

    `pull` lets a request bring a model that is not on this machine; the default model may always be
    brought. `preload` loads the default model at the start rather than at the first request. `policy_floor`
    is a policy that `policy`, whoever names that, can only make sterner. Those from `slots` to
    `max_queued_tokens` are the engine's, by the names of `EngineOptions`; None leaves them to it. Idle models
    stay in memory up to `memory_budget` bytes of weights, the longest unused are freed first; those in `pin`
    are loaded at the start and stay. `allowed_hosts` are names, beside this machine's addresses, that the
    Host header may have ("*" for any). `allow_remote` lets a server without a key listen beyond loopback.
    `write_timeout` is how long a client may read nothing of a stream; `drain_timeout` how long running
    answers may take to end after a stop. `max_upload_bytes` and `upload_timeout` are for bodies that are
    forms with a file, `max_audio_seconds` for the sound in them and in a live stream, and `max_live` is how
    many live streams there may be at once. `image_urls` lets images be fetched from public http(s) URLs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model: str = Field(default=DEFAULT_MODEL, min_length=1)
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8080, ge=0, le=65535)
    api_keys: tuple[SecretStr, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    allow_remote: bool = False
    pull: bool = False
    preload: bool = True
    policy: str = "default"
    policy_floor: str | None = None
    audit_path: Path | None = None
    slots: int | None = Field(default=None, ge=1)
    context: int | None = Field(default=None, ge=16)
    threads: int | None = Field(default=None, ge=1)
    prefill_budget: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    prefix_cache_bytes: int | None = Field(default=None, ge=0)
    prompt_lookup: bool | None = None
    max_queue: int | None = Field(default=None, ge=1)
    max_queued_tokens: int | None = Field(default=None, ge=1)
    memory_budget: int = Field(default=2 * 2**30, ge=0)
    pin: tuple[str, ...] = ()
    max_body_bytes: int = Field(default=16 * 2**20, ge=1024)
    body_timeout: float = Field(default=30.0, gt=0)
    max_upload_bytes: int = Field(default=200 * 2**20, ge=1024)
    upload_timeout: float = Field(default=600.0, gt=0)
    image_urls: bool = False
    max_audio_seconds: float = Field(default=4 * 3600.0, gt=0, allow_inf_nan=False)
    max_live: int = Field(default=8, ge=0)
    write_timeout: float = Field(default=30.0, gt=0)
    drain_timeout: float = Field(default=10.0, ge=0)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Self:
        """Read settings from the environment; what is given (and not None) comes first.

        Raises:
            ConfigurationError: a value is wrong; the message names the setting and never shows the value.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for name, field in cls.model_fields.items():
            text = environ.get(ENVIRONMENT_PREFIX + name.upper())
            if text:
                listed = str(field.annotation).startswith("tuple")
                values[name] = _listed(text) if listed else text
        values.update({name: value for name, value in given.items() if value is not None})
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0]) if first["loc"] else "settings"
            raise ConfigurationError(
                f"The setting {name} is wrong: {first['msg']}.",
                hint=f"It is given as an option or as {ENVIRONMENT_PREFIX}{name.upper()}.",
                param=name,
            ) from None

    @property
    def engine(self) -> dict[str, Any]:
        """What was set of the engine, by the names of `EngineOptions`."""
        return self.model_dump(include=set(_ENGINE), exclude_none=True)

    def check_binding(self) -> None:
        """Refuse to listen beyond this machine with nothing to keep strangers out.

        Raises:
            ConfigurationError: the host is not loopback, there is no key, and nobody said to allow it.
        """
        if is_loopback(self.host) or self.api_keys or self.allow_remote:
            return
        raise ConfigurationError(
            f"A server on {self.host} would answer anybody who can reach this machine.",
            hint="Give it a key (--api-key-file or PRUDENT_API_KEYS), or say --allow-remote.",
            param="host",
        )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def is_loopback(host: str) -> bool:
    """Whether the name or address stays on this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
