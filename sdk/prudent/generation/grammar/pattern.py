"""Regular expressions of JSON Schema (ECMA 262) in the words of llguidance's engine. Knows one pattern.

The two dialects write most things alike. What only one of them has, or what they read differently, is either
rewritten here or refused by name; it never passes with another meaning. Look-around, back-references and word
edges, which no mask can follow, are refused.

Control characters that JSON has no short escape for are taken out of every class: answers do not hold them,
and a class that has all of them would let llguidance 1.9.1 write an escaped quote or backslash whether the
class has these or not.
"""

from __future__ import annotations

import re

_CONTROL = r"\x00-\x07\x0b\x0e-\x1f\x7f"
# What every engine counts as a digit, a word's character or a space, and what some engine does.
_CERTAIN = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\x0c\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_POSSIBLE = {
    "d": r"\p{Nd}",
    "w": r"\p{L}\p{M}\p{N}\p{Pc}",
    "s": _CERTAIN["s"] + r"\x85\ufeff" + _CONTROL,
}
_CONTROLS = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\x0c"}
_ANY = rf"[^\n\r\u2028\u2029{_CONTROL}]"
_ANY_OR_LINE_END = f"[^{_CONTROL}]"
_HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}")
_PROPERTY = re.compile(r"[pP]\{[\w=]{1,64}\}")
_REPEAT = re.compile(r"[*+?]|\{\d{1,9}(?:,\d{0,9})?\}")
_GROUP = re.compile(r"\((?:\?(?::|P?<[A-Za-z_]\w*>))?")
_FLAGS = re.compile(r"\(\?([is]{1,2})\)")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
_CONTROL_CHARACTER = re.compile(f"[{_CONTROL}]")
_SURROGATES = range(0xD800, 0xE000)


class PatternError(ValueError):
    """What cannot be enforced in a pattern, as the end of a sentence that began with where the pattern is."""


