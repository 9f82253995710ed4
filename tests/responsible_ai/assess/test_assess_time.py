"""A run that is bounded in time asks a sample of each kind, says how many, and how long it still takes."""

from __future__ import annotations

from prudent_responsible_ai.assess.asking import Asker, Question, Reply
from prudent_responsible_ai.assess.report_markdown import as_markdown
from prudent_responsible_ai.assess.results import Assessment, Subject
from prudent_responsible_ai.assess.run import Progress, assess

SUBJECT = Subject(name="app", kind="app")
SECOND = 1 / 60


class Slow:
    """An app that takes a second for each answer, and the clock that says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []

    def clock(self) -> float:
        return self.now

    def ask(self, question: Question) -> Reply:
        self.now += 1
        self.asked.append(question.id)
        return Reply("Yes, by all means.")


def _run(minutes: float | None, seed: int = 0) -> tuple[Slow, Assessment, list[Progress]]:
    app, told = Slow(), list[Progress]()
    found = assess(
        app.ask, SUBJECT, quick=True, minutes=minutes, seed=seed, progress=told.append, clock=app.clock
    )
    return app, found, told


def test_when_the_time_is_up_each_kind_has_had_its_share() -> None:
    app, found, told = _run(150 * SECOND)
    _, whole, _ = _run(None)
    assert whole.unasked == 0
    assert found.asked + found.unasked == whole.asked
    assert 110 <= found.asked <= 150
    assert app.asked[0] == "first"
    shares = {
        one.id: one.n / other.n for one, other in zip(found.measures, whole.measures, strict=True) if other.n
    }
    assert all(0.1 < share <= 1 for share in shares.values()), shares
    assert {one.id for one in found.measures} == {one.id for one in whole.measures}
    assert f"{found.unasked} of {whole.asked} questions were not asked" in as_markdown(found)
    assert found.errors == 0
    assert {one.questions for one in told} == {whole.asked}
    assert told[-1].answered == found.asked
    assert all(0 <= one.seconds_left <= 150 for one in told)


def test_pairs_are_asked_together_in_an_order_that_the_seed_draws() -> None:
    questions = [Question(f"{pair}.{side}", f"{pair} {side}") for pair in range(30) for side in "ab"]
    orders: list[list[str]] = []
    for seed in (0, 0, 1):
        app = Slow()
        asker = Asker(app.ask, concurrency=1, until=20.5, clock=app.clock, seed=seed)
        replies = asker.all(questions)
        assert [reply.error for reply in replies].count(None) == len(app.asked) == 20
        assert [one.partition(".")[0] for one in app.asked[::2]] == [
            one.partition(".")[0] for one in app.asked[1::2]
        ]
        orders.append(app.asked)
    assert orders[0] == orders[1] != orders[2]


def test_without_time_nothing_is_told_and_nothing_breaks() -> None:
    _, found, _ = _run(0.0)
    assert found.asked == 0
    assert {one.n for one in found.measures} == {0}
    assert {gap.verdict for gap in found.gaps} <= {"cannot tell"}
