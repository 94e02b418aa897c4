"""Lines and csv records: encodings, ends of lines, line numbers, and what is no text."""

from __future__ import annotations

import codecs
import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.importers import text
from services.catalog.importers.errors import FileError


def lines(content: bytes) -> list[str]:
    return [line for _, line in text.read_lines(io.BytesIO(content), "table.txt")]


def records(content: bytes, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    return list(text.read_csv(io.BytesIO(content), "table.csv", delimiter))


@pytest.mark.parametrize(
    "content",
    [
        "Ménière\nSjögren".encode(),
        codecs.BOM_UTF8 + "Ménière\r\nSjögren\r\n".encode(),
        "Ménière\nSjögren\n".encode("cp1252"),
        "Ménière\nSjögren\n".encode("latin-1"),
        "Ménière\n".encode() + "Sjögren".encode("cp1252"),
    ],
)
def test_encodings_of_official_files(content):
    assert lines(content) == ["Ménière", "Sjögren"]


def test_windows_punctuation():
    assert lines("5 μg – “as filed”\n".replace("μ", "µ").encode("cp1252")) == ["5 µg – “as filed”"]


def test_an_empty_file_has_no_lines():
    assert lines(b"") == []
    assert lines(codecs.BOM_UTF8) == []


def test_only_line_feeds_end_a_line():
    assert lines("a\u2028b\x0cc\x85d\n\ne".encode()) == ["a\u2028b\x0cc\x85d", "", "e"]


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\ufeff"))), st.sampled_from(["\n", "\r\n"])
)
def test_lines_come_back_numbered_whatever_the_size_of_the_chunks(filed, end):
    content = "".join(line + end for line in filed).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_CHUNK", 3)
        found = list(text.read_lines(io.BytesIO(content), "table.txt"))
    assert found == list(enumerate(filed, 1))


@given(st.binary())
def test_any_bytes_are_lines_or_a_file_error(content):
    try:
        found = lines(content)
    except FileError as error:
        assert 1 <= error.line <= content.count(b"\n") + 1
    else:
        assert b"\0" not in content
        assert content.count(b"\n") <= len(found) <= content.count(b"\n") + 1


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("A00\nB20\n".encode("utf-16"), 1, "UTF-16"),
        ("A00\nB20\n".encode("utf-16-be"), 1, "NUL byte"),
        (b"A00\nB20\n\0", 3, "NUL byte"),
        (b"A00\nB20\nC\x81\n", 3, "byte 0x81"),
        (b"A00\n%PDF-1.7\n\x8f\x9d", 3, "byte 0x8f"),
        (b"A00\n" + b"B" * (text.MAX_LINE_CHARACTERS + 300_000), 2, "more than 1,048,576 characters"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(content, line, reason):
    with pytest.raises(FileError, match=reason) as raised:
        lines(content)
    assert raised.value.line == line
    assert raised.value.file == "table.txt"


def test_the_line_of_a_bad_byte_far_into_a_file():
    with pytest.raises(FileError) as raised:
        lines(b"0123456789\n" * 100_000 + b"\x81")
    assert raised.value.line == 100_001


def test_a_record_is_numbered_by_the_line_on_which_it_begins():
    content = b'"a notice\r\nover three\r\nlines",,\r\n"Code\nof","Value"\n\n27250,1\n'
    assert records(content) == [
        (1, ["a notice\nover three\nlines", "", ""]),
        (4, ["Code\nof", "Value"]),
        (6, []),
        (7, ["27250", "1"]),
    ]


def test_another_delimiter():
    assert records(b"27250\tOne, two\n", "\t") == [(1, ["27250", "One, two"])]


def test_a_quote_that_is_never_closed_is_named_with_its_line():
    with pytest.raises(FileError, match="not a csv record") as raised:
        records(b'27250,1\n27252,"' + b"a line that goes on\n" * 10_000)
    assert raised.value.line == 2


CELLS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0\ufeff")), min_size=1)


@given(st.lists(CELLS))
def test_csv_records_come_back_on_their_lines(filed):
    # csv writes a record of one empty cell as "" and reads it back so.
    written = io.StringIO()
    begins = []
    for record in filed:
        begins.append(len(re.findall("\n", written.getvalue())) + 1)
        csv.writer(written, lineterminator="\n").writerow(record)
    assert records(written.getvalue().encode()) == list(zip(begins, filed, strict=True))
