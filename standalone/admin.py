"""`python -m standalone.admin`: the operator's command, for the system that runs with a state folder."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from standalone.credentials import mount
from standalone.demo import address
from standalone.state import Problem, State


def main() -> int:
    """Run `functions.api.admin` with the address and the credentials of the running system."""
    parser = argparse.ArgumentParser(prog="python -m standalone.admin", description=__doc__, add_help=False)
    parser.add_argument("--state", type=Path, default=Path(".state"))
    given, arguments = parser.parse_known_args()
    state = State(given.state.expanduser().absolute())
    try:
        own = {
            "FAPLOG_PUBLIC_URL": os.environ.get("FAPLOG_PUBLIC_URL") or address(state),
            "FAPLOG_SECRETS_DIR": str(mount(state, "admin", ["faplog-worker-database"])),
        }
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "functions.api.admin", *arguments]
    return subprocess.run(command, env=os.environ | own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
