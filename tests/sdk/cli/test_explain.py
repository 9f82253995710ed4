"""`prudent explain`: what people and programs are told, and a page that no text can break out of."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from prudent.cli.explain_html import as_page
from prudent.cli.explain_view import coloured, details, legible, print_explained, quoted
from prudent.cli.main import app
from prudent.types.content import Source
from prudent.types.safety import (
    Action,
    AnswerPair,
    CategoryVerdict,
    CheckState,
    PromptFilterResult,
    VerdictSpan,
)

KEY = "AKIA" + "IOSFODNN7EXAMPLE"


@pytest.fixture
def policy(tmp_path: Path) -> str:
    """Credentials are blocked, addresses are noticed; no model is needed."""
    path = tmp_path / "plain.yaml"
    path.write_text(
        "name: plain\nversion: '1'\nrules:\n  user:\n"
        "    - {check: secrets, severity: 4, action: block}\n"
        "    - {check: personal_data, severity: 2, action: annotate}\n"
    )
    return str(path)


def verdict(text: str, *spans: tuple[int, int, float, bool]) -> CategoryVerdict:
    return CategoryVerdict(
        filtered=True,
        detected=True,
        severity_level=6,
        score=0.91,
        action=Action.BLOCK,
        spans=[VerdictSpan(start=a, end=b, weight=w, decisive=d, label="hate") for a, b, w, d in spans],
        reason="an attack on people",
        counterfactual="0.08, under 0.50, without the decisive word",
        fidelity=0.8,
    )


def page(text: str, *spans: tuple[int, int, float, bool]) -> str:
    results = {"hate": verdict(text, *spans)}
    result = PromptFilterResult(prompt_index=0, source=Source.USER, content_filter_results=results)
    return as_page([(text, result)], "plain")


class Page(HTMLParser):
    """The tags of a page, its attributes, and the text of its quotations."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.quoted = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._inside = self._inside or tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "blockquote"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.quoted += data


def test_people_are_told_what_was_found_and_programs_the_verdicts(policy: str) -> None:
    asked = ["explain", f"my key is {KEY}", "--policy", policy]
    people, programs = CliRunner().invoke(app, asked), CliRunner().invoke(app, [*asked, "--json"])
    assert people.exit_code == programs.exit_code == 1, people.output + programs.output
    assert "secrets: blocked, severity 7 of 7 (high)" in people.stdout
    assert f"'{KEY}' 1.00" in people.stdout
    found = json.loads(programs.stdout)
    assert (found["action"], found["policy"]) == ("block", "plain")
    assert found["content_filter_results"]["secrets"]["spans"][0]["start"] == len("my key is ")


def test_what_is_below_every_rule_is_one_line_and_a_skipped_check_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    low = CategoryVerdict(filtered=False, detected=True, severity_level=2, score=0.02)
    failed = CategoryVerdict(
        filtered=False, detected=False, state=CheckState.ERROR, action=Action.ANNOTATE, reason="it failed"
    )
    results = {"violence": low, "bias": failed}
    result = PromptFilterResult(prompt_index=0, source=Source.USER, content_filter_results=results)
    print_explained("hello", result, "plain")
    said = capsys.readouterr().out
    assert said.split("\n") == [
        "bias: it failed",
        "",
        "Below every rule of the policy: violence (severity 2, score 0.02).",
        "",
    ]
    assert "Below every rule of the policy: violence" in as_page([("hello", result)], "plain")


def test_a_text_can_come_through_a_pipe_and_be_fine(policy: str) -> None:
    done = CliRunner().invoke(app, ["explain", "--policy", policy], input="hello there")
    assert done.exit_code == 0
    assert "has nothing against this text" in done.stdout
    assert CliRunner().invoke(app, ["explain", "--policy", policy], input=" \n").exit_code == 2


