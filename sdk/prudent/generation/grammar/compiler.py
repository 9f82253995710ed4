"""Grammars for one model: compiled once, kept while they are used, shared by who asks at the same time.

Knows a model's vocabulary and how much is kept; nothing of what a grammar says.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass

from prudent.generation.constraint import Grammar
from prudent.generation.grammar.definitions import define
from prudent.generation.grammar.matcher import MatcherGrammar, Vocabulary
from prudent.generation.grammar.sources import GrammarSource, digest
from prudent.tokenizer import Tokenizer

_KEPT = 256
_KEPT_BYTES = 2**26


@dataclass(frozen=True, slots=True)
class CompiledGrammar:
    """A grammar ready to be followed. `left_out` names what of a schema is left to the model."""

    grammar: Grammar
    left_out: tuple[str, ...]


class GrammarCompiler:
    """Compiles for one model. Thread-safe; compiling blocks, so it has no place in an event loop."""

    def __init__(self, tokenizer: Tokenizer, *, kept: int = _KEPT, kept_bytes: int = _KEPT_BYTES) -> None:
        """`kept` grammars of `kept_bytes` together are kept for the next time, the latest used ones.

        The vocabulary is put together with the first grammar; see `Vocabulary` for what that costs.
        """
        self._tokenizer = tokenizer
        self._most = kept
        self._most_bytes = kept_bytes
        self._lock = threading.Lock()
        self._vocabulary_lock = threading.Lock()
        self._vocabulary: Vocabulary | None = None
        self._kept: OrderedDict[bytes, tuple[CompiledGrammar, int]] = OrderedDict()
        self._bytes = 0
        self._compiling: dict[bytes, Future[CompiledGrammar]] = {}

    def compile(self, source: GrammarSource) -> CompiledGrammar:
        """The grammar, compiled now, by somebody else at this moment, or earlier.

        Raises:
            GrammarError: the grammar is wrong, too large, or asks for what cannot be enforced.
        """
        key = digest(source)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known[0]
            pending = self._compiling.get(key)
            if pending is None:
                self._compiling[key] = Future()
        return self._compile(key, source) if pending is None else pending.result()

    def _compile(self, key: bytes, source: GrammarSource) -> CompiledGrammar:
        try:
            definition = define(source)
            grammar = MatcherGrammar(self._model_vocabulary(), definition.text)
            compiled = CompiledGrammar(grammar, definition.left_out)
        except BaseException as error:
            with self._lock:
                self._compiling.pop(key).set_exception(error)
            raise
        with self._lock:
            self._keep(key, compiled, grammar.memory)
            self._compiling.pop(key).set_result(compiled)
        return compiled

    def _keep(self, key: bytes, compiled: CompiledGrammar, memory: int) -> None:
        self._kept[key] = compiled, memory
        self._bytes += memory
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed

    def _model_vocabulary(self) -> Vocabulary:
        with self._vocabulary_lock:
            if self._vocabulary is None:
                self._vocabulary = Vocabulary(self._tokenizer)
            return self._vocabulary
