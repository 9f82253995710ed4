"""What stands beside the weights of a Hugging Face encoder, as metadata: config.json and tokenizer.json.

Keys get the names that all readers use. What would change the arithmetic or the ids and is not understood
is refused. It knows no tensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from prudent.compiler.readers.weights import MetadataValue
from prudent.errors import ModelFileError, UnsupportedModelError

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"

_MAX_BYTES = 1 << 25
_Size: TypeAlias = Annotated[int, Field(ge=1, le=1 << 24)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _BertConfig(_Part):
    """The keys that count, and below them those that do not for a model that is not trained any more."""

    model_type: Literal["bert"]
    hidden_act: Literal["gelu"]
    hidden_size: _Size
    intermediate_size: _Size
    layer_norm_eps: float
    max_position_embeddings: _Size
    num_attention_heads: _Size
    num_hidden_layers: _Size
    type_vocab_size: _Size
    vocab_size: _Size
    position_embedding_type: Literal["absolute"] = "absolute"
    architectures: Any = None
    attention_probs_dropout_prob: Any = None
    classifier_dropout: Any = None
    gradient_checkpointing: Any = None
    hidden_dropout_prob: Any = None
    initializer_range: Any = None
    name: Any = Field(None, alias="_name_or_path")
    pad_token_id: Any = None
    torch_dtype: Any = None
    transformers_version: Any = None
    use_cache: Any = None

    def metadata(self) -> dict[str, MetadataValue]:
        """Under the names of GGUF, as far as it has names for them."""
        return {
            "general.architecture": self.model_type,
            "bert.embedding_length": self.hidden_size,
            "bert.block_count": self.num_hidden_layers,
            "bert.attention.head_count": self.num_attention_heads,
            "bert.feed_forward_length": self.intermediate_size,
            "bert.vocab_size": self.vocab_size,
            "bert.context_length": self.max_position_embeddings,
            "bert.token_type_count": self.type_vocab_size,
            "bert.attention.layer_norm_epsilon": self.layer_norm_eps,
        }


class _Normalizer(_Part):
    type: Literal["BertNormalizer"]
    clean_text: bool
    handle_chinese_chars: bool
    strip_accents: bool | None
    lowercase: bool


class _PreTokenizer(_Part):
    type: Literal["BertPreTokenizer"]


class _Special(_Part):
    id: str
    type_id: Literal[0]


class _Sequence(_Part):
    id: Literal["A"]
    type_id: Literal[0]


class _SpecialStep(_Part):
    special: _Special = Field(alias="SpecialToken")


class _SequenceStep(_Part):
    sequence: _Sequence = Field(alias="Sequence")


class _PostProcessor(_Part):
    """Beginning, text, end; pairs of texts are never made."""

    type: Literal["TemplateProcessing"]
    single: tuple[_SpecialStep, _SequenceStep, _SpecialStep]
    pair: Any = None
    special_tokens: Any = None


class _WordPiece(_Part):
    type: Literal["WordPiece"]
    unk_token: str
    continuing_subword_prefix: str
    max_input_chars_per_word: Annotated[int, Field(ge=1, le=1000)]
    vocab: Annotated[dict[str, Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=1 << 24)]


class _Padding(BaseModel):
    pad_token: str


class _Tokenizer(_Part):
    """Truncation is not read: nothing is ever cut."""

    version: str
    truncation: Any = None
    padding: _Padding
    added_tokens: Any = None
    normalizer: _Normalizer
    pre_tokenizer: _PreTokenizer
    post_processor: _PostProcessor
    decoder: Any = None
    model: _WordPiece

    def metadata(self) -> dict[str, MetadataValue]:
        """Under `tokenizer.wordpiece.`; see prudent.tokenizer.wordpiece_spec."""
        ids = self.model.vocab
        if set(ids.values()) != set(range(len(ids))):
            raise ModelFileError(f"{TOKENIZER}: the pieces' ids are not 0 to {len(ids) - 1}.", hint=_AGAIN)
        first, _, last = self.post_processor.single
        roles = {
            "bos_id": first.special.id,
            "eos_id": last.special.id,
            "padding_id": self.padding.pad_token,
            "unknown_id": self.model.unk_token,
        }
        missing = [token for token in roles.values() if token not in ids]
        if missing:
            raise ModelFileError(f"{TOKENIZER}: {missing[0][:40]!r} is none of the pieces.", hint=_AGAIN)
        values: dict[str, MetadataValue] = {
            "pieces": sorted(ids, key=lambda piece: ids[piece]),
            **{role: ids[token] for role, token in roles.items()},
            "continuation": self.model.continuing_subword_prefix,
            "longest_word": self.model.max_input_chars_per_word,
            "clean_text": self.normalizer.clean_text,
            "split_chinese": self.normalizer.handle_chinese_chars,
            "lowercase": self.normalizer.lowercase,
            "strip_accents": self._strips_accents,
        }
        return {f"tokenizer.wordpiece.{key}": value for key, value in values.items()}

    @property
    def _strips_accents(self) -> bool:
        """Where the file does not say, whatever is made lower case loses its accents too."""
        stated = self.normalizer.strip_accents
        return self.normalizer.lowercase if stated is None else stated


_AGAIN = "Fetch the file again."


def folder_metadata(folder: Path) -> dict[str, MetadataValue]:
    """Dimensions and tokenizer of the model whose files lie in `folder`.

    Raises:
        ModelFileError: a file is missing, damaged or too large.
        UnsupportedModelError: a file says what prudent does not understand.
    """
    config = _read(folder / CONFIG, TypeAdapter(_BertConfig))
    return config.metadata() | _read(folder / TOKENIZER, TypeAdapter(_Tokenizer)).metadata()


def _read(path: Path, kind: TypeAdapter[Any]) -> Any:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelFileError(f"{path.name} is larger than any that prudent reads.")
        return kind.validate_json(path.read_bytes())
    except OSError as error:
        raise ModelFileError(f"{path.name} cannot be read: {error.strerror}.", hint=_AGAIN) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise ModelFileError(f"{path.name} is damaged: {first['msg'][:80]}.", hint=_AGAIN) from error
        where = ".".join(map(str, first["loc"]))[:80]
        raise UnsupportedModelError(
            f"{path.name}: prudent does not understand {where}: {first['msg'][:80]}.",
            hint="Encoders of the BERT family with a WordPiece tokenizer are read.",
        ) from error
