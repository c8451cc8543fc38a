"""`python -m standalone --port 8080 --state .state`: run faplog on this machine until Ctrl-C."""

import argparse
import asyncio
import platform
import sys
from pathlib import Path
from typing import Final

STACK: Final = Path(__file__).parents[1] / "stack.yml"


def main() -> int:
    """Run the system; return 1 with a sentence on stderr for every problem that the user can solve."""
    parser = argparse.ArgumentParser(prog="python -m standalone", description=__doc__)
    parser.add_argument("--port", type=_port, default=8080, help="port on 127.0.0.1 (default: %(default)s)")
    parser.add_argument("--state", type=Path, default=Path(".state"), help="folder for all data (default: %(default)s)")
    parser.add_argument("--stack", type=Path, default=STACK, help="path of stack.yml (default: %(default)s)")
    arguments = parser.parse_args()
    if platform.system() not in ("Linux", "Darwin"):
        print("faplog runs on Linux and on a Mac with Apple silicon; on Windows start it inside WSL2.", file=sys.stderr)
        return 1

    from standalone import disk, run
    from standalone.state import Problem, lock, prepare

    try:
        state = prepare(arguments.state)
        lock(state)
        made, plan = run.prepare(state, arguments.port, arguments.stack)
        asyncio.run(run.serve(state, made, plan))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        if not disk.is_full(error):
            raise
        print(f"The disk of {arguments.state.absolute()} is full: make room and start again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"'{text}' is no port: a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
