"""E-mail addresses: whether one is well formed, and when two are the same."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254


def parsed_email(given: str) -> tuple[str, str]:
    """The address as mail is sent to it, and the key that makes it unique. Raises ValueError with what is wrong.

    The part before the @ is kept as it was given, but compared without case: hardly any mail server tells `A` from `a`,
    and people do not either.
    """
    if len(given) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    try:
        found = validate_email(given.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        # The library speaks in whole sentences; ours name the field first.
        said = str(error).rstrip(".")
        raise ValueError(f"is not valid: {said[:1].lower()}{said[1:]}") from None
    address = found.ascii_email or found.normalized
    return address, address.lower()
