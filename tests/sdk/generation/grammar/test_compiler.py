"""What is kept, what is shared, and what the other kinds of grammar refuse."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

from prudent.errors import GrammarError
from prudent.generation.grammar import (
    Choice,
    GrammarCompiler,
    GrammarSource,
    JsonObject,
    JsonSchema,
    Lark,
    Regex,
)
from prudent.generation.grammar import compiler as compiler_module
from prudent.tokenizer import Tokenizer

if TYPE_CHECKING:
    from conftest import Walker


def test_a_grammar_is_compiled_once_for_all_who_ask_at_the_same_time(
    byte_tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[GrammarSource] = []
    entered, go_on = threading.Event(), threading.Event()
    define = compiler_module.define

    def slow(source: GrammarSource) -> Any:
        calls.append(source)
        entered.set()
        assert go_on.wait(10)
        return define(source)

    monkeypatch.setattr(compiler_module, "define", slow)
    compiler = GrammarCompiler(byte_tokenizer)
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda: results.append(compiler.compile(Regex("a+")))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    assert entered.wait(10)
    go_on.set()
    for thread in threads:
        thread.join()
    results.append(compiler.compile(Regex("a+")))
    assert len(calls) == 1
    assert all(result is results[0] for result in results)


def test_an_error_reaches_all_who_ask_and_is_not_kept(byte_tokenizer: Tokenizer) -> None:
    compiler = GrammarCompiler(byte_tokenizer)
    for _ in range(2):
        with pytest.raises(GrammarError):
            compiler.compile(Regex("("))


def test_the_longest_unused_goes_first(byte_tokenizer: Tokenizer) -> None:
    compiler = GrammarCompiler(byte_tokenizer, kept=2)
    first, second = compiler.compile(Regex("a")), compiler.compile(Regex("b"))
    assert compiler.compile(Regex("a")) is first
    compiler.compile(Regex("c"))
    assert compiler.compile(Regex("a")) is first
    assert compiler.compile(Regex("b")) is not second


def test_what_is_kept_is_bounded_in_bytes(byte_tokenizer: Tokenizer) -> None:
    compiler = GrammarCompiler(byte_tokenizer, kept_bytes=1)
    assert compiler.compile(Regex("a")) is not compiler.compile(Regex("a"))


def test_choices(walker: Walker) -> None:
    choices = Choice(("yes", "yes, sir", "no.*", 'a "quoted" \\ one', "é🐲", "two\nlines"))
    for text in choices.choices:
        assert walker.accepts(choices, text)
    for text in ("", "ye", "noxx", "yes, sirs", "no"):
        assert not walker.accepts(choices, text)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ((), "nothing"),
        (("a", ""), "empty"),
        (("a", "b", "a"), "'a' is there twice"),
        (("\x00",), "U+0000"),
        (("a" * 2**19,), "the limit"),
    ],
)
def test_a_choice_that_is_none(compiler: GrammarCompiler, choices: tuple[str, ...], says: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(says)):
        compiler.compile(Choice(choices))


def test_thousands_of_choices(walker: Walker) -> None:
    choices = Choice(tuple(f"place number {number}" for number in range(4096)))
    assert walker.accepts(choices, "place number 4095")
    assert not walker.accepts(choices, "place number 4096")


def test_any_object(walker: Walker) -> None:
    for value in ({}, {"a": [1, {"b": None}], "c": "\n"}):
        assert walker.accepts(JsonObject(), json.dumps(value))
    assert walker.accepts(JsonObject(), json.dumps({"a": [1, {"b": None}]}, indent=2))
    for text in ("[]", "1", "", '{  "a": 1}', '{\n\n"a": 1}', '{"a":}', '{"a": 1} '):
        assert not walker.accepts(JsonObject(), text)


def test_an_expression_is_matched_as_a_whole(walker: Walker) -> None:
    assert walker.accepts(Regex(r"(19|20)\d\d"), "1999")
    assert not walker.accepts(Regex(r"(19|20)\d\d"), "x1999")
    assert not walker.accepts(Regex(r"(19|20)\d\d"), "19")


def test_lark(walker: Walker) -> None:
    sums = Lark('start: n (" + " n)*  # "<" in a comment\nn: /[0-9]/ | "<" // <|x|>')
    assert walker.accepts(sums, "1 + < + 3")
    assert not walker.accepts(sums, "1 +")


@pytest.mark.parametrize(
    ("grammar", "says"),
    [
        ('start: "a" | b', 'line 1, column 8: unknown name: "b"'),
        ('start: "a\n', "line 1, column 10"),
        ('other: "a"', "no start rule"),
        ('start: "a" |\n  <|im_start|>', "line 2, column 3: tokens of the vocabulary"),
        ("start: <[256]>", "tokens of the vocabulary"),
        ('start: /[/]<|im_start|>/ "x"/', "tokens of the vocabulary"),
        ('start: /"/ <[256]> /"/', "tokens of the vocabulary"),
        ('start: "//" <[256]>', "tokens of the vocabulary"),
        ('%llguidance {"no_forcing": true}\nstart: "a"', "option"),
        ('start: a\na[temperature=0.5]: "x"', "option"),
        ('start: %json {"type": "array", "uniqueItems": true}', "'uniqueItems' at the root"),
        ("start: %json [1]", "a JSON object must follow"),
        ("start: %lark { start: <[256]> }", "grammars inside of grammars"),
        ('start: start "a"', "No text"),
    ],
)
def test_lark_that_is_refused(compiler: GrammarCompiler, grammar: str, says: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(says)):
        compiler.compile(Lark(grammar))


def test_schemas_inside_of_lark_are_held_to_the_same(walker: Walker) -> None:
    grammar = Lark(
        'start: "> " %json {"type": "object", "properties": {"a": {"format": "date"}}, "required": ["a"]}'
    )
    assert walker.accepts(grammar, '> {"a": "2024-02-29"}')
    assert not walker.accepts(grammar, '> {"a": "2023-02-29"}')
    assert not walker.accepts(grammar, '> {"\\u0061": 1, "a": 1}')


def test_a_large_list_of_tools_compiles(compiler: GrammarCompiler) -> None:
    fields = {f"field_{i}": {"type": "string", "description": "x" * 40} for i in range(20)}
    tools = [
        {
            "type": "object",
            "properties": {"tool": {"const": f"tool_{number}"}, **fields},
            "required": ["tool"],
            "additionalProperties": False,
        }
        for number in range(80)
    ]
    text = json.dumps({"anyOf": tools})
    assert len(text) > 100_000
    compiler.compile(JsonSchema(text))
