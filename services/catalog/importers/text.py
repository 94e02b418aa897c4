"""Lines and csv records of a byte stream: UTF-8 with or without a byte order mark, else Windows-1252, as CMS writes.

Official files are ASCII almost everywhere. A few are UTF-8, a few Windows-1252 (which holds Latin-1's letters), and
some Medicare exports mix both, so what is no UTF-8 is read as Windows-1252 byte by byte.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import BinaryIO

from .errors import FileError

MAX_LINE_CHARACTERS = 1 << 20
_CHUNK = 256 << 10
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FALLBACK = "medcodes-windows-1252"


def read_lines(stream: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Yields (1-based line number, line without its end). Ends of line are LF or CRLF.

    Raises FileError for UTF-16, for NUL bytes, for bytes that are letters in neither encoding, and for a line of more
    than a million characters.
    """
    codecs.register_error(_FALLBACK, _as_windows_1252)
    decoder = codecs.getincrementaldecoder("utf-8-sig")(_FALLBACK)
    number, rest = 0, ""
    while True:
        chunk = stream.read(_CHUNK)
        _refuse_binary(chunk, name, number)
        try:
            text = rest + decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            at = number + 1 + error.object[: error.start].count(b"\n")
            byte = error.object[error.start]
            raise FileError(name, at, f"byte 0x{byte:02x} is text neither in UTF-8 nor in Windows-1252") from None
        lines = text.split("\n")
        rest = lines.pop()
        for line in lines:
            number += 1
            yield number, line.removesuffix("\r")
        if len(rest) > MAX_LINE_CHARACTERS:
            raise FileError(name, number + 1, f"a line of more than {MAX_LINE_CHARACTERS:,} characters")
        if not chunk:
            break
    if rest:
        yield number + 1, rest.removesuffix("\r")


def read_csv(stream: BinaryIO, name: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yields (line on which the record begins, cells). Quoted cells may span lines; an empty line is an empty list.

    Raises FileError where `read_lines` does, and for a cell of more than 131,072 characters (a quote never closed).
    """
    records = csv.reader((line + "\n" for _, line in read_lines(stream, name)), delimiter=delimiter)
    begins = 1
    try:
        for record in records:
            yield begins, record
            begins = records.line_num + 1
    except csv.Error as error:
        raise FileError(name, begins, f"not a csv record: {error}") from None


def _refuse_binary(chunk: bytes, name: str, lines_before: int) -> None:
    if lines_before == 0 and chunk.startswith(_UTF16_MARKS):
        raise FileError(name, 1, "is UTF-16; save it as UTF-8")
    at = chunk.find(b"\0")
    if at >= 0:
        raise FileError(name, lines_before + 1 + chunk.count(b"\n", 0, at), "a NUL byte: not a text file, or UTF-16")


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """A decoder's error handler. Raises the error again for the five bytes that Windows-1252 leaves undefined."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    try:
        return error.object[error.start : error.end].decode("cp1252"), error.end
    except UnicodeDecodeError:
        raise error from None