def test_the_page_is_written_beside_the_answer(policy: str, tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    asked = ["explain", "write to ann@mail-example.org", "--policy", policy, "--html", str(path)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert '<mark class="w5">ann@mail-example.org</mark>' in path.read_text(encoding="utf-8")
    asked[-1] = str(tmp_path / "missing" / "why.html")
    assert "cannot be written" in CliRunner().invoke(app, asked).output


def test_two_answers_about_two_people_are_shown_with_what_differs() -> None:
    pair = AnswerPair(
        attribute="gender",
        group="women",
        other_group="men",
        decision="hiring",
        answer="No.\x1b[2J",
        other_answer="<b>Yes</b>",
        differences=["decision no against yes"],
    )
    told = verdict("No.").model_copy(update={"pair": pair})
    lines = list(details("No.", told))
    assert lines[1:] == [
        "swapped: men in place of women (gender; hiring)",
        "answer about women: No.\\x1b[2J",
        "answer about men: <b>Yes</b>",
        "differs: decision no against yes",
    ]
    result = PromptFilterResult(
        prompt_index=0, source=Source.ASSISTANT, content_filter_results={"unequal_treatment": told}
    )
    shown = as_page([("Hire her?", result)], "plain")
    assert "<dt>answer about men</dt><dd>&lt;b&gt;Yes&lt;/b&gt;</dd>" in shown


def test_alike_answers_are_said_to_be_alike(capsys: pytest.CaptureFixture[str]) -> None:
    alike = CategoryVerdict(filtered=False, detected=False, reason="answered again about men: no difference")
    result = PromptFilterResult(
        prompt_index=0, source=Source.ASSISTANT, content_filter_results={"unequal_treatment": alike}
    )
    print_explained("Yes.", result, "plain")
    said = capsys.readouterr().out
    assert said.startswith("The answer: Yes.\n")
    assert "unequal_treatment: answered again about men: no difference" in said
    assert "answered again about men: no difference" in as_page([("Yes.", result)], "plain")


def test_words_are_in_colour_and_named_in_plain_text_too() -> None:
    text = "you awful people"
    shown = coloured(text, verdict(text, (4, 9, 1.0, True), (10, 16, 0.3, False)).spans)
    assert shown.plain.strip() == "you [awful] people"
    lines = list(details(text, verdict(text, (4, 9, 1.0, True), (10, 16, 0.3, False))))
    assert "decisive: 'awful' 1.00" in lines
    assert "also carried by: 'people' 0.30" in lines
    assert any(line.startswith("would have passed: 0.08") for line in lines)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), st.data())
def test_no_text_breaks_out_of_the_page(text: str, data: st.DataObject) -> None:
    text += data.draw(st.sampled_from(["", "<script>x</script>", "</style>", "\" style='x", "<!--", "&lt;"]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    parsed = Page(page(text, (start, end, 0.7, True)))
    assert parsed.tags <= {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "section", "blockquote"),
        *("mark", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
    }
    assert parsed.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert parsed.quoted == legible(text)


def test_of_many_characters_without_a_shape_the_first_are_shown_with_their_count() -> None:
    shown = quoted("pay" + "\u200b" * 300 + "me")
    assert shown.count("\\u200b") == 3
    assert "300 characters" in shown
    assert quoted("支付 it's") == "'支付 it's'"


def test_the_pages_policy_allows_its_own_style_and_nothing_else() -> None:
    written = page("awful", (0, 5, 1.0, True))
    style = re.search(r"<style>(.*?)</style>", written, re.DOTALL)
    assert style is not None
    allowed = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{allowed}'" in written


def test_what_would_turn_the_line_around_is_written_out() -> None:
    text = "pay \u202emoc.elpmaxe\u2069 now"
    shown = coloured(text, verdict(text, (4, 5, 1.0, True)).spans)
    assert shown.plain == "  pay [\\u202e]moc.elpmaxe\\u2069 now"
    assert "pay <mark" in (written := page(text, (4, 5, 1.0, True)))
    assert "\u202e" not in written


@given(st.text())
def test_nothing_that_moves_hides_or_reorders_reaches_the_terminal(text: str) -> None:
    shown = legible(text)
    assert not {unicodedata.category(one) for one in shown if one not in "\n\t\u200c\u200d"} & {
        "Cc",
        "Cf",
        "Cs",
    }
    assert "\n" not in quoted(text)


def test_control_characters_are_named_and_what_words_and_pictures_need_stays() -> None:
    assert legible("a\x1b[2Jb\rc") == r"a\x1b[2Jb\rc"
    assert legible("می\u200cخواهم 👩\u200d🔬\n好") == "می\u200cخواهم 👩\u200d🔬\n好"
