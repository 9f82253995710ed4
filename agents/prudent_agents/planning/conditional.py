"""Requests that hold only under a condition: what is to be done, and if what. Asks no model, knows no step.

Small models do what stands beside an `if` whether it holds or not, so it is taken apart here; whether it
holds is told in holding.py. A sentence whose condition cannot be taken apart is found too: a question too
many costs little, and what was sent cannot be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from prudent_agents.grounding.facts import stated
from prudent_agents.grounding.scripts import IDEOGRAPHS
from prudent_agents.plan import Condition, Given, Ref, Step
from prudent_agents.planning import condition_words as words
from prudent_agents.planning.proposing import is_question
from prudent_agents.values import JSON

LONGEST = 2_000
"""Characters of a sentence that is taken apart; a longer one either has a condition or has none."""
_BESIDE = 60
"""Characters before a condition that tell what it is."""
_ASKED = re.compile(
    r"\n(?:Does this hold \(yes or no\): [^\n]*|“[^\n]*”成立吗（是/否）？[^\n]*"
    r"|I cannot tell what this depends on\. Is it to be done now \(yes or no\): [^\n]*"
    r"|我看不出这取决于什么。现在就要做吗（是/否）：[^\n]*)"
)
_QUOTED = re.compile(r"[\"“「『][^\"“「『”」』]*[\"”」』]|(?<!\w)'[^']*'(?!\w)")
_QUOTE = re.compile(r"[\"“”「」『』]|(?<!\w)'")
_UNSEEN = re.compile(r"[^\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_INSIDE_WORDS = re.compile(r"(?<=[A-Za-z])[\u00ad\u200b-\u200f\u2060\ufeff]+(?=[A-Za-z])")
_BETWEEN = " \n,，;；"
_ENDS = " .!?。？！,，:：;；"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`action` is to be done where `condition` holds; where it does not, if `negated`.

    Without a condition it is a sentence that has one which could not be taken apart.
    """

    action: str
    condition: str = ""
    negated: bool = False
    known: bool | None = None
    """What the user said when asked."""

    @property
    def question(self) -> str:
        """Asks the user whether the condition holds, in its language."""
        chinese = IDEOGRAPHS.search(self.condition or self.action)
        if not self.condition:
            if chinese:
                return f"我看不出这取决于什么。现在就要做吗（是/否）：{self.action}？"
            return f"I cannot tell what this depends on. Is it to be done now (yes or no): {self.action}?"
        if chinese:
            return f"“{self.condition}”成立吗（是/否）？"
        return f"Does this hold (yes or no): {self.condition}?"

    def told_by(self, step: str) -> Condition:
        """That it is to be done, by what this step has read."""
        return Condition(
            left=Ref(step=step),
            op="says not" if self.negated else "says",
            right=Given(value=self.condition, origin="request"),
        )

    @property
    def left_out(self) -> str | None:
        """Tells that it is not done, where the user has said so."""
        if self.known is not self.negated:
            return None
        chinese = IDEOGRAPHS.search(self.action)
        return f"未执行：{self.action}。" if chinese else f"Not done, as you said: {self.action}."


def pieces_of(goal: str) -> list[str | Conditional]:
    """The goal's text and its conditional sentences, in order; the goal alone where there are none.

    Lines that hold the question of a condition and the user's answer to it are part of that condition.
    """
    found: list[Conditional | list[str]] = []
    last, asked = "", "".join(_ASKED.findall(goal))
    for sentence in _sentences(_INSIDE_WORDS.sub("", _ASKED.sub("", goal))):
        before = found[-1] if found else None
        made = _conditionals(sentence, last, before if isinstance(before, Conditional) else None)
        found += [_answered(one, asked) for one in made]
        last = sentence
        if not made and isinstance(before, list):
            before.append(sentence)
        elif not made:
            found.append([sentence])
    if not any(isinstance(one, Conditional) for one in found):
        return [goal]
    return [one if isinstance(one, Conditional) else " ".join(one) for one in found]


def without_answers(goal: str) -> str:
    """The goal without the questions about its conditions, and what the user answered."""
    return _ASKED.sub("", goal)


def left_out_of(goal: str) -> list[str]:
    """What is not done because the user said so when asked about its condition, a line for each."""
    if not _ASKED.search(goal):
        return []
    return [one.left_out for one in pieces_of(goal) if isinstance(one, Conditional) and one.left_out]


