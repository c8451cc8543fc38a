"""E-mail addresses: which are accepted, and the normalised form that identifies an account."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

from faplog.contracts.errors import CodedError, ErrorCode

MAX_CHARS: Final = 254


class BadEmail(CodedError):
    """The text is not an e-mail address; `str(error)` is a sentence for the user."""


def normalised(text: str) -> str:
    """Return the address in the form that accounts are compared by: Unicode normalised, lower case.

    The part before the @ may be case-sensitive by the standard, but no provider in use distinguishes such addresses.

    Raises:
        BadEmail: Not an address, or longer than `MAX_CHARS`. The DNS is not queried.
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
