"""The passwords that are tried first: the list of 30,000 that zxcvbn brings."""

from __future__ import annotations

from ..domain.passwords import MIN_CHARACTERS


def common_passwords() -> frozenset[str]:
    """In lower case; those that are too short anyway are left out."""
    # Imported here: the module holds several lists as one literal, and takes a tenth of a second.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(each.lower() for each in FREQUENCY_LISTS["passwords"] if len(each) >= MIN_CHARACTERS)