def translate(pattern: str) -> str:
    """The same pattern for llguidance.

    Raises:
        PatternError: it holds what has no equal there. Syntax errors that both dialects share are left to
            the compiler.
    """
    return _Translator(pattern).run()


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._out: list[str] = []
        self._any = _ANY
        self._negated = False

    def run(self) -> str:
        flags = _FLAGS.match(self._pattern)
        if flags is not None:
            self._at = flags.end()
            if "s" in flags[1]:
                self._any = _ANY_OR_LINE_END
            if "i" in flags[1]:
                self._out.append("(?i)")
        repeatable = False
        while self._at < len(self._pattern):
            repeatable = self._step(repeatable)
        return "".join(self._out)

    def _step(self, repeatable: bool) -> bool:
        """Take the next item; returns whether a repetition may follow it."""
        character = self._pattern[self._at]
        repeat = _REPEAT.match(self._pattern, self._at)
        if repeat is not None:
            self._repeat(repeat, repeatable)
            return False
        match character:
            case "\\":
                self._out.append(self._escape())
            case "[":
                self._class()
            case "(":
                self._group()
                return False
            case ".":
                self._take(1, self._any)
            case ")":
                self._take(1, character)
            case "{" if self._pattern.startswith("{,", self._at):
                raise PatternError("'{,' means different things to different engines; write {0,")
            case "{" | "}" | "]":
                self._take(1, f"\\{character}")  # ECMA reads a lone one as itself
            case "^" | "$" | "|":
                self._take(1, character)
                return False
            case _:
                self._take(1, literal(character))
        return True

    def _take(self, length: int, replacement: str) -> None:
        self._at += length
        self._out.append(replacement)

    def _repeat(self, repeat: re.Match[str], repeatable: bool) -> None:
        if not repeatable:
            raise PatternError(f"'{repeat[0]}' repeats nothing, or what is repeated already")
        end = repeat.end()
        lazy = self._pattern.startswith("?", end)  # which text is matched is the same
        self._take(len(repeat[0]) + lazy, repeat[0])

    def _group(self) -> None:
        group = _GROUP.match(self._pattern, self._at)
        if group is None or (group[0] == "(" and self._pattern.startswith("(?", self._at)):
            start = self._pattern[self._at : self._at + 4]
            look = start.startswith(("(?=", "(?!", "(?<=", "(?<!"))
            kind = "look-around" if look else "a group of this kind"
            raise PatternError(
                f"{kind} ('{start[: 4 if start.startswith('(?<') else 3]}') cannot be enforced"
            )
        self._take(len(group[0]), "(?:")

    def _escape(self, *, in_class: bool = False) -> str:
        """The escape at hand, which is passed over."""
        self._at += 1
        rest = self._pattern[self._at : self._at + 1]
        code = _HEX.match(self._pattern, self._at)
        named = _PROPERTY.match(self._pattern, self._at)
        if code is not None:
            self._at = code.end()
            return self._code_point(int(code[1] or code[2] or code[3], 16), in_class=in_class)
        if named is not None:
            self._at = named.end()
            return rf"[\{named[0]}--{_CONTROL}]"
        self._at += 1
        if in_class and rest == "b":
            return r"\x08"
        if rest and rest in "dwsDWS":
            return self._shorthand(rest)
        if rest in _CONTROLS:
            return _CONTROLS[rest]
        if rest == "v" or (rest == "0" and not self._pattern[self._at : self._at + 1].isdecimal()):
            return literal("\x0b" if rest == "v" else "\x00", in_class=in_class)
        if rest in _PUNCTUATION:
            return literal(rest)
        if not rest:
            raise PatternError("it ends in the middle of an escape")
        kind = "a back-reference" if rest.isdecimal() or rest == "k" else "the escape"
        raise PatternError(f"{'a word edge' if rest in 'bB' else kind} ('\\{rest}') cannot be enforced")

    def _shorthand(self, letter: str) -> str:
        """A class for `\\d` and its like, such that what is written matches whichever engine reads it."""
        kind = letter.lower()
        complement = letter != kind
        certain = complement == self._negated
        members = (_CERTAIN if certain else _POSSIBLE)[kind]
        return f"[^{members}{_CONTROL}]" if complement else f"[{members}]"

    def _code_point(self, number: int, *, in_class: bool) -> str:
        if number in _SURROGATES:
            low = (
                _HEX.match(self._pattern, self._at + 1) if self._pattern.startswith("\\u", self._at) else None
            )
            second = int(low[2], 16) if low is not None and low[2] else 0
            if number >= 0xDC00 or not 0xDC00 <= second < 0xE000 or low is None:
                raise PatternError("half of a surrogate pair cannot be enforced")
            self._at = low.end()
            number = 0x10000 + (number - 0xD800) * 0x400 + second - 0xDC00
        if number > 0x10FFFF:
            raise PatternError(f"U+{number:X} is no character")
        return literal(chr(number), in_class=in_class)

    def _class(self) -> None:
        self._at += 1
        self._out.append("[[")
        if self._pattern.startswith("^", self._at):
            self._take(1, "^")
            self._negated = True
        if self._pattern.startswith("]", self._at):
            raise PatternError("an empty class ('[]' or '[^]') cannot be enforced")
        while not self._pattern.startswith("]", self._at):
            if self._at >= len(self._pattern):
                raise PatternError("a class ('[...') has no end")
            self._class_item()
        self._take(1, f"]--{_CONTROL}]")
        self._negated = False

    def _class_item(self) -> None:
        first = self._class_atom()
        begins_range = self._pattern.startswith("-", self._at) and not self._pattern.startswith(
            "-]", self._at
        )
        if not begins_range:
            self._out.append(first)
            return
        self._at += 1
        last = self._class_atom()
        if first.startswith("[") or last.startswith("["):  # ECMA: three items, not a range
            self._out += [first, r"\-", last]
        else:
            self._out.append(f"{first}-{last}")

    def _class_atom(self) -> str:
        if self._at >= len(self._pattern):
            raise PatternError("a class ('[...') has no end")
        character = self._pattern[self._at]
        if character == "\\":
            return self._escape(in_class=True)
        self._at += 1
        return literal(character, in_class=True)


def literal(character: str, *, in_class: bool = False) -> str:
    """One character in llguidance's words. In a class a control character may stand, and is taken out."""
    if not in_class and _CONTROL_CHARACTER.match(character):
        raise PatternError(f"the control character U+{ord(character):04X} cannot be enforced")
    return character if character.isalnum() else f"\\x{{{ord(character):x}}}"
