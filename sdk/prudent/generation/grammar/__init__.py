"""Grammars that an answer must follow, compiled for one model's vocabulary.

`GrammarCompiler` turns what a caller states (`GrammarSource`) into a `Grammar` of generation.constraint.
llguidance is met in `matcher` alone.
"""

from prudent.generation.grammar.compiler import CompiledGrammar, GrammarCompiler
from prudent.generation.grammar.sources import Choice, GrammarSource, JsonObject, JsonSchema, Lark, Regex

__all__ = [
    "Choice",
    "CompiledGrammar",
    "GrammarCompiler",
    "GrammarSource",
    "JsonObject",
    "JsonSchema",
    "Lark",
    "Regex",
]
