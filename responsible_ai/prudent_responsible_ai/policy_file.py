"""Reads policies from YAML: names, files, `extends`, and errors that name file, line and the nearest key.

It does not know which checks exist; building the pipeline finds a wrong one, and `located` says where.
"""

from __future__ import annotations

import difflib
import json
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field, ValidationError

from prudent.errors import ConfigurationError
from prudent.types.content import Source
from prudent_responsible_ai.policy import NAME, AuditSettings, Policy, Rule, StreamingMode, Strict
from prudent_responsible_ai.yaml_lines import LinedYaml, Location, read_lined_yaml

DEFAULT_POLICY = "default"
MAX_BYTES = 256 << 10
_LONGEST_CHAIN = 16
_RULE_LISTS = ("rules", "floor")

_NOT_YET = {"streaming": {"async": "the streaming mode 'async' is not available yet; use hold or off"}}


class PolicyFile(Strict):
    """One file: a policy, or the part of one that differs from the policy it extends."""

    name: Annotated[str, Field(pattern=NAME)]
    version: str = "1"
    description: str = ""
    extends: str | None = None
    streaming: StreamingMode | None = None
    budget_ms: Annotated[float, Field(gt=0)] | None = None
    timeout_ms: Annotated[float, Field(gt=0)] | None = None
    degrade: list[str] | None = None
    audit: AuditSettings = AuditSettings()
    rules: dict[Source, list[Rule]] = Field(default_factory=dict[Source, list[Rule]])
    floor: dict[Source, list[Rule]] = Field(default_factory=dict[Source, list[Rule]])
    options: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])
    shadow: str | None = None


def built_in_policies() -> list[str]:
    """Return the names of the policies that come with prudent, sorted."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in _folder().iterdir() if entry.name.endswith(".yaml")
    )


def load_policy(name_or_path: str | Path = DEFAULT_POLICY) -> Policy:
    """Return the policy of a built-in name or of a YAML file, with everything it extends folded in.

    A file's scalars replace those of the policy it extends, `audit` and a check's `options` are merged key by
    key, and the rules of a source replace all rules of that source; rules of a `floor` are only ever added.

    Raises:
        ConfigurationError: no such policy, or the file is wrong; the message says where.
    """
    return _load(name_or_path, Path.cwd(), shadows=True)


def _load(name_or_path: str | Path, base: Path, *, shadows: bool) -> Policy:
    """Load a policy named in a folder; `shadows` False for a shadow, which has none itself."""
    chain, folders = _chain(name_or_path, base)
    shadow = _shadow(chain, folders) if shadows else None
    return _merge(chain, shadow)


def located(error: ConfigurationError, name_or_path: str | Path) -> ConfigurationError:
    """An error of building a policy's pipeline, with the place that it is about where that is known."""
    location: Location = tuple(error.details.get("location", ()))
    chain, _ = _chain(name_or_path, Path.cwd())
    if not location or error.details.get("policy") != chain[0].data["name"]:
        return error  # of a shadow
    if location[0] == "floor":
        found = _in_floors(chain, location)
    else:
        found = next(((one, location) for one in chain if location in one.keys), None)
    if found is None:
        return error
    document, location = found
    return document.error(location, error.details["problem"], hint=error.hint)


def _in_floors(chain: list[LinedYaml], location: Location) -> tuple[LinedYaml, Location] | None:
    """The file that a rule of the floor stands in, and where: floors are added up, the lowest first."""
    section, source, place, *inner = location
    for document in reversed(chain):
        own = len(document.data.get("floor", {}).get(source, ()))
        if int(place) < own:
            return document, (section, source, place, *inner)
        place = int(place) - own
    return None


def _chain(name_or_path: str | Path, base: Path) -> tuple[list[LinedYaml], list[Path]]:
    """The files that a policy is made of, the most derived first, with the folders that they lie in."""
    chain: list[LinedYaml] = []
    folders: list[Path] = []
    seen: list[str] = []
    reference: str | Path | None = name_or_path
    while reference is not None:
        source, text, base = _open(reference, base)
        if source in seen or len(seen) == _LONGEST_CHAIN:
            raise ConfigurationError(
                f"The policy {seen[0]} extends itself: {' -> '.join([*seen, source])}.",
                hint="Remove one 'extends' of the circle.",
            )
        seen.append(source)
        document = read_lined_yaml(source, text)
        _validate(document)
        chain.append(document)
        folders.append(base)
        reference = document.data.get("extends")
    return chain, folders


def _shadow(chain: list[LinedYaml], folders: list[Path]) -> Policy | None:
    """The shadow of the most derived file that names one; its path is relative to that file."""
    for document, folder in zip(chain, folders, strict=True):
        if document.data.get("shadow") is not None:
            return _load(document.data["shadow"], folder, shadows=False)
    return None


