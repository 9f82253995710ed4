"""What is written, as it is said."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prudent.capabilities.speaking.normalization import spoken

CASES = [
    ("It costs $5.", "It costs five dollars."),
    ("$5.50 or £3.01", "five dollars and fifty cents or three pounds and one penny"),
    ("$1, $1.00, $0.99", "one dollar, one dollar, ninety-nine cents"),
    ("$2.5 billion and €1,000,000", "two point five billion dollars and one million euros"),
    ("-$20", "minus twenty dollars"),
    ("on 2026-11-28", "on November twenty-eighth, twenty twenty-six"),
    ("11/28/1985", "November twenty-eighth, nineteen eighty-five"),
    ("28/11/1985", "November twenty-eighth, nineteen eighty-five"),
    ("Nov. 3, 2001", "November third, two thousand one"),
    ("the 21st of June", "the twenty-first of June"),
    ("4 July 1776", "the fourth of July, seventeen seventy-six"),
    ("at 10:30 am, 9:05 or 5pm", "at ten thirty A.M., nine oh five or five P.M."),
    ("at 10:00", "at ten o'clock"),
    ("the 1990s and the 80s", "the nineteen nineties and the eighties"),
    (
        "5 kg, 3.5 km/h and 20°C",
        "five kilograms, three point five kilometers per hour and twenty degrees Celsius",
    ),
    ("a 5-mile run, 50% done", "a five-mile run, fifty percent done"),
    ("1st, 2nd, 3rd and 112th", "first, second, third and one hundred twelfth"),
    ("1/2 cup and 2 3/4 hours", "one half cup and two and three quarters hours"),
    ("pages 10-20", "pages ten to twenty"),
    ("-5 or −5", "minus five or minus five"),
    ("code 007", "code zero zero seven"),
    ("v1.2.3", "version one point two point three"),
    ("call (650) 253-0000", "call six five zero, two five three, zero zero zero zero"),
    ("see https://www.example.com/a1.", "see example dot com slash a one."),
    ("ann.lee@example.org wrote", "ann dot lee at example dot org wrote"),
    ("Dr. Smith vs. Mr. Jones, etc.", "Doctor Smith versus Mister Jones, et cetera."),
    ("No. 5, e.g. this", "number five, for example this"),
    ("R&D and C++", "R and D and C plus plus"),
    ("x = 3 > 2", "x equals three greater than two"),
    ("**Bold**, `code` and [a link](http://x.y/z)", "Bold, code and a link"),
    ("# Title\n- one\n- two", "Title\none\ntwo"),
    ("I ❤️ it 😀👍🏽!", "I it!"),
    ("“It’s”", '"It\'s"'),
    ("NASA and the FBI", "NASA and the FBI"),
    ("café naïve", "café naïve"),
]


@pytest.mark.parametrize(("written", "said"), CASES, ids=[written for written, _ in CASES])
def test_written_forms_are_said_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


@given(st.text(max_size=300) | st.from_regex(r"[0-9$€.,:/%+-]{1,60}", fullmatch=True))
def test_no_digit_and_no_control_character_is_left(text: str) -> None:
    said = spoken(text)
    assert not any(character in "0123456789" for character in said)
    assert not any(character < " " and character != "\n" for character in said)


@pytest.mark.parametrize(
    "part", ["1,", "9", "a.", "1/", "$1", "a@", "http://", "*", "[a](", "1:", "1-", "1.1."]
)
def test_the_longest_input_takes_no_long_time(part: str) -> None:
    started = time.process_time()
    spoken((part * 4096)[:4096])
    assert time.process_time() - started < 3
