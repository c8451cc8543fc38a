"""The edge: Traefik with the cluster's rules, `/` to the pages and `/api/v1` to the function api."""

import json
from typing import Any, Final

from faplog.contracts.messages import HEADER_SECRET, HEADER_TOPIC
from standalone.ports import HOST, responds_ok
from standalone.program import Program, bare_environment, binary
from standalone.state import State, write_private

MAX_BODY_BYTES: Final = 39_999_999
"""Twice the API's limit. Up to here the API refuses, beyond it the edge (lengths of eight digits that begin with 4)."""
READ_SEC: Final = 900
"""Time limit for receiving a request with its body: 20 MB at 24 kB/s. The edge has no limit for a pause."""
GRACE_SEC: Final = 2
API_READY: Final = "/api/v1/health/readiness"
INNER: Final = (
    "Server",
    "X-Envoy-Upstream-Service-Time",
    "X-Envoy-Decorator-Operation",
    "X-Duration-Seconds",
    "X-Call-Id",
    "X-Start-Time",
)
"""Headers in which gunicorn, of-watchdog, Envoy and OpenFaaS' gateway describe themselves; not for browsers."""
_ENCODED: Final = ("Slash", "BackSlash", "NullCharacter", "Semicolon", "Percent", "QuestionMark", "Hash")
_ANNOUNCED: Final = "HeaderRegexp(`Content-Length`, `.`)"
_TOO_LARGE: Final = "HeaderRegexp(`Content-Length`, `^0*([4-9][0-9]{7}|[1-9][0-9]{8,})$`)"
_ODD_PATH: Final = r"PathRegexp(`(?i)%(00|23|25|2f|3b|3f|5c)|[\\\x00]`)"


def rules(api: str, ui: str) -> dict[str, Any]:
    """Return Traefik's dynamic configuration for the addresses of the API and the pages."""
    return {
        "http": {
            "routers": {
                # It has received the body before it refuses: over HTTP/2 an answer before the end of an upload is one
                # that some clients lose.
                "odd-path": _router(_ODD_PATH, 200, "api", ["internal", "too-large", "bad-request", "size", "refuse"]),
                "too-large": _router(_TOO_LARGE, 100, "api", ["internal", "too-large", "size"]),
                **_routers("api", "PathPrefix(`/api/v1`)", 30, "api"),
                **_routers("analyse", "Path(`/analyse`) || PathPrefix(`/analyse/`)", 20, "api", "short-form"),
                **_routers("ui", "PathPrefix(`/`)", 10, "ui"),
            },
            "middlewares": {
                # An empty value removes the header: only the connector may send messages. The edge itself asks for a
                # body; a 100 of the API, of which it gets the body of a refusal, would start an upload it refuses.
                "internal": {
                    "headers": {
                        "customRequestHeaders": {HEADER_TOPIC: "", HEADER_SECRET: "", "Expect": ""},
                        "customResponseHeaders": dict.fromkeys(INNER, ""),
                    }
                },
                "size": {"buffering": {"maxRequestBodyBytes": MAX_BODY_BYTES}},
                "short-form": {"addPrefix": {"prefix": "/api/v1"}},
                # The edge's own refusals have no body: the API writes it, the status stays.
                "too-large": {"errors": {"status": ["413"], "service": "api", "query": "/refusals/{status}"}},
                "bad-request": {"errors": {"status": ["400"], "service": "api", "query": "/refusals/{status}"}},
                "refuse": {"ipAllowList": {"sourceRange": ["255.255.255.255/32"], "rejectStatusCode": 400}},
            },
            "services": {
                name: {"loadBalancer": {"servers": [{"url": url}]}} for name, url in (("api", api), ("ui", ui))
            },
        }
    }


def _routers(name: str, rule: str, priority: int, service: str, *middlewares: str) -> dict[str, Any]:
    """Return two routers for the same paths, so that a 413 of the service is not mistaken for the edge's.

    If the length is announced, the edge has already checked it. If not, a 413 may come from either: all get the same
    body.
    """
    before, after = ["internal", *middlewares], ["size"]
    return {
        name: _router(f"({rule}) && {_ANNOUNCED}", priority + 1, service, [*before, *after]),
        f"{name}-unannounced": _router(rule, priority, service, [*before, "too-large", *after]),
    }


def _router(rule: str, priority: int, service: str, middlewares: list[str]) -> dict[str, Any]:
    return {"rule": rule, "priority": priority, "service": service, "middlewares": middlewares}


def program(state: State, port: int, api: str, ui: str) -> Program:
    """Return Traefik on the loopback port, in front of both addresses: no dashboard, no telemetry, no update checks."""
    folder = state.folder("edge")
    entry = {
        "address": f"{HOST}:{port}",
        # A header such as X_Topic is X-Topic to the Python behind. Encoded slashes and the like are never part of our
        # paths; they are let in here because a rule refuses them with a body.
        "http": {
            "aliasHeadersStrategy": "delete",
            "encodedCharacters": {f"allowEncoded{character}": True for character in _ENCODED},
        },
        "transport": {
            "lifeCycle": {"graceTimeOut": GRACE_SEC},
            "respondingTimeouts": {"readTimeout": READ_SEC, "idleTimeout": 60},
        },
    }
    static = {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN", "format": "json"},
        "entryPoints": {"web": entry},
        "providers": {"file": {"filename": str(folder / "rules.yml"), "watch": False}},
    }
    # JSON is YAML too.
    write_private(folder / "rules.yml", json.dumps(rules(api, ui), indent=1))
    write_private(folder / "traefik.yml", json.dumps(static, indent=1))
    return Program(
        name="edge",
        argv=(binary("traefik"), f"--configFile={folder / 'traefik.yml'}"),
        folder=folder,
        environment=bare_environment(folder),
        ready=lambda: responds_ok(port, "/health") and responds_ok(port, API_READY),
        stop_seconds=GRACE_SEC + 1,
    )
