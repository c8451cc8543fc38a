"""`python -m standalone.admin`: the operator's command, for the system that runs with a state folder."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from standalone.credentials import mount
from standalone.demo import address
from standalone.state import Problem, State
from standalone.system import ROOT


def main(words: list[str] | None = None, state_folder: Path = Path(".state")) -> int:
    """Run `functions.api.admin` with the address and the credentials of the running system.

    Args:
        words: The command line; that of the process by default.
        state_folder: The state folder where none is named.
    """
    parser = argparse.ArgumentParser(prog="python -m standalone.admin", description=__doc__, add_help=False)
    parser.add_argument("--state", type=Path, default=state_folder)
    given, arguments = parser.parse_known_args(words)
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
    return subprocess.run(command, cwd=ROOT, env=os.environ | own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
