"""`python -m standalone.reset`: remove all data of a system on this machine."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from standalone import survivors
from standalone.state import Problem, State, lock

CONTENTS = "all accounts, uploaded logs, analyses, averages, queued messages and credentials"


def main() -> int:
    """Ask for confirmation and remove the state. Returns 1 with a message on stderr if that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m standalone.reset", description=__doc__)
    parser.add_argument(
        "--state", type=Path, default=Path(".state"), help="state folder to remove (default: %(default)s)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    arguments = parser.parse_args()
    state = State(arguments.state.expanduser().absolute())
    try:
        if not arguments.yes and not _confirmed(state):
            print("Nothing was removed.")
            return 1
        print(remove(state))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def remove(state: State) -> str:
    """Remove the state folder and return a sentence that says what was removed.

    Raises:
        Problem: A system runs on it, or it is no state folder.
    """
    if not state.root.exists():
        return f"There is no state at {state.root}; nothing was removed."
    if not (state.root / "lock").exists() or not state.secrets.is_dir():
        raise Problem(f"{state.root} is not a state folder of faplog; nothing was removed.")
    descriptor = lock(state)
    survivors.end(state)
    shutil.rmtree(state.root)
    os.close(descriptor)
    return f"Removed {state.root}: {CONTENTS}."


def _confirmed(state: State) -> bool:
    if not sys.stdin.isatty():
        raise Problem("Nothing was removed: without a terminal to ask, say --yes.")
    return input(f"Remove {CONTENTS} in {state.root}? [y/N] ").strip().lower() in ("y", "yes")


if __name__ == "__main__":
    sys.exit(main())
