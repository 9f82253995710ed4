"""The one module that meets llguidance: its tokenizer and its matcher behind our types.

Knows what llguidance calls a grammar and what its masks look like; not which grammars are fit to be compiled
(see `compiler`) nor who samples. Nothing that it raises quotes a text or a grammar.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

import numpy as np
from llguidance import LLMatcher, LLParserLimits, LLTokenizer, TokenizerWrapper
from numpy.typing import NDArray

from prudent.errors import GrammarError, InternalError
from prudent.generation.grammar.complaints import readable
from prudent.tokenizer import Tokenizer, TokenType

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions

P = ParamSpec("P")
ResultT = TypeVar("ResultT")

_BITS = 32

# What one grammar may cost. The time behind each figure is llguidance's own: fuel runs out in 20 ms at the
# start and in 15 ms a token, and a lexer state takes 1 to 2 kB.
_INITIAL_LEXER_FUEL = 1_000_000
_STEP_LEXER_FUEL = 200_000
_STEP_ITEMS = 50_000
_LEXER_STATES = 25_000
_GRAMMAR_SIZE = 500_000

_MEMORY = 2**16
_MEMORY_PER_CHARACTER = 256

# Characters stand for themselves: with \u escapes llguidance 1.9.1 lets a name that `properties` has pass for
# another.
_ESCAPES = 'nrbtf\\"'

ON_ONE_LINE: Final[JsonCompileOptions] = {
    "whitespace_flexible": False,
    "item_separator": ", ?",
    "key_separator": ": ?",
    "json_allowed_escapes": _ESCAPES,
}
"""JSON with at most a space after a comma or a colon. Under a schema small models fill in as many fields
right this way as over many lines, and the 0.5B with 40 % fewer tokens."""

ON_LINES: Final[JsonCompileOptions] = {
    "whitespace_flexible": False,
    "whitespace_pattern": r"[ ]|\n {0,24}",
    "json_allowed_escapes": _ESCAPES,
}
"""JSON with a space, or a new line and its indent, between any two signs. Where no schema leads it the 0.5B
does a third better in this spacing, which it knows, than on one line. None goes on with blanks for ever."""


class Vocabulary:
    """A model's tokens as llguidance keeps them. Immutable, and safe to share between threads.

    Only normal tokens spell text. Control and user-defined tokens never do, whatever a grammar allows; the
    model's stop tokens, all of them, stand for the end of the text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Build the tables: 0.9 s and 130 MB for 150,000 tokens, 0.3 s and 40 MB for 50,000."""
        spec = tokenizer.spec
        self.size: int = tokenizer.vocab_size
        self.words: int = -(-self.size // _BITS)
        """Number of int32 words in a mask."""
        wrapper = cast("TokenizerWrapper", _Tokens(tokenizer))
        self.tokens = LLTokenizer(wrapper, eos_token=sorted(spec.stop_ids))


def json_schema_definition(schema: dict[str, Any], layout: JsonCompileOptions = ON_ONE_LINE) -> str:
    """llguidance's definition of the JSON texts of a schema.

    Raises:
        GrammarError: a value of the schema cannot be handed over.
    """
    try:
        return LLMatcher.grammar_from_json_schema(schema, overrides=layout)
    except ValueError as error:  # its text quotes the value
        raise GrammarError("The schema has a number or a text that is not valid in JSON.") from error


def regex_definition(pattern: str) -> str:
    """llguidance's definition of the texts that an expression matches as a whole."""
    return LLMatcher.grammar_from_regex(pattern)


def lark_definition(grammar: str) -> str:
    """llguidance's definition of the texts of a grammar in its dialect of Lark."""
    return LLMatcher.grammar_from_lark(grammar)


def complaint(definition: str) -> str | None:
    """What llguidance says against a definition before it meets a vocabulary, in its own words."""
    message = _guard(LLMatcher.validate_grammar, definition, None, limits=_limits())
    return message or None


class MatcherGrammar:
    """A compiled grammar. A `Grammar`."""

    def __init__(self, vocabulary: Vocabulary, definition: str) -> None:
        """Compile llguidance's own definition of a grammar, and compute the first mask.

        Raises:
            GrammarError: it is not valid, too large, or no text satisfies it.
        """
        self.memory: int = _MEMORY + _MEMORY_PER_CHARACTER * len(definition)
        """About how many bytes it holds: measured over the real schemas of JSONSchemaBench, and doubled."""
        self._vocabulary = vocabulary
        self._lock = threading.Lock()
        self._beginning = _guard(_new_matcher, vocabulary.tokens, definition)
        if self._beginning.is_error():
            raise GrammarError(f"The grammar cannot be used: {readable(self._beginning.get_error())}.")
        first = np.zeros(vocabulary.words, np.int32)
        _guard(self._beginning.unsafe_compute_mask_ptr, first.ctypes.data, first.nbytes)
        if _leads_nowhere(self._beginning, first):
            raise GrammarError("No text that the model can write satisfies the grammar.")
        if self._beginning.is_error():
            raise GrammarError("The grammar is too complex.", hint="Make it smaller.")

    def start(self) -> MatcherConstraint:
        """A constraint at the beginning of the text."""
        with self._lock:
            return MatcherConstraint(self._vocabulary, self._beginning.deep_copy())


class MatcherConstraint:
    """One sequence's way through a grammar. A `Constraint`; one thread at a time."""

    def __init__(self, vocabulary: Vocabulary, matcher: LLMatcher) -> None:
        self._vocabulary = vocabulary
        self._matcher = matcher

    @property
    def complete(self) -> bool:
        """Whether the text is whole and nothing may follow."""
        return self._matcher.is_stopped() and not self._matcher.is_error()

    def fill_mask(self, mask: NDArray[np.int32]) -> None:
        """Write which tokens may come next.

        `mask` is int32 (W,), contiguous, with a bit for every token; bits past the vocabulary become 0.

        Raises:
            ValueError: the array is of another kind.
            GrammarError: nothing the model can write may follow.
            InternalError: the grammar has become too complex to follow.
        """
        words = self._vocabulary.words
        if mask.dtype != np.int32 or mask.ndim != 1 or mask.size < words or not mask.flags.c_contiguous:
            raise ValueError(f"a mask is contiguous int32 of at least {words} words")
        mask[words:] = 0
        _guard(self._matcher.unsafe_compute_mask_ptr, mask.ctypes.data, words * mask.itemsize)
        if _leads_nowhere(self._matcher, mask):
            raise GrammarError("The grammar asks for a character that the model has no token for.")
        self._check()

    def accept(self, token: int) -> None:
        """Go on by one token.

        Raises:
            InternalError: the token may not follow here.
        """
        _guard(self._matcher.consume_token, token)
        self._check()

    def forced(self) -> tuple[int, ...]:
        """The tokens that must come next, as the model itself would cut the text that must come next.

        The last characters of it are left out where a longer token may still begin with them.
        """
        tokens = _guard(self._matcher.compute_ff_tokens)
        self._check()
        return tuple(tokens)

    def allowed(self, tokens: Sequence[int]) -> int:
        """How many of these tokens, from the first on, may follow here."""
        count = _guard(self._matcher.validate_tokens, list(tokens))
        self._check()
        return count

    def _check(self) -> None:
        if self._matcher.is_error():
            raise InternalError(
                f"The answer's grammar could not be followed ({self._matcher.stop_reason()}).",
                hint="A simpler schema or grammar may help.",
            )


class _Tokens:
    """A model's tokenizer in the shape that llguidance takes one."""

    is_tokenizer_wrapper = True
    bos_token_id: int | None = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        types = tokenizer.spec.token_types
        self.tokens = [tokenizer.token_bytes(token) for token in range(tokenizer.vocab_size)]
        self.special_token_ids = [token for token, kind in enumerate(types) if kind != TokenType.NORMAL]
        self.eos_token_id = tokenizer.spec.stop_ids[0]

    def __call__(self, text: str) -> list[int]:
        """The ids of a text, up to the first byte that the vocabulary lacks."""
        ids = self._tokenizer.encode(text)
        raw = text.encode("utf-8", "replace")
        end = 0
        for count, token in enumerate(ids):
            piece = self.tokens[token]
            if not raw.startswith(piece, end):
                return ids[:count]
            end += len(piece)
        return ids


def _leads_nowhere(matcher: LLMatcher, mask: NDArray[np.int32]) -> bool:
    """Whether nothing may follow although the text is not whole, which llguidance may call an error."""
    return not mask.any() or (matcher.is_error() and "NoExtension" in matcher.get_error())


def _limits() -> LLParserLimits:
    return LLParserLimits(
        initial_lexer_fuel=_INITIAL_LEXER_FUEL,
        step_lexer_fuel=_STEP_LEXER_FUEL,
        step_max_items=_STEP_ITEMS,
        max_lexer_states=_LEXER_STATES,
        max_grammar_size=_GRAMMAR_SIZE,
        verbose_errors=False,  # the long form quotes the text
    )


def _new_matcher(tokens: LLTokenizer, definition: str) -> LLMatcher:
    return LLMatcher(tokens, definition, log_level=0, limits=_limits())


def _guard(call: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs) -> ResultT:
    """Call into Rust, whose panics are no `Exception` and would end the thread that serves everybody."""
    try:
        return call(*args, **kwargs)
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  a panic derives from nothing narrower
        raise InternalError(f"The answer's grammar failed ({type(error).__name__}).") from None
