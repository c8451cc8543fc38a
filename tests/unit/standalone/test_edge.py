"""The rules of the one address: what goes where, and what never gets through."""

import re

import pytest

from faplog.draining import DRAIN_BYTES
from functions.api.uploads.receive import MAX_BODY_BYTES as MAX_UPLOAD_BODY_BYTES
from standalone.edge import MAX_BODY_BYTES, rules

HTTP = rules("http://api", "http://ui")["http"]


def test_every_router_strips_internal_headers_and_limits_the_size() -> None:
    served = {name.removesuffix("-unannounced"): router["service"] for name, router in HTTP["routers"].items()}
    assert served == {"odd-path": "api", "too-large": "api", "api": "api", "analyse": "api", "ui": "ui"}
    for name, router in HTTP["routers"].items():
        assert router["middlewares"][0] == "internal"
        assert router["middlewares"][-1] == ("refuse" if name == "odd-path" else "size")
    assert HTTP["middlewares"]["internal"]["headers"]["customRequestHeaders"] == {
        "X-Topic": "",
        "X-Connector-Secret": "",
        "Expect": "",
    }
    assert HTTP["middlewares"]["size"]["buffering"]["maxRequestBodyBytes"] == MAX_BODY_BYTES


def test_what_the_edge_lets_through_is_refused_by_the_api_itself() -> None:
    assert MAX_UPLOAD_BODY_BYTES < MAX_BODY_BYTES <= DRAIN_BYTES


@pytest.mark.parametrize("size", [0, 1, 9, 400, 20_300_000, MAX_BODY_BYTES - 1, MAX_BODY_BYTES])
def test_an_announced_size_within_the_limit_is_no_business_of_the_edge(size: int) -> None:
    assert not _announced_too_large(str(size))


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 41_000_000, 99_999_999, 100_000_000, 3 << 30, 10**18])
def test_an_announced_size_beyond_the_limit_is_refused_with_a_body(size: int) -> None:
    assert _announced_too_large(str(size))
    assert _announced_too_large(f"00{size}")


def _announced_too_large(length: str) -> bool:
    pattern = re.fullmatch(r"HeaderRegexp\(`Content-Length`, `(.+)`\)", HTTP["routers"]["too-large"]["rule"])
    assert pattern
    return re.search(pattern[1], length) is not None
