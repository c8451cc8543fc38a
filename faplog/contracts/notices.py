"""The words of notifications, in English and once. `faplog.words` has them in the other languages."""

from collections.abc import Iterator
from typing import Final

LOG_ACT: Final = "Your log of {date} needs attention"
LOG_ACT_UNDATED: Final = "One of your logs needs attention"
AVERAGE_ACT: Final = "All your logs together: something needs attention"
FORECAST_DUE: Final = "Forecast: {title}"
REMINDER_DUE: Final = "Reminder: {title}"
DUE_ON: Final = "Due on {date}."
DUE_AT: Final = "Due at {km} km."
MORE_FINDINGS: Final = "More findings: {count}."
OPEN: Final = "Details: {url}"
WHY: Final = "You receive this message because notifications are on in your faplog account. Switch them off at: {url}"
WHY_WITHOUT_LINK: Final = "You receive this message because notifications are on in your faplog account."

TEST_TITLE: Final = "Test message"
TEST_TEXT: Final = "This is a test. Notifications of your faplog account arrive here."

CODE_TITLE: Final = "Your code is {code}"
CODE_TEXT: Final = (
    "Enter this code on the account page of faplog to receive notifications at this address: {code}\n\nIt is valid for "
    "one hour. If you did not ask for it, ignore this message: nothing else will be sent."
)


def sentences() -> Iterator[str]:
    """Yield every English sentence that is translated."""
    yield from (LOG_ACT, LOG_ACT_UNDATED, AVERAGE_ACT, FORECAST_DUE, REMINDER_DUE, DUE_ON, DUE_AT)
    yield from (MORE_FINDINGS, OPEN, WHY, WHY_WITHOUT_LINK, TEST_TITLE, TEST_TEXT, CODE_TITLE, CODE_TEXT)
