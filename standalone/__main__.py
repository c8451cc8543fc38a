"""`python -m standalone --port 8080 --state .state`: run faplog on this machine until Ctrl-C."""

import argparse
import asyncio
import platform
import sys
from pathlib import Path
from typing import Final

STACK: Final = Path(__file__).parents[1] / "stack.yml"


def main(arguments: list[str] | None = None, prog: str = "python -m standalone", state: Path = Path(".state")) -> int:
    """Run the system; return 1 with a sentence on stderr for every problem that the user can solve.

    Args:
        arguments: The command line; that of the process by default.
        prog: The name of the program in its help.
        state: The state folder where none is named.
    """
    parser = argparse.ArgumentParser(prog=prog, description="Run faplog on this machine until Ctrl-C.")
    parser.add_argument("--port", type=_port, default=8080, help="port on 127.0.0.1 (default: %(default)s)")
    parser.add_argument("--state", type=Path, default=state, help="folder for all data (default: %(default)s)")
    parser.add_argument("--stack", type=Path, default=STACK, help="path of stack.yml (default: %(default)s)")
    given = parser.parse_args(arguments)
    if platform.system() not in ("Linux", "Darwin"):
        print("faplog runs on Linux and on a Mac with Apple silicon; on Windows start it inside WSL2.", file=sys.stderr)
        return 1

    from faplog.reachable import bypass_proxy
    from standalone import disk, run
    from standalone.state import Problem, lock, prepare

    bypass_proxy()
    try:
        prepared = prepare(given.state)
        lock(prepared)
        made, plan = run.prepare(prepared, given.port, given.stack)
        asyncio.run(run.serve(prepared, made, plan))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        if not disk.is_full(error):
            raise
        print(f"The disk of {given.state.absolute()} is full: make room and start again.", file=sys.stderr)
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
