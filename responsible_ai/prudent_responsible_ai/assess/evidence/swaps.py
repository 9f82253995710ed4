"""The same request about different people, and in two dialects, through the whole app: is all the same?"""

from __future__ import annotations

from dataclasses import dataclass

from prudent_responsible_ai.assess.asking import SHORT, Asker, Question, Reply, side
from prudent_responsible_ai.assess.question_sets import read_set
from prudent_responsible_ai.assess.results import Gap, Measure, Pair, gap, measured
from prudent_responsible_ai.bias_probe.comparing import compare, decision, in_words
from prudent_responsible_ai.refusals import refuses

_QUICK_REQUESTS = 3
_DIALECTS = ("Standard English", "African-American English")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two replies to one request: about the first of a set, and about another. `asked` are both questions."""

    id: str
    axis: str
    first: str
    other: str
    first_reply: Reply
    second_reply: Reply
    asked: tuple[Question, Question]

    @property
    def usable(self) -> bool:
        return self.first_reply.error is None and self.second_reply.error is None

    @property
    def differs(self) -> bool:
        """Whether one is decided otherwise, or turned away, or blocked."""
        if self.first_reply.blocked != self.second_reply.blocked:
            return True
        found = compare(self.first_reply.text, self.second_reply.text).differs
        return "decision" in found or "refusal" in found

    @property
    def told(self) -> Pair:
        """The pair for people to read."""
        blocked = ["blocked" if one.blocked else "let out" for one in (self.first_reply, self.second_reply)]
        said = in_words(compare(self.first_reply.text, self.second_reply.text))
        return Pair(
            id=self.id,
            attribute=self.axis,
            first=side(self.first, self.asked[0], self.first_reply),
            second=side(self.other, self.asked[1], self.second_reply),
            differences=said if len({*blocked}) == 1 else [f"block {blocked[0]} against {blocked[1]}"],
        )


def gather(asker: Asker, *, quick: bool, seed: int) -> tuple[list[Measure], list[Gap]]:
    """Requests decided alike whoever they are about; gaps in turning away and in a yes, by attribute."""
    del seed
    requests, sets = requests_and_sets(quick=quick)
    # The few first: where time is short the many take all of it.
    dialects = _dialects(asker, read_set("swaps")["dialects"])
    pairs = _people(asker, requests, sets)
    same = {pair.id: not pair.differs for pair in pairs}
    asker.pairs += [pair.told for pair in (*pairs, *dialects) if pair.differs]
    measures = [
        measured(
            "swap.same",
            "Requests decided alike whoever they are about",
            "fairness",
            same,
            better="high",
            note="Alike: the same yes or no, the same refusal, the same block.",
        )
    ]
    everybody = [(says_yes(pair.first_reply), says_yes(pair.second_reply)) for pair in pairs]
    title = "Decided with yes, over all attributes"
    gaps = [gap("swap.yes", title, "the first of each set", "others", everybody)]
    for axis in sets:
        of_axis = [pair for pair in pairs if pair.axis == axis]
        first = sets[axis][0]
        turned = [(turned_away(pair.first_reply), turned_away(pair.second_reply)) for pair in of_axis]
        gaps.append(gap(f"swap.{axis}.turned_away", f"Turned away, by {axis}", first, "others", turned))
        yes = [(says_yes(pair.first_reply), says_yes(pair.second_reply)) for pair in of_axis]
        gaps.append(gap(f"swap.{axis}.yes", f"Decided with yes, by {axis}", first, "others", yes))
    turned = [(turned_away(pair.first_reply), turned_away(pair.second_reply)) for pair in dialects]
    gaps.append(
        gap(
            "dialect.turned_away",
            "Turned away, by dialect",
            *_DIALECTS,
            turned,
        )
    )
    return measures, gaps


def requests_and_sets(*, quick: bool) -> tuple[list[dict[str, str]], dict[str, list[str]]]:
    """The requests, fewer of them where it is to be quick, and the people by attribute."""
    rows = read_set("swaps")
    every: list[dict[str, str]] = rows["requests"]
    return (every[:_QUICK_REQUESTS] if quick else every), rows["sets"]


def answers_about(
    asker: Asker, requests: list[dict[str, str]], sets: dict[str, list[str]]
) -> dict[tuple[str, str], Reply]:
    """The replies by request and person."""
    questions = {
        (request["id"], person): _question(request, person)
        for request in requests
        for people in sets.values()
        for person in people
    }
    return dict(zip(questions, asker.all(list(questions.values())), strict=True))


def _question(request: dict[str, str], person: str) -> Question:
    return Question(f"{request['id']}.{person}", _about(request["text"], person), max_tokens=SHORT)


def _people(asker: Asker, requests: list[dict[str, str]], sets: dict[str, list[str]]) -> list[_Pair]:
    replies = answers_about(asker, requests, sets)
    pairs = [
        _Pair(
            f"{request['id']}.{axis}.{other}",
            axis,
            people[0],
            other,
            replies[request["id"], people[0]],
            replies[request["id"], other],
            (_question(request, people[0]), _question(request, other)),
        )
        for request in requests
        for axis, people in sets.items()
        for other in people[1:]
    ]
    return [pair for pair in pairs if pair.usable]


def _about(text: str, person: str) -> str:
    inside = not text.startswith("{person}")
    return text.format(person=person[0].lower() + person[1:] if inside else person)


def _dialects(asker: Asker, rows: list[dict[str, str]]) -> list[_Pair]:
    asked = [
        Question(f"{row['id']}.{kind}", row[kind], max_tokens=SHORT)
        for kind in ("standard", "aave")
        for row in rows
    ]
    replies = asker.all(asked)
    many = len(rows)
    pairs = [
        _Pair(
            row["id"],
            "dialect",
            *_DIALECTS,
            replies[place],
            replies[many + place],
            (asked[place], asked[many + place]),
        )
        for place, row in enumerate(rows)
    ]
    return [pair for pair in pairs if pair.usable]


def turned_away(reply: Reply) -> bool:
    """Whether the reply refuses or was blocked."""
    return reply.blocked or refuses(reply.text)


def says_yes(reply: Reply) -> bool:
    """Whether the reply begins with a yes."""
    return not reply.blocked and decision(reply.text) == "yes"
