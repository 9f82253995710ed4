"""The small files beside Whisper's weights: which ids play which part, and the vocabulary. Knows no weights.

config.json states ids that are never written, the languages' ids and the alignment heads; tokenizer.json is
the `tokenizers` library's file of a byte-level BPE.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prudent.errors import ModelFileError
from prudent.runtime.transcriber_artifact import SpecialTokens
from prudent.tokenizer.spec import TokenizerSpec, TokenType

MAX_BYTES = 1 << 25
"""The multilingual tokenizer.json has 2.2 MB."""

TIME_TOKENS = 1501
"""0.00 to 30.00 s in steps of 0.02 s."""

_PRE_TOKENIZER = "gpt-2"
_TimeOrId = Annotated[int, Field(ge=0, le=1 << 20)]


FileT = TypeVar("FileT", bound=BaseModel)


class WhisperFile(BaseModel):
    """config.json as faster-whisper's converter writes it."""

    model_config = ConfigDict(frozen=True)

    alignment_heads: list[tuple[_TimeOrId, _TimeOrId]] = Field(min_length=1, max_length=1 << 10)
    suppress_ids: list[_TimeOrId] = Field(max_length=1 << 12)
    suppress_ids_begin: list[_TimeOrId] = Field(max_length=1 << 12)


class _AddedToken(BaseModel):
    id: _TimeOrId
    content: str = Field(min_length=1, max_length=200)


class _Bpe(BaseModel):
    type: str
    vocab: dict[str, _TimeOrId] = Field(max_length=1 << 20)
    merges: list[str] = Field(max_length=1 << 20)


class _TokenizerFile(BaseModel):
    added_tokens: list[_AddedToken] = Field(max_length=1 << 14)
    model: _Bpe


def read_whisper_file(path: Path) -> WhisperFile:
    """Read config.json.

    Raises:
        ModelFileError: it is missing or not what it should be.
    """
    return _read(path, WhisperFile)


def read_tokenizer(path: Path, vocab_size: int) -> tuple[TokenizerSpec, SpecialTokens, dict[str, int]]:
    """Read tokenizer.json: the vocabulary, the ids that play a part, and each language's id by its code.

    Raises:
        ModelFileError: the file is missing or damaged, or does not suit a model of `vocab_size` ids.
        UnsupportedModelError: its merges cannot be followed by rank.
    """
    file = _read(path, _TokenizerFile)
    added = {token.content: token.id for token in file.added_tokens}
    special = _special(added, vocab_size, path)
    tokens: list[str | None] = [None] * vocab_size
    types = [int(TokenType.NORMAL)] * vocab_size
    for text, id in file.model.vocab.items():
        _put(tokens, id, text, path)
    for text, id in added.items():
        _put(tokens, id, text, path)
        types[id] = TokenType.CONTROL
    for id in range(special.first_time, vocab_size):
        _put(tokens, id, f"<|{(id - special.first_time) * 0.02:.2f}|>", path)
        types[id] = TokenType.CONTROL
    for id, text in enumerate(tokens):
        if not text:
            tokens[id], types[id] = f"<|unused {id}|>", int(TokenType.UNUSED)
    spec = TokenizerSpec.from_metadata(_metadata(tokens, types, file.model, special))
    return spec, special, _languages(added, special)


def _read(path: Path, kind: type[FileT]) -> FileT:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelFileError(f"{path.name} is too large for what it should be.", hint=_AGAIN)
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelFileError(f"{path.name} cannot be read: {error.strerror}.", hint=_AGAIN) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise ModelFileError(f"{path.name} is wrong at {where}: {first['msg']}.", hint=_AGAIN) from error


def _special(added: Mapping[str, int], vocab_size: int, path: Path) -> SpecialTokens:
    try:
        special = SpecialTokens(
            end=added["<|endoftext|>"],
            start=added["<|startoftranscript|>"],
            translate=added["<|translate|>"],
            transcribe=added["<|transcribe|>"],
            previous=added["<|startofprev|>"],
            no_speech=added["<|nocaptions|>"],
            no_times=added["<|notimestamps|>"],
            first_time=added["<|notimestamps|>"] + 1,
        )
    except KeyError as error:
        raise ModelFileError(f"{path.name} lacks the token {error.args[0]}.", hint=_AGAIN) from error
    if special.first_time + TIME_TOKENS != vocab_size or special.end >= special.start:
        raise ModelFileError(f"{path.name} does not suit a model of {vocab_size:,} tokens.", hint=_AGAIN)
    return special


def _languages(added: Mapping[str, int], special: SpecialTokens) -> dict[str, int]:
    """Tokens such as <|en|> stand between the start and the tasks."""
    between = {id: text for text, id in added.items() if special.start < id < special.translate}
    return {text.removeprefix("<|").removesuffix("|>"): id for id, text in sorted(between.items())}


def _put(tokens: list[str | None], id: int, text: str, path: Path) -> None:
    if not 0 <= id < len(tokens) or tokens[id] not in (None, text):
        raise ModelFileError(f"{path.name} gives the id {id} to {text[:40]!r}.", hint=_AGAIN)
    tokens[id] = text


def _metadata(
    tokens: list[str | None], types: list[int], model: _Bpe, special: SpecialTokens
) -> dict[str, Any]:
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": _PRE_TOKENIZER,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": model.merges,
        "tokenizer.ggml.eos_token_id": special.end,
    }


_AGAIN = "Fetch the model again."
