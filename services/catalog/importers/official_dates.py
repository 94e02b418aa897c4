"""The dates of CMS files, as ISO strings. Each distinct one is converted once: millions of rows share a few hundred."""

from __future__ import annotations

from datetime import date, timedelta


class CompactDates(dict[str, str]):
    """`YYYYMMDD` to `YYYY-MM-DD`. `none` are the ways of saying that there is no date, which give "".

    Raises ValueError for everything else.
    """

    def __init__(self, *none: str) -> None:
        super().__init__(dict.fromkeys(none, ""))

    def __missing__(self, filed: str) -> str:
        if len(filed) != 8 or not (filed.isascii() and filed.isdigit()):
            raise ValueError(f"{filed!r} is no date of the form YYYYMMDD")
        try:
            iso = date(int(filed[:4]), int(filed[4:6]), int(filed[6:])).isoformat()
        except ValueError:
            raise ValueError(f"{filed!r} is no date of the form YYYYMMDD") from None
        self[filed] = iso
        return iso


class DayOfYearDates(dict[str, str]):
    """`YYYYDDD` (year and day of the year) to `YYYY-MM-DD`; `none` and errors as in `CompactDates`."""

    def __init__(self, *none: str) -> None:
        super().__init__(dict.fromkeys(none, ""))

    def __missing__(self, filed: str) -> str:
        if len(filed) != 7 or not (filed.isascii() and filed.isdigit()) or filed[:4] == "0000":
            raise ValueError(f"{filed!r} is no date of the form YYYYDDD")
        first = date(int(filed[:4]), 1, 1)
        number = int(filed[4:])
        if not 1 <= number <= (date(first.year, 12, 31) - first).days + 1:
            raise ValueError(f"{filed!r} is no date of the form YYYYDDD")
        self[filed] = iso = (first + timedelta(days=number - 1)).isoformat()
        return iso