def without_left_out(pieces: Sequence[str | Conditional]) -> str:
    """The goal in words, without what the user has said is not to be done."""
    return " ".join(_in_full(one) for one in pieces if isinstance(one, str) or one.left_out is None)


def _in_full(piece: str | Conditional) -> str:
    """A piece of a goal as a sentence; a condition that is known to be met is not said again."""
    if isinstance(piece, str):
        return without_answers(piece)
    if piece.known is not None or not piece.condition:
        return f"{piece.action}."
    if IDEOGRAPHS.search(piece.condition):
        return f"{'除非' if piece.negated else '如果'}{piece.condition}，{piece.action}。"
    return f"{'Unless' if piece.negated else 'If'} {piece.condition}, {piece.action}."


def results_of(goal: str, before: Sequence[Step]) -> tuple[str, ...]:
    """The steps that find something out, and not only whether a condition holds."""
    conditions = [one.condition for one in pieces_of(goal) if isinstance(one, Conditional)]
    return tuple(step.id for step in before if step.about not in conditions)


def condition_of(pieces: Sequence[str | Conditional], given: Mapping[str, JSON]) -> Conditional | None:
    """The piece under whose condition a call with these arguments stands; None where it stands under none.

    It is of the piece that says most of what it is given. Where two say as much, the condition counts: a
    question too many costs little.
    """
    values = [one for one in given.values() if one is not None and not isinstance(one, bool)]
    said = [
        (sum(stated(value, _action(one)) for value in values), isinstance(one, Conditional), one)
        for one in pieces
    ]
    _, _, best = max(said, key=lambda one: one[:2])
    return best if isinstance(best, Conditional) else None


def _action(piece: str | Conditional) -> str:
    return piece if isinstance(piece, str) else piece.action


def _answered(one: Conditional, asked: str) -> Conditional:
    _, found, said = asked.partition(f"\n{one.question}")
    return replace(one, known=bool(words.YES.match(said))) if found else one


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a text, each with its quotations, and with the lines that its `if` goes on with."""
    masked, begin, in_list = _masked(text), 0, False
    for end in (*(one.start() for one in words.BREAKS.finditer(masked)), len(text)):
        piece = masked[begin:end].strip()
        if end < len(text) and len(piece) < LONGEST and words.CONDITIONAL.search(piece):
            listed = words.BULLET.match(masked, end) is not None
            if (listed and in_list) or words.ENDS_OPEN.search(piece[-_BESIDE:]):
                in_list = in_list or listed
                continue
        lines = (_line(one) for one in text[begin:end].strip(_BETWEEN).splitlines())
        if whole := _joined(list(filter(None, lines)), in_list):
            yield whole
        begin, in_list = end, False


def _joined(lines: list[str], in_list: bool) -> str:
    """Lines as one, the items of a list apart from each other."""
    return " ".join([*lines[:1], "; ".join(lines[1:])] if in_list else lines).strip()


def _line(text: str) -> str:
    """A line without the sign that makes it an item of a list."""
    found = words.BULLET.match(text)
    return text[found.end() if found else 0 :].strip()


def _masked(text: str) -> str:
    """A text of the same length without what stands in quotations, and with spaces for what is not seen."""
    return _UNSEEN.sub(" ", _QUOTED.sub(lambda found: "x" * len(found[0]), text))


def _conditionals(sentence: str, last: str, before: Conditional | None) -> list[Conditional]:
    """What a sentence asks for under conditions; nothing where it has none, or has them in quotations.

    `last` is the sentence before it, and `before` what that one asks for under a condition.
    """
    masked = _masked(sentence)
    start = words.STARTS_ELSE.match(masked)
    rest = sentence[start.end() :].strip(_ENDS) if start else ""
    if rest:
        if before is not None and before.condition:
            return [Conditional(rest, before.condition, not before.negated)]
        clause = _asked_in(last)
        return [Conditional(rest, clause, negated=True) if clause else Conditional(sentence.strip(_ENDS))]
    if not words.CONDITIONAL.search(masked):
        return []
    quoted = _QUOTE.search(_QUOTED.sub("", sentence))
    made = None if quoted or len(sentence) > LONGEST else _taken_apart(sentence, masked, last)
    if made is None:
        made = [Conditional(sentence.strip(_ENDS))] if _has_condition(masked) else []
    return [] if any(is_question(one.action) for one in made) else made


def _has_condition(masked: str) -> bool:
    """Whether any of a sentence's conditions is one on which it depends what is done."""
    return any(
        not words.WHETHER.search(masked[max(0, one.start() - _BESIDE) : one.start()].rstrip())
        and not _no_condition(one[0], masked[one.end() : one.end() + _BESIDE])
        for one in words.CONDITIONAL.finditer(masked)
    )


