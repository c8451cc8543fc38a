"""How long a link may be good: whole days, from one to a year."""

import pytest
from pydantic import ValidationError

from functions.api.sharing.owner_views import Sharing


@pytest.mark.parametrize(
    ("body", "days"), [("{}", 30), ('{"days": 1}', 1), ('{"days": 365}', 365), ('{"days": 7.0}', 7)]
)
def test_days(body: str, days: int) -> None:
    assert Sharing.model_validate_json(body).days == days


@pytest.mark.parametrize("days", ["0", "366", "1.5", '"7"', "true", "null", "-1", "1e308", "[7]"])
def test_what_is_no_time(days: str) -> None:
    with pytest.raises(ValidationError):
        Sharing.model_validate_json(f'{{"days": {days}}}')
