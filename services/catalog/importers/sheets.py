"""Rows of the first sheet of an xlsx, streamed, every cell as the text that was filed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from .errors import FileError
from .unpacking import open_zip, reasons, refuse_bomb

MAX_ROWS = 1_048_576  # what a sheet of Excel can hold


def read_rows(file: IO[bytes], name: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yields (1-based row of the sheet, cells) of the first sheet. `file` must be seekable.

    A row is as long as its last stored cell says, so trailing empty cells may be missing; rows that are not stored
    come as (). Numbers: 15 significant digits, no ".0" ("3", "3.82"); leading zeros that a spreadsheet dropped are
    gone. Cells with a date format come as ISO dates, whatever the format shows. Raises FileError for what is no xlsx,
    for hostile XML inside and for a decompression bomb.
    """
    with ExitStack() as stack:
        _refuse_bombs(file, name)
        with reasons(name):
            rows = _open(file, name, stack)
        number = 0
        while True:
            try:
                row = next(rows, None)
            except (ParseError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile) as error:
                # defusedxml's refusals are ValueErrors.
                raise FileError(name, number + 1, f"the sheet is damaged ({error!r})") from error
            if row is None:
                return
            number += 1
            if number > MAX_ROWS:
                raise FileError(name, number, f"a sheet of more than {MAX_ROWS:,} rows")
            yield number, tuple(map(_text, row))


def _refuse_bombs(file: IO[bytes], name: str) -> None:
    """The zip module never reads more of a member than its header states, so the headers are enough to go by."""
    with ExitStack() as stack:
        archive = open_zip(file, name, stack)
        packed = sum(info.compress_size for info in archive.filelist)
        refuse_bomb(name, sum(info.file_size for info in archive.filelist), packed)
    file.seek(0)


def _open(file: IO[bytes], name: str, stack: ExitStack) -> Iterator[tuple[Any, ...]]:
    # Loading openpyxl takes longer than everything else a process without spreadsheets imports here.
    from openpyxl import DEFUSEDXML, load_workbook

    if not DEFUSEDXML:
        raise FileError(name, 0, "cannot be read safely: defusedxml is not installed or switched off")
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        stack.callback(book.close)
        sheet = book.worksheets[0]
    except (ParseError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise FileError(name, 0, f"not an xlsx workbook ({error!r})") from error
    # Some publishers' files state a dimension that is wrong (one cell), and the reader would stop there.
    sheet.reset_dimensions()
    return sheet.iter_rows(values_only=True)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
