"""`python -m connector --routes ROUTES.json`: run the connector until SIGTERM."""

import argparse
import asyncio
import sys
from pathlib import Path

from connector.service import serve
from connector.settings import GRACE, HEALTH, ConnectorSettings
from faplog import logs, routes, settings, telemetry


def address(text: str) -> tuple[str, int]:
    """Parse `host:port` into host and port."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not an address such as 127.0.0.1:8083")
    return host, int(port)


def main() -> int:
    """Read settings and routes, and serve until SIGTERM.

    Returns:
        The exit status: 1 where a setting, the routes file or the address is wrong; stderr names it.
    """
    parser = argparse.ArgumentParser(prog="python -m connector", description=__doc__)
    parser.add_argument("--routes", type=Path, required=True, help="the routes file, rendered from stack.yml")
    parser.add_argument(
        "--health",
        type=address,
        default=HEALTH.read(),
        help=f"address of /healthz, /readyz and /metrics; port 0 picks a free one (or {HEALTH.full_name})",
    )
    parser.add_argument(
        "--metrics-token",
        type=Path,
        metavar="FILE",
        help="bearer token required by /metrics (default: none; only for a closed network)",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=GRACE.read(),
        help=f"seconds that requests in flight have to finish after SIGTERM (or {GRACE.full_name})",
    )
    arguments = parser.parse_args()
    try:
        loaded = settings.load(ConnectorSettings)
        table = routes.read(arguments.routes)
        token = arguments.metrics_token.read_text("utf-8").strip() if arguments.metrics_token else None
        if token == "":
            raise ValueError(f"{arguments.metrics_token} is empty.")
    except (settings.SettingsError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    logs.setup(loaded.log_level)
    telemetry.setup("connector")
    try:
        asyncio.run(serve(loaded, table, arguments.health, arguments.grace, token))
    except OSError as error:
        host, port = arguments.health
        print(f"Cannot listen on {host}:{port}: {error.strerror}.", file=sys.stderr)
        return 1
    finally:
        telemetry.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
