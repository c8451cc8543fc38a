"""E-mail addresses: which are accepted, and the one form an account is known by."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

from faplog.contracts.errors import CodedError, ErrorCode

MAX_CHARS: Final = 254


class BadEmail(CodedError):
    """Not an e-mail address; `str(error)` is a sentence for the user."""


def normalised(text: str) -> str:
    """The address in the form accounts are compared by: Unicode normalised, lower-case.

    Strictly the part before the @ could differ by case alone; no provider in use tells such addresses apart, and
    people do not either.

    Raises:
        BadEmail: not an address, or longer than `MAX_CHARS`. Nothing is looked up in the DNS.
    """
    if len(text) > MAX_CHARS:
        raise BadEmail(ErrorCode.EMAIL_TOO_LONG, max_chars=MAX_CHARS)
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadEmail(ErrorCode.EMAIL_INVALID, reason=str(error)) from None
    address = checked.normalized.lower()
    if len(address) > MAX_CHARS:
        raise BadEmail(ErrorCode.EMAIL_TOO_LONG, max_chars=MAX_CHARS)
    return address
