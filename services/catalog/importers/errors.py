"""The one error that importers and the readers below them raise."""

from __future__ import annotations


class FileError(Exception):
    """A file that is not what its name and first lines say. Stops the build; the release before it stays.

    `line` is 1-based; 0 where the fault is of the file as a whole (truncated, no zip, no such member).
    """

    def __init__(self, file: str, line: int, reason: str) -> None:
        where = f"{file}, line {line}" if line else file
        super().__init__(f"{where}: {reason}")
        self.file, self.line, self.reason = file, line, reason
