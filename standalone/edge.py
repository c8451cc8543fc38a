"""The one address: Traefik with the rules the cluster has, `/` to the UI and `/api/v1` to the function api."""

import json
from typing import Any, Final

from faplog.contracts.messages import HEADER_SECRET, HEADER_TOPIC
from standalone.ports import HOST, says_ok
from standalone.program import Program, bare_environment, binary
from standalone.state import State, write_private

MAX_BODY_BYTES: Final = 21 << 20
"""A little more than the API takes, so that a file just too large still gets the API's own sentence."""
GRACE_SEC: Final = 2
API_READY: Final = "/api/v1/health/readiness"
_ENCODED: Final = ("Slash", "BackSlash", "NullCharacter", "Semicolon", "Percent", "QuestionMark", "Hash")


def rules(api: str, ui: str) -> dict[str, Any]:
    """Who answers what: Traefik's dynamic configuration for the two addresses behind it."""
    guards = ["internal", "size"]
    return {
        "http": {
            "routers": {
                "api": {"rule": "PathPrefix(`/api/v1`)", "priority": 30, "service": "api", "middlewares": guards},
                "analyse": {
                    "rule": "Path(`/analyse`) || PathPrefix(`/analyse/`)",
                    "priority": 20,
                    "service": "api",
                    "middlewares": [*guards, "short-form"],
                },
                "ui": {"rule": "PathPrefix(`/`)", "priority": 10, "service": "ui", "middlewares": guards},
            },
            "middlewares": {
                # An empty value removes the header: only the connector may send messages.
                "internal": {"headers": {"customRequestHeaders": {HEADER_TOPIC: "", HEADER_SECRET: ""}}},
                "size": {"buffering": {"maxRequestBodyBytes": MAX_BODY_BYTES}},
                "short-form": {"addPrefix": {"prefix": "/api/v1"}},
            },
            "services": {
                name: {"loadBalancer": {"servers": [{"url": url}]}} for name, url in (("api", api), ("ui", ui))
            },
        }
    }


def program(state: State, port: int, api: str, ui: str) -> Program:
    """Traefik on the loopback port in front of the two addresses; no dashboard, no telemetry, no look for updates."""
    folder = state.folder("edge")
    entry = {
        "address": f"{HOST}:{port}",
        # A header such as X_Topic is X-Topic to the Python behind; an encoded slash is never part of our paths.
        "http": {
            "aliasHeadersStrategy": "delete",
            "encodedCharacters": {f"allowEncoded{character}": False for character in _ENCODED},
        },
        "transport": {
            "lifeCycle": {"graceTimeOut": GRACE_SEC},
            "respondingTimeouts": {"readTimeout": 120, "idleTimeout": 60},
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
        ready=lambda: says_ok(port, "/health") and says_ok(port, API_READY),
        stop_seconds=GRACE_SEC + 1,
    )
