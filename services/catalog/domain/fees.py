"""Payment under the Physician Fee Schedule, in exact decimals.

Amount = (work x GPCI work + PE x GPCI PE + MP x GPCI MP) x conversion factor, with the practice expense of the setting
and one rounding at the end, half up, to the cent (42 CFR 414.20; Claims Processing Manual 100-04, chapter 12, section
20.1). National means a GPCI of 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from .indicators import PAID_STATUSES
from .rows import Gpci, Rvu

CENT = Decimal("0.01")


class Setting(StrEnum):
    NON_FACILITY = "non_facility"
    FACILITY = "facility"


@dataclass(frozen=True, slots=True)
class Indices:
    """Geographic practice cost indices of one place."""

    work: Decimal
    pe: Decimal
    mp: Decimal


NATIONAL = Indices(Decimal(1), Decimal(1), Decimal(1))


def indices(row: Gpci) -> Indices:
    return Indices(Decimal(row.work), Decimal(row.pe), Decimal(row.mp))


def is_paid(row: Rvu) -> bool:
    """Whether the row's relative values are a payment: status A, R or T, some value, and a conversion factor.

    Rows with another status may carry relative values all the same; those are not used for Medicare payment.
    """
    return row.status in PAID_STATUSES and bool(figure(row.conversion_factor)) and any(_values(row))


def amount(row: Rvu, setting: Setting, where: Indices = NATIONAL) -> Decimal:
    """Dollars to the cent. A figure that the file leaves blank counts as zero; see `is_paid`."""
    pe = figure(row.pe_facility if setting is Setting.FACILITY else row.pe_non_facility)
    units = figure(row.work) * where.work + pe * where.pe + figure(row.mp) * where.mp
    return (units * figure(row.conversion_factor)).quantize(CENT, ROUND_HALF_UP)


def dollars(value: Decimal) -> str:
    return f"${value:,.2f}"


def percent(share: Decimal) -> str:
    """A share (0.69) as whole or broken percent: "69%"."""
    return f"{(share * 100).normalize():f}%"


def share_with_54(row: Rvu) -> Decimal:
    """What 54 pays: the preoperative and the intraoperative share (100-04, chapter 12, section 40.4)."""
    return figure(row.pre_op) + figure(row.intra_op)


def share_with_55(row: Rvu) -> Decimal:
    """What 55 pays: the postoperative share, in full if one takes over on the day of discharge (section 40.4)."""
    return figure(row.post_op)


def _values(row: Rvu) -> list[Decimal]:
    return [figure(value) for value in (row.work, row.pe_non_facility, row.pe_facility, row.mp)]


def figure(text: str) -> Decimal:
    """A figure as filed; blank or unreadable counts as zero."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)
