"""Medically unlikely edits in sentences (NCCI Policy Manual, chapter I, section V; MLN SE1422)."""

from __future__ import annotations

from .rows import Mue

ADJUDICATION: dict[str, str] = {
    "1": "Judged line by line; may be overturned on records (MAI 1).",
    "2": "Judged over the whole date of service, and absolute: no record overturns it (MAI 2).",
    "3": "Judged over the whole date of service; appealable with records (MAI 3).",
}
"""MUE adjudication indicator: 1 a line, 2 a date of service by policy, 3 a date of service by clinical benchmarks."""

UNPUBLISHED = "No value is published; some are confidential, so this is not unlimited."
"""A code absent from the published file (NCCI Policy Manual, chapter I, section V)."""


def limit(row: Mue) -> str:
    """ "1 a day", "1 a line", "not payable": the value with what it counts over."""
    if row.value == "0":
        return "not payable"
    return f"{row.value} a {'line' if row.mai == '1' else 'day'}"


def sentence(row: Mue, setting: str) -> str:
    """`setting` in a coder's words: "practitioner", "outpatient hospital", "DME supplier"."""
    if row.value == "0":
        return f"Not payable in the {setting} setting (MUE 0)."
    units = "1 unit" if row.value == "1" else f"{row.value} units"
    return f"At most {units} a {'line' if row.mai == '1' else 'day'} ({setting})."


def adjudication(row: Mue) -> str:
    return ADJUDICATION.get(row.mai, f"MAI {row.mai or 'blank'}: not explained by CMS.")
