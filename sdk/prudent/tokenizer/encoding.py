"""Text to token ids and back, exactly as the model was trained.

Knows the vocabulary and tiktoken; no file format, no template. Text keeps its own bytes: no Unicode
normalisation is applied. (Qwen's Python tokenizer puts text into form NFC first, llama.cpp does not; for text
that is in NFC already, as nearly all is, the ids are the same.)
"""

from __future__ import annotations

from collections.abc import Iterable

from tiktoken import Encoding

from prudent.errors import InvalidRequestError
from prudent.tokenizer.byte_level import to_bytes
from prudent.tokenizer.incremental import IncrementalDecoder
from prudent.tokenizer.pre_tokenizers import PRE_TOKENIZERS
from prudent.tokenizer.prompt import Control, RenderedPrompt
from prudent.tokenizer.spec import TokenizerSpec, TokenType

_NORMAL = int(TokenType.NORMAL)
_SILENT = frozenset({int(TokenType.CONTROL), int(TokenType.UNKNOWN), int(TokenType.UNUSED)})


class Tokenizer:
    """A model's tokenizer. Immutable, and safe to share between threads.

    The ids are those of `tokenizers` and llama.cpp with the same file: tiktoken joins by rank where these
    follow a list of merges, and a spec exists only where both are proven to be the same (see `merges`).

    Ordinary text never becomes a control or user-defined token, whatever it says: their texts are not in the
    table that text is encoded with, and only `encode_prompt` can place them, where a template put them.

    A byte for which the vocabulary has no token (SmolLM2 lacks six control characters and bytes that text
    hardly ever has) is left out of the ids, and what stands around it is not joined: so does llama.cpp, while
    `tokenizers` leaves it out first and joins then.
    """

    def __init__(self, spec: TokenizerSpec) -> None:
        """Build the tables; about 0.25 s for 150,000 tokens."""
        self.spec = spec
        self.vocab_size: int = len(spec.tokens)
        """Number of token ids: 0 to vocab_size - 1."""
        self.stop_ids: frozenset[int] = frozenset(spec.stop_ids)
        """Every token that ends an answer."""
        ordinary, self._bytes = _ordinary_tokens(spec)
        self._silent = frozenset(i for i, kind in enumerate(spec.token_types) if kind in _SILENT)
        self._ids_by_rank = _ids_by_rank(spec, self._bytes, ordinary)
        ranks = self._ranks(ordinary)
        self._drops_bytes = len(ranks) > len(self._ids_by_rank or ordinary)
        self.encoding: Encoding = Encoding(
            f"prudent-{spec.pre}",
            pat_str=PRE_TOKENIZERS[spec.pre].pattern,
            mergeable_ranks=ranks,
            special_tokens=spec.special_tokens if self._ids_by_rank is None else {},
        )
        """The tiktoken encoding. Its ids are the model's where `spec.merge_order` is None."""

    def _ranks(self, ordinary: list[int]) -> dict[bytes, int]:
        if self._ids_by_rank is None:
            ranks = {self._bytes[i]: i for i in ordinary}
        else:
            ranks = {self._bytes[i]: rank for rank, i in enumerate(self._ids_by_rank)}
        # tiktoken panics at a byte without a rank: each gets a number past the end, which `encode` drops.
        free = max(self.vocab_size, len(ranks))
        missing = [raw for raw in map(bytes, zip(range(256), strict=True)) if raw not in ranks]
        return ranks | {raw: free + i for i, raw in enumerate(missing)}

    def encode(self, text: str) -> list[int]:
        """The ids of ordinary text: never a control or user-defined token.

        Lone surrogates, which are not text, count as U+FFFD.
        """
        ids = self.encoding.encode_ordinary(text)
        if self._ids_by_rank is not None:
            order = self._ids_by_rank
            return [order[rank] for rank in ids if rank < len(order)]
        if self._drops_bytes:
            return [token for token in ids if token < self.vocab_size]
        return ids

    def encode_prompt(self, prompt: RenderedPrompt) -> list[int]:
        """The ids of a rendered prompt: its control tokens as they stand, everything between as text.

        Where the model wants a beginning-of-sequence token and the template put none, it is added.
        """
        ids: list[int] = []
        for segment in prompt.segments:
            if isinstance(segment, Control):
                ids.append(segment.id)
            else:
                ids.extend(self.encode(segment))
        bos = self.spec.bos_id
        if self.spec.add_bos and bos is not None and ids[:1] != [bos]:
            ids.insert(0, bos)
        return ids

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token; a control token's are those of its name.

        Raises:
            InvalidRequestError: there is no such token.
        """
        if not 0 <= token < self.vocab_size:
            raise InvalidRequestError(
                f"Token id {token} is not in the vocabulary.",
                hint=f"Ids run from 0 to {self.vocab_size - 1}.",
            )
        return self._bytes[token]

    def visible_bytes(self, token: int) -> bytes:
        """What a token adds to an answer: its bytes, or nothing if it is a control token or unused.

        Raises:
            InvalidRequestError: there is no such token.
        """
        return b"" if token in self._silent else self.token_bytes(token)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids without control tokens; bytes that are not UTF-8 come out as U+FFFD.

        Raises:
            InvalidRequestError: an id is not in the vocabulary.
        """
        return b"".join(map(self.visible_bytes, ids)).decode("utf-8", errors="replace")

    def incremental(self) -> IncrementalDecoder:
        """A decoder for one answer as it is generated."""
        return IncrementalDecoder(self.visible_bytes)


def _ordinary_tokens(spec: TokenizerSpec) -> tuple[list[int], list[bytes]]:
    """Ids of the tokens that text is made of, and the bytes of all tokens."""
    raw = [token.encode() for token in spec.tokens]
    normal = [i for i, kind in enumerate(spec.token_types) if kind == _NORMAL]
    ordinary: list[int] = []
    for i, written in zip(normal, to_bytes([spec.tokens[i] for i in normal]), strict=True):
        if written is not None:
            ordinary.append(i)
            raw[i] = written
    return ordinary, raw


def _ids_by_rank(spec: TokenizerSpec, raw: list[bytes], ordinary: list[int]) -> list[int] | None:
    """Token id of each rank, single bytes first; None where ids serve as ranks."""
    if spec.merge_order is None:
        return None
    return [*(i for i in ordinary if len(raw[i]) == 1), *spec.merge_order]
