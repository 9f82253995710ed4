"""Texts of files: what a reader sees of HTML, any encoding, and clear words for what is no text."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from word_vectors import WordVectors

from prudent.errors import RequestTooLargeError, UnsupportedMediaError
from prudent_agents.knowledge.extraction import extract
from prudent_agents.knowledge.extraction.html import read_html
from prudent_agents.knowledge.extraction.plain import read_text
from prudent_agents.senses import Senses

PAGE = """<html><head><title>Shop &amp; Co</title><style>p {}</style><script>var a = "<p>no</p>";</script>
</head><body><h1>Refunds</h1><p>Within  <b>seven</b>
days<br>of buying.</p><ul><li>By mail</li><li>In the shop</li></ul>
<table><tr><td>Fee</td><td>2 EUR</td></tr></table><pre>a  b
c</pre><a href="http://example.org/x">more</a>
<svg><text>no</text></svg><img alt="a red box" src="x.png"></body>"""


def test_html_is_what_a_reader_sees() -> None:
    page = read_html(PAGE.encode(), "shop.html")
    assert page.title == "Shop & Co"
    assert page.text == (
        "Refunds\n\nWithin seven days\nof buying.\n\nBy mail\nIn the shop\n\nFee\t2 EUR\n\na  b\nc\n\n"
        "more a red box"
    )
    assert [(heading.offset, heading.text) for heading in page.headings] == [(0, "Refunds")]


def test_html_may_say_its_encoding() -> None:
    assert read_html('<meta charset="gbk"><p>退款</p>'.encode("gbk"), "a.html").text == "退款"
    assert read_html('<meta charset="rot13"><p>退款</p>'.encode(), "a.html").text == "退款"


@pytest.mark.parametrize("piece", ["<", "<!--", "<![CDATA[", "<a ", "&#", "<div>", "</", "<?"])
def test_broken_html_takes_bounded_time(piece: str) -> None:
    began = time.process_time()
    read_html((piece * 20_000).encode(), "broken.html")
    assert time.process_time() - began < 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
def test_text_in_any_encoding(encoding: str) -> None:
    assert read_text("价格 9 欧元\r\n".encode(encoding), "a.txt").text == "价格 9 欧元\n"


def test_what_is_no_text_is_refused_in_words() -> None:
    with pytest.raises(UnsupportedMediaError, match="is no text"):
        read_text(b"\x00\x01\x02", "program")
    with pytest.raises(RequestTooLargeError, match="Split it"):
        read_text(b"a" * 10_000_001, "long.txt")


def test_a_pdf_is_read_some_pages_at_a_time() -> None:
    client = WordVectors(pages=[f"Page {number}." for number in range(1, 36)])
    document = extract(Path("long.pdf"), b"", Senses(client))  # pyright: ignore[reportArgumentType]
    assert [mark.page for mark in document.marks] == list(range(1, 36))
    assert document.text[document.marks[34].offset :] == "Page 35."
    assert max(len(pages or []) for pages in client.asked_for) <= 16


def test_a_recording_knows_when_what_is_said() -> None:
    said = [
        SimpleNamespace(text=" Good morning.", start=0.5, end=2.0),
        SimpleNamespace(text=" Bye.", start=3, end=4),
    ]
    document = extract(Path("memo.wav"), b"", Senses(WordVectors(segments=said)))  # pyright: ignore[reportArgumentType]
    assert document.text == "Good morning.\nBye."
    assert [(mark.offset, mark.seconds, mark.until) for mark in document.marks] == [(0, 0.5, 2), (14, 3, 4)]
