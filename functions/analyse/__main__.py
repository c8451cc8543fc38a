"""`python -m functions.analyse LOG.csv`: the analysis of a log, without any server."""

import sys
from pathlib import Path

import orjson

from .core.analysis import analyse, read
from .core.errors import BadLog


def main() -> int:
    """Print the analysis."""
    path = Path(sys.argv[1])
    try:
        sys.stdout.buffer.write(orjson.dumps(analyse(read(path.read_bytes())), option=orjson.OPT_INDENT_2) + b"\n")
    except BadLog as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
