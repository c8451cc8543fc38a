"""E-mail addresses: which are accepted, and the normalised form that identifies an account."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

MAX_CHARS: Final = 254


class BadEmail(Exception):
    """The text is not an e-mail address; `str(error)` is a sentence for the user."""


def normalised(text: str) -> str:
    """Return the address in the form that accounts are compared by: Unicode normalised, lower case.

    The part before the @ may be case-sensitive by the standard, but no provider in use distinguishes such addresses.

    Raises:
        BadEmail: Not an address, or longer than `MAX_CHARS`. The DNS is not queried.
    """
    if len(text) > MAX_CHARS:
        raise BadEmail(f"An e-mail address has at most {MAX_CHARS} characters.")
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise BadEmail(f"This is not an e-mail address: {error}") from None
    address = checked.normalized.lower()
    if len(address) > MAX_CHARS:
        raise BadEmail(f"An e-mail address has at most {MAX_CHARS} characters.")
    return address
