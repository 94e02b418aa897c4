"""The indicators of the HCPCS Level II file (ANWEB), in sentences.

Source of every table: the record layout that CMS publishes with the file (HCPCS contractor record layout: the code
tables of fields 9, 10, 16, BETOS_TB and CMS_TYPE_SRVC_TB).
"""

from __future__ import annotations

COVERAGE: dict[str, str] = {
    "C": "Coverage is the contractor's judgment.",
    "D": "Special coverage instructions apply.",
    "I": "Not payable by Medicare.",
    "M": "Not covered by Medicare.",
    "S": "Not covered, by Medicare statute.",
}
"""Field 16, coverage code."""

PRICING: dict[str, str] = {
    "00": "not separately priced by Part B",
    "11": "national relative values (fee schedule)",
    "12": "national anesthesia base units",
    "13": "set by the contractor",
    "21": "clinical laboratory fee schedule, national limit",
    "22": "clinical laboratory, set by the contractor",
    "31": "frequently serviced DME",
    "32": "inexpensive and routinely purchased DME",
    "33": "oxygen and oxygen equipment",
    "34": "DME supplies",
    "35": "surgical dressings",
    "36": "capped rental DME",
    "37": "ostomy, tracheostomy and urological supplies",
    "38": "orthotics, prosthetics, prosthetic devices and vision services",
    "39": "parenteral and enteral nutrition",
    "45": "customized DME",
    "46": "DME set by the contractor",
    "51": "drugs",
    "52": "reasonable charge",
    "53": "set by statute",
    "54": "vaccinations",
    "55": "splints and casts",
    "56": "intraocular lenses inserted in an office",
    "57": "other, set by the contractor",
    "99": "value not established",
}
"""Field 9, pricing indicator; a code has one to four."""

TYPE_OF_SERVICE: dict[str, str] = {
    "0": "whole blood",
    "1": "medical care",
    "2": "surgery",
    "3": "consultation",
    "4": "diagnostic radiology",
    "5": "diagnostic laboratory",
    "6": "therapeutic radiology",
    "7": "anesthesia",
    "8": "assistant at surgery",
    "9": "other medical items or services",
    "A": "used DME",
    "B": "high-risk screening mammography",
    "C": "low-risk screening mammography",
    "D": "ambulance",
    "E": "enteral and parenteral nutrients and supplies",
    "F": "ambulatory surgical center",
    "G": "immunosuppressive drugs",
    "H": "hospice services",
    "I": "purchase of DME by installments",
    "J": "diabetic shoes",
    "K": "hearing items and services",
    "L": "ESRD supplies",
    "M": "monthly capitation for dialysis",
    "N": "kidney donor",
    "P": "lump-sum purchase of DME, prosthetics, orthotics",
    "Q": "vision items or services",
    "R": "rental of DME",
    "S": "surgical dressings or other medical supplies",
    "T": "outpatient mental health limitation",
    "U": "occupational therapy",
    "V": "pneumococcal or flu vaccine",
    "W": "physical therapy",
    "Y": "second opinion on elective surgery",
    "Z": "third opinion on elective surgery",
}
"""CMS_TYPE_SRVC_TB; a code has up to five."""

_BETOS_GROUPS: dict[str, str] = {
    "M1A": "office visits, new",
    "M1B": "office visits, established",
    "M2A": "hospital visit, initial",
    "M2B": "hospital visit, subsequent",
    "M2C": "hospital visit, critical care",
    "M3": "emergency room visit",
    "M4A": "home visit",
    "M4B": "nursing home visit",
    "M5A": "specialist, pathology",
    "M5B": "specialist, psychiatry",
    "M5C": "specialist, ophthalmology",
    "M5D": "specialist, other",
    "M6": "consultations",
    "P0": "anesthesia",
    "P1": "major procedure",
    "P2": "major cardiovascular procedure",
    "P3": "major orthopedic procedure",
    "P4": "eye procedure",
    "P5": "ambulatory procedure",
    "P6": "minor procedure",
    "P7": "oncology",
    "P8": "endoscopy",
    "P9": "dialysis services",
    "I1": "standard imaging",
    "I2": "advanced imaging",
    "I3": "ultrasound",
    "I4": "imaging with a procedure",
    "T1": "laboratory tests",
    "T2": "other tests",
    "D1A": "medical and surgical supplies",
    "D1B": "hospital beds",
    "D1C": "oxygen and supplies",
    "D1D": "wheelchairs",
    "D1E": "other DME",
    "D1F": "prosthetic and orthotic devices",
    "D1G": "drugs given through DME",
    "O1A": "ambulance",
    "O1B": "chiropractic",
    "O1C": "enteral and parenteral",
    "O1D": "chemotherapy",
    "O1E": "other drugs",
    "O1F": "hearing and speech services",
    "O1G": "immunizations and vaccinations",
    "Y1": "other, fee schedule",
    "Y2": "other, not fee schedule",
    "Z1": "local codes",
    "Z2": "undefined codes",
}


def betos(value: str) -> str:
    """The Berenson-Eggers type of service (BETOS_TB), by its own row or the group of its first two characters."""
    group = _BETOS_GROUPS.get(value) or _BETOS_GROUPS.get(value[:2])
    return f"Berenson-Eggers type of service: {group}." if group else f"Berenson-Eggers type of service {value}."


def pricing(value: str) -> str:
    return f"Pricing: {PRICING.get(value, 'not explained in the record layout')}."


def coverage(value: str) -> str:
    return COVERAGE.get(value, f"Coverage code {value}: not explained in the record layout.")


def type_of_service(value: str) -> str:
    return f"Type of service: {TYPE_OF_SERVICE.get(value, 'not explained in the record layout')}."
