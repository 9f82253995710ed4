"""Text to token ids and back, and conversations to prompts, as each model was trained.

Knows vocabularies and templates as data; no weights, no files but its own. `PRE_TOKENIZERS` is where a
family's rule for cutting text into words is added.
"""

from prudent.tokenizer.chat_template import ChatTemplate
from prudent.tokenizer.encoding import Tokenizer
from prudent.tokenizer.incremental import IncrementalDecoder
from prudent.tokenizer.pre_tokenizers import PRE_TOKENIZERS, PreTokenizer
from prudent.tokenizer.prompt import Control, RenderedPrompt
from prudent.tokenizer.spec import TokenizerSpec, TokenType
from prudent.tokenizer.unigram import UnigramTokenizer
from prudent.tokenizer.unigram_spec import UnigramSpec

__all__ = [
    "PRE_TOKENIZERS",
    "ChatTemplate",
    "Control",
    "IncrementalDecoder",
    "PreTokenizer",
    "RenderedPrompt",
    "TokenType",
    "Tokenizer",
    "TokenizerSpec",
    "UnigramSpec",
    "UnigramTokenizer",
]
