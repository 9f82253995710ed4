"""Spreadsheets as people have them: encodings, delimiters, columns by evident names, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prudent.client.examples import in_batches, name_from, read_examples
from prudent.client.table import read_table
from prudent.errors import InvalidRequestError, PrudentError, RequestTooLargeError
from prudent.types.classifiers import MAX_EXAMPLES

ROWS = "问题,类别\n怎么退款,退款\n我的快递到哪了,物流\n"


def _write(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gbk", "GBK"), ("gb18030", "GBK"), ("utf-16", "UTF-16")],
)
def test_chinese_is_read_in_the_encodings_that_spreadsheets_write(tmp_path, encoding, told):
    read = read_examples(_write(tmp_path, ROWS.encode(encoding)))
    assert read.table.encoding == told
    assert (read.columns.content, read.columns.label) == ("问题", "类别")
    assert [(one.text, one.label, one.row) for one in read.examples] == [
        ("怎么退款", "退款", 2),
        ("我的快递到哪了", "物流", 3),
    ]


@pytest.mark.parametrize(
    "text", ["text,label\ncafé crème,a\n", "text,label\nStraße über Köln,b\n", "text,label\n\x80,b\n"]
)
def test_another_code_page_is_refused_and_not_read_as_chinese(tmp_path, text):
    with pytest.raises(
        InvalidRequestError, match=r"neither UTF-8 nor GBK text \(line 2 cannot be read\)"
    ) as caught:
        read_table(_write(tmp_path, text.encode("latin-1")))
    assert caught.value.hint == "Save it as CSV UTF-8."


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    lines = [("text", "label"), ("one, two; three" if delimiter not in ",;" else "one", "a")]
    file = _write(tmp_path, "\r\n".join(delimiter.join(line) for line in lines))
    assert read_table(file).rows == [dict(zip(*lines, strict=True))]


def test_rows_are_numbered_by_the_line_they_begin_on(tmp_path):
    file = _write(tmp_path, 'text,label\n"two\nlines",a\n\nb,c,d\ne,f\n,\n')
    table = read_table(file)
    assert table.rows == [
        {"text": "two\nlines", "label": "a"},
        {"text": "e", "label": "f"},
        {"text": "", "label": ""},
    ]
    assert (table.numbers, table.uneven) == ([2, 6, 7], [5])


def test_json_lines_are_read(tmp_path):
    records = [{"message": "hi", "intent": "greet", "n": 3}, {"message": None, "intent": True}]
    file = _write(tmp_path, "\n".join(map(json.dumps, records)), "data.jsonl")
    read = read_examples(file, group="n")
    assert [(one.text, one.label, one.group) for one in read.examples] == [
        ("hi", "greet", "3"),
        ("", "true", None),
    ]


@pytest.mark.parametrize(
    ("header", "content", "label"),
    [
        ("id,Question,Intent", "Question", "Intent"),
        ("label,something", "something", "label"),
        ("text,kind", "text", "kind"),
        ("photo,category,id", "photo", "category"),
    ],
)
def test_columns_with_evident_names_need_not_be_named(tmp_path, header, content, label):
    (tmp_path / "x").write_bytes(b"image")
    row = ",".join("x" for _ in header.split(","))
    read = read_examples(_write(tmp_path, f"{header}\n{row}\n"))
    assert (read.columns.content, read.columns.label) == (content, label)
    assert (read.examples[0].image is None) == (content != "photo")


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("a,b,c\n1,2,3\n", {}, "which column has the texts"),
        ("text,b,c\n1,2,3\n", {}, "which column has the labels"),
        ("text,b\n1,2\n", {"label": "class"}, "has no column 'class'"),
        ("text,b\n1,2\n", {"group": "who"}, "has no column 'who'"),
        ("text,label\n1,2\n", {"label": "text"}, "texts and labels in one column"),
        ("text,question,label\n1,2,3\n", {}, "which column has the texts"),
    ],
)
def test_a_column_that_is_missing_is_said_with_those_there_are(tmp_path, content, options, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        read_examples(_write(tmp_path, content), **options)
    assert caught.value.hint == f"Its columns are: {content.partition(chr(10))[0].replace(',', ', ')}."


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ('text,label\n"open,a\n', "a.csv", "not a well-formed table at line 2"),
        ('text,label\n"a"b,c\n', "a.csv", "not a well-formed table at line 2"),
        ("text,text\n1,2\n", "a.csv", "column 'text' stands twice"),
        ("text,,\n1,2,3\n", "a.csv", "Two columns have no name"),
        ("", "a.csv", "is empty"),
        ("text,label\n", "a.csv", "has no rows"),
        ("text,label\n\0,a\n", "a.csv", "null bytes"),
        ("[1]\n", "a.jsonl", "Line 1 of a.jsonl is not a JSON object"),
        ("PK", "a.xlsx", "is a workbook"),
        ("a", "a.docx", "no format that is read"),
        (b"\xff\xfea", "a.csv", "says it is UTF-16"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path, content, name, words):
    with pytest.raises(InvalidRequestError, match=words):
        read_examples(_write(tmp_path, content, name))


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(InvalidRequestError, match="No such file"):
        read_examples(tmp_path / "none.csv")
    with pytest.raises(InvalidRequestError, match=r"Row 2: .*none\.jpg"):
        read_examples(_write(tmp_path, "photo,label\nnone.jpg,a\n"))


def test_of_a_hundred_thousand_rows_some_are_drawn_evenly(tmp_path):
    lines = [f"text {n},{'rare' if n % 100 == 0 else 'often' if n % 3 else 'some'}" for n in range(100_000)]
    file = _write(tmp_path, "text,label\n" + "\n".join(lines))
    read = read_examples(file)
    counts = {label: sum(one.label == label for one in read.examples) for label in ("rare", "some", "often")}
    assert counts == {"rare": 1000, "some": 4500, "often": 4500}
    assert sum(counts.values()) == MAX_EXAMPLES
    assert [(one.reason, one.count) for one in read.left_out] == [("not_drawn", 90_000)]
    assert [one.row for one in read.examples] == sorted({one.row for one in read.examples})
    assert read_examples(file, seed=1).examples != read.examples


def test_images_together_are_bounded(tmp_path):
    (tmp_path / "big.png").write_bytes(bytes(50 * 2**20))
    file = _write(tmp_path, "photo,label\nbig.png,a\nbig.png,b\n")
    with pytest.raises(RequestTooLargeError, match="more than 128 MiB together"):
        read_examples(file)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.txt"]))
def test_any_bytes_are_a_table_or_an_error_in_words(tmp_path, data, name):
    file = _write(tmp_path, data, name)
    try:
        table = read_table(file)
    except PrudentError:
        return
    assert all(set(row) == set(table.columns) for row in table.rows)


def test_a_files_name_becomes_a_classifiers():
    assert name_from("My Support Requests (2).csv") == "my-support-requests-2"
    with pytest.raises(InvalidRequestError, match=r"客服\.csv"):
        name_from("客服.csv")


def test_batches_are_as_large_as_a_request_takes():
    sizes = [(len(texts), len(images)) for texts, images in in_batches(["a"] * 300, [Path("b")] * 40)]
    assert sizes == [(256, 0), (44, 0), (0, 32), (0, 8)]