def _folder() -> Any:
    return files("prudent_responsible_ai") / "policies"


def _open(reference: str | Path, base: Path) -> tuple[str, str, Path]:
    """Return where the policy is, its text, and the folder that relative paths in it start from."""
    if isinstance(reference, str) and reference in built_in_policies():
        return f"{reference} (built in)", (_folder() / f"{reference}.yaml").read_text(encoding="utf-8"), base
    path = (base / Path(reference).expanduser()).resolve()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"The policy file {path} is over {MAX_BYTES >> 10} KiB.")
        return str(path), path.read_text(encoding="utf-8"), path.parent
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no policy '{reference}'.", hint=_nearest_policy(str(reference))
        ) from None
    except IsADirectoryError:
        raise ConfigurationError(
            f"{path} is a folder.", hint="Name the policy's YAML file, or a policy that is built in."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The policy file {path} cannot be read: {type(error).__name__}.",
            hint="It must be a UTF-8 text file.",
        ) from None


def _nearest_policy(name: str) -> str:
    known = built_in_policies()
    near = difflib.get_close_matches(name, known, 1)
    meant = f"Did you mean '{near[0]}'? " if near else ""
    return f"{meant}Built in are {', '.join(known)}; anything else is the path of a YAML file."


def _validate(document: LinedYaml) -> None:
    for key, refused in _NOT_YET.items():
        value = document.data.get(key)
        if isinstance(value, str) and value in refused:
            raise document.error((key,), refused[value])
    try:
        PolicyFile.model_validate_json(json.dumps(document.data, default=str))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        # A misspelt key is also a missing one; the spelling is what helps.
        first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
        raise document.error(first["loc"], _in_words(first), hint=_hint(first["loc"], first)) from None
    for section in _RULE_LISTS:
        for source, rules in document.data.get(section, {}).items():
            for place, rule in enumerate(rules):
                if rule in rules[:place]:
                    raise document.error((section, source, place), "this rule is given twice")


def _in_words(error: Any) -> str:
    """What is wrong, for people where pydantic's words are for programmers."""
    said: str = error["msg"]
    return _WORDS.get(error["type"], said)


_WORDS = {
    "extra_forbidden": "there is no such key",
    "missing": "it must be there",
    "string_pattern_mismatch": "it has signs that it must not have, or is too long",
}


def _hint(location: tuple[int | str, ...], error: Any) -> str | None:
    if location == ("name",):
        return "A name is of a-z, 0-9, '_', '.' and '-'; 'description' may be in any language."
    of_rules = bool(location) and location[0] in _RULE_LISTS and location[-1] == "[key]"
    if error["type"] == "extra_forbidden" or of_rules:
        known = _known_keys(location)
        near = difflib.get_close_matches(str(_last_key(location)), known, 1)
        return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."
    return None


def _last_key(location: tuple[int | str, ...]) -> int | str:
    return location[-2] if location[-1] == "[key]" else location[-1]


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    if location[0] == "audit":
        return list(AuditSettings.model_fields)
    if location[0] in _RULE_LISTS:
        return list(Source) if location[-1] == "[key]" else list(Rule.model_fields)
    return list(PolicyFile.model_fields)


def _merge(chain: list[LinedYaml], shadow: Policy | None) -> Policy:
    """Fold a chain of files, the most derived first, into one policy."""
    merged: dict[str, Any] = {"version": "1"}
    floor: dict[str, list[Any]] = {}
    for document in reversed(chain):
        unfolded = ("extends", "shadow")
        data = {
            key: value for key, value in document.data.items() if key not in unfolded and value is not None
        }
        for key in ("audit", "rules"):
            below = cast("dict[str, Any]", merged.get(key, {}))
            merged[key] = {**below, **cast("dict[str, Any]", data.pop(key, {}))}
        options: dict[str, dict[str, Any]] = data.pop("options", {})
        below = cast("dict[str, dict[str, Any]]", merged.get("options", {}))
        merged["options"] = below | {name: {**below.get(name, {}), **each} for name, each in options.items()}
        for source, rules in cast("dict[str, list[Any]]", data.pop("floor", {})).items():
            floor[source] = [*floor.get(source, []), *rules]
        merged.update(data)
    try:
        policy = Policy.model_validate_json(json.dumps({**merged, "floor": floor}, default=str))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise chain[0].error(first["loc"], _in_words(first), hint=_hint(first["loc"], first)) from None
    return policy.model_copy(update={"shadow": shadow})


__all__ = ["DEFAULT_POLICY", "PolicyFile", "built_in_policies", "load_policy", "located"]
