"""Hundreds of large uploads that are refused: every answer arrives as itself.

The short form, with a slow phone, is in tests/e2e/test_refusals.py.
"""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import Stack
from tests.e2e.refusing import CHUNKED, EXPECT, HTTP1, HTTP2, NO_EXPECT, Heard, file_of, needs_curl, upload

pytestmark = [pytest.mark.chaos, pytest.mark.stack]

TIMES = 25
SIZES_MB = [1, 9, 12, 15, 19, 20.3, 22, 23.1]

WAYS = [*product((HTTP1, HTTP2), (EXPECT, NO_EXPECT)), (HTTP1, CHUNKED)]


@needs_curl
@pytest.mark.parametrize(("way", "header"), WAYS)
@pytest.mark.parametrize("megabytes", SIZES_MB)
def test_every_refusal_arrives(victim: Stack, tmp_path: Path, megabytes: float, way: str, header: str) -> None:
    file = file_of(tmp_path, megabytes)
    address = f"{victim.url}/api/v1/analyses"
    heard = Counter(_said(upload(address, file, "bad", way, "-H", header)) for _ in range(TIMES))
    assert heard == {(0, 401, 401): TIMES}


def _said(heard: Heard) -> tuple[int, int, object]:
    """Curl's exit code, the status, and the status that the body names."""
    return heard.exit_code, heard.status, heard.body.get("statusCode") if isinstance(heard.body, dict) else heard.body