def _no_condition(word: str, condition: str) -> bool:
    """Whether a condition is one that nothing can be read for: `if possible`, `once you are done`."""
    in_order = word.strip().casefold().endswith(words.TIMES) and words.IN_ORDER.match(condition)
    return bool(in_order or words.MANNERS.match(condition))


def _taken_apart(sentence: str, masked: str, last: str) -> list[Conditional] | None:
    """What is to be done, under what, and what else; None: it cannot be told."""
    spans = _first(masked) or _last(masked)
    if spans is None:
        return None
    word, condition, action = (sentence[slice(*span)].strip(_ENDS) for span in spans)
    if _no_condition(word, condition):
        return _conditionals(action, last, None)
    other = ""
    for at, span in enumerate(spans[1:]):
        if found := words.ELSE.search(masked, *span):
            other = sentence[found.end() : span[1]].strip(_ENDS)
            kept = sentence[span[0] : found.start()].strip(_ENDS)
            condition, action = (kept, action) if at == 0 else (condition, kept)
    if not condition or not action or _unclear(condition, action):
        return None
    if words.ANSWERED_BEFORE.match(condition):
        condition = _asked_in(last)
    elif words.POINTS_BACK.match(condition):
        condition = action.partition(" that ")[2] or action
    if not condition:
        return None
    negated = word.casefold() in words.NEGATED
    made = [Conditional(action, condition, negated)]
    return [*made, Conditional(other, condition, not negated)] if other else made


def _unclear(condition: str, action: str) -> bool:
    """Whether the parts show that a sentence was not taken apart where it should have been."""
    masked = _masked(action)
    return bool(
        words.LOOSE_ELSE.search(f"{masked} {_masked(condition)}")
        or words.NO_ACTION.search(masked)
        or _has_condition(masked)
    )


_Spans = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Where the condition's word, the condition, and what is to be done stand."""


def _first(masked: str) -> _Spans | None:
    """The parts of a sentence that begins with its condition."""
    found = words.BEFORE.match(masked)
    begin = found.start("rest") if found else 0
    if found:
        ends = [one.span() for one in words.END.finditer(masked, begin)]
        sure = [one for one in ends if not words.GOES_ON.match(masked, one[1])]
        if (len(ends) > 1 and not sure) or not ends:
            return None
        end = sure[0] if sure else ends[0]
    else:
        found = words.CHINESE_BEFORE.match(masked)
        begin = found.start("rest") if found else 0
        ends = [one.span() for end in words.CHINESE_ENDS for one in [end.search(masked, begin)] if one]
        if not found or not ends or not (found["word"] or "的话" in masked[begin : ends[0][0]]):
            return None
        end = ends[0]
    condition = words.OF_THE_CONDITION.sub("", masked[begin : end[0]].rstrip())
    one_word = not re.search(r"\w\s\w|[\u3400-\u9fff]{2}", condition)
    if len(ends) > 1 and one_word and not words.ANSWERED_BEFORE.match(condition):
        return None  # the first of a list, as in `red, green or blue chairs`
    return found.span("word"), (begin, begin + len(condition)), (end[1], len(masked))


def _last(masked: str) -> _Spans | None:
    """The parts of a sentence that ends with its condition."""
    found = words.AFTER.match(masked) or words.CHINESE_AFTER.match(masked)
    if found is None or words.WHETHER.search(found["action"]):
        return None
    begin = found.start("condition")
    kept = words.POLITE_END.sub("", found["condition"])
    other = words.ELSE.search(kept)
    if re.search(r"[,，:：]", kept[: other.start()] if other else kept):
        return None
    return found.span("word"), (begin, begin + len(kept)), found.span("action")


def _asked_in(sentence: str) -> str:
    """What a sentence asks, or has looked up: `it rains` of `Check whether it rains.`"""
    found = words.WHETHER_CLAUSE.search(_masked(sentence))
    if found:
        clause = sentence[slice(*found.span(found.lastgroup or 0))]
        return words.LOOKED_UP.sub("", re.sub(r"是否|是不是", "", clause)).strip(_ENDS)
    return sentence.strip(_ENDS) if is_question(sentence) else ""
