"""The rules of the one address: what goes where, and what never gets through."""

from standalone.edge import MAX_BODY_BYTES, rules


def test_every_router_strips_internal_headers_and_limits_the_size() -> None:
    http = rules("http://api", "http://ui")["http"]
    assert {name: router["service"] for name, router in http["routers"].items()} == {
        "api": "api",
        "analyse": "api",
        "ui": "ui",
    }
    for router in http["routers"].values():
        assert router["middlewares"][:2] == ["internal", "size"]
    assert http["middlewares"]["internal"]["headers"]["customRequestHeaders"] == {
        "X-Topic": "",
        "X-Connector-Secret": "",
    }
    assert http["middlewares"]["size"]["buffering"]["maxRequestBodyBytes"] == MAX_BODY_BYTES == 21 * 1024 * 1024
