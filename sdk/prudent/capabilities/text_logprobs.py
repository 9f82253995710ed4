"""The engine's log-probabilities in the shape of the older API: four lists, with places in the text."""

from __future__ import annotations

from collections.abc import Sequence

from prudent.generation.request import TokenLogprob
from prudent.tokenizer import Tokenizer
from prudent.types.completions import CompletionLogprobs


class TextLogprobs:
    """The log-probabilities of one text, token by token in its order. Places count in the text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = tokenizer.incremental()
        self._at = 0

    def echo(
        self, text: str, tokens: Sequence[int], entries: Sequence[TokenLogprob | None]
    ) -> CompletionLogprobs:
        """Those of an echoed prompt; the answer's follow its `text`. The first token has none."""
        logprobs = self._lists(tokens, entries) if entries else CompletionLogprobs()
        self._decoder = self._tokenizer.incremental()
        self._at = len(text)
        return logprobs

    def add(self, entries: Sequence[TokenLogprob]) -> CompletionLogprobs:
        """Those of the answer's next tokens."""
        return self._lists([entry.token for entry in entries], entries)

    def _lists(self, tokens: Sequence[int], entries: Sequence[TokenLogprob | None]) -> CompletionLogprobs:
        offsets: list[int] = []
        for token in tokens:
            offsets.append(self._at)
            self._at += len(self._decoder.push(token))
        return CompletionLogprobs(
            tokens=[self._text(token) for token in tokens],
            token_logprobs=[None if entry is None else entry.logprob for entry in entries],
            top_logprobs=[None if entry is None else self._alternatives(entry) for entry in entries],
            text_offset=offsets,
        )

    def _alternatives(self, entry: TokenLogprob) -> dict[str, float]:
        """The likeliest first; the token that was taken is among them."""
        alternatives = {self._text(token): logprob for token, logprob in entry.top}
        alternatives.setdefault(self._text(entry.token), entry.logprob)
        return alternatives

    def _text(self, token: int) -> str:
        raw = self._tokenizer.token_bytes(token)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)
