"""What comes again is not checked again, and what is remembered is what would be found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from word_check import WordCheck

from prudent.types.content import Source
from prudent.types.safety import Action, ContentFilterResults
from prudent_responsible_ai import Part, Pipeline, Policy
from prudent_responsible_ai.check import CheckContext, Finding, Unit
from prudent_responsible_ai.policy import OnFailure, Rule

RULES = [Rule(check="storm", action=Action.REDACT, on_error=OnFailure.ALLOW)]


class LooksAround(WordCheck):
    """Finds the word only where another part has it too."""

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """The findings."""
        found = super().check(text, context)
        return found if found and sum(self.id in part.text for part in context.around) > 1 else []


class Failing(WordCheck):
    """Fails the first time."""

    def check(self, text: str, context: CheckContext) -> list[Finding]:
        """The findings."""
        if not self.seen:
            self.seen.append(text)
            raise ValueError
        return super().check(text, context)


def pipeline(check: WordCheck) -> Pipeline:
    return Pipeline(Policy(name="w", version="1", rules=dict.fromkeys(Source, RULES)), [check])


def found(results: ContentFilterResults) -> object:
    return results["storm"].model_copy(update={"milliseconds": 0.0})


def test_a_history_is_checked_once() -> None:
    check = WordCheck("storm", Unit.SENTENCE)
    judge = pipeline(check)
    turns = [Part(f"turn {n}", Source.USER, n) for n in range(5)]
    for count in range(1, 6):
        judge.review(turns[:count])
    assert check.seen == [part.text for part in turns]
    judge.review([Part("turn 1", Source.DOCUMENT)])
    assert len(check.seen) == 6, "another source is another question"


def test_what_depends_on_other_parts_is_looked_at_again() -> None:
    judge = pipeline(LooksAround("storm"))
    one = Part("a storm", Source.USER)
    assert not judge.review([one]).results[0].content_filter_results["storm"].detected
    both = judge.review([one, Part("storm", Source.USER, 1)])
    assert both.results[0].content_filter_results["storm"].detected


def test_the_same_among_the_same_parts_is_checked_once() -> None:
    check = LooksAround("storm")
    judge = pipeline(check)
    parts = [Part("a storm", Source.USER), Part("storm", Source.USER, 1)]
    first, again = judge.review(parts), judge.review(parts)
    assert len(check.seen) == 2
    assert [found(one.content_filter_results) for one in first.results] == [
        found(one.content_filter_results) for one in again.results
    ]


def test_a_failure_is_not_remembered() -> None:
    judge = pipeline(Failing("storm"))
    part = Part("a storm", Source.USER)
    judge.review([part])
    assert judge.review([part]).results[0].content_filter_results["storm"].detected


@given(
    st.lists(st.tuples(st.sampled_from(["storm", "a storm, a storm", "sun", ""]), st.sampled_from(Source)))
)
def test_what_is_remembered_is_what_is_found(texts: list[tuple[str, Source]]) -> None:
    judge = pipeline(WordCheck("storm"))
    parts = [Part(text, source, index) for index, (text, source) in enumerate(texts)]
    first, again = judge.review(parts), judge.review(parts)
    assert [part.text for part in first.parts] == [part.text for part in again.parts]
    pairs = zip(first.results, again.results, strict=True)
    assert all(found(a.content_filter_results) == found(b.content_filter_results) for a, b in pairs)
