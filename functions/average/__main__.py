"""`python -m functions.average A.json B.json …`: the average of analyses, without any server."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from .core import average


def main(arguments: list[str] | None = None, prog: str = "python -m functions.average") -> int:
    """Print the average as JSON; the exit status is 1 when a file could not be read or no analysis was in them."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Average analyses: the JSON of the command that analyses logs, lists of it, or average requests.",
    )
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE.json", help="files with analyses, or - for standard input"
    )
    given = parser.parse_args(arguments)
    items: list[Any] = []
    notes: list[Any] = []
    status = 0
    for path in given.files:
        try:
            found = _read(sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes())
            items += found.items
            notes += found.notes
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
            status = 1
        except orjson.JSONDecodeError:
            print(f"{path}: not JSON", file=sys.stderr)
            status = 1
    result = average(items, notes)
    if not result.overall.logs:
        print("No analysis in these files.", file=sys.stderr)
        return 1
    print(result.model_dump_json(by_alias=True, indent=2))
    return status


class Content(NamedTuple):
    """What a file holds: analyses, and the maintenance notes of an `average.request`."""

    items: list[Any]
    notes: list[Any]


def _read(content: bytes) -> Content:
    """Return the analyses of a file: a single one, one per line, a list, or those of an `average.request`."""
    try:
        read = orjson.loads(content)
    except orjson.JSONDecodeError:
        lines = content.strip().split(b"\n")
        if len(lines) < 2:
            raise
        return Content([orjson.loads(line) for line in lines], [])
    data = read.get("data") if isinstance(read, dict) else None
    if isinstance(data, dict) and isinstance(data.get("analysis"), list):
        notes = data.get("notes")
        return Content(data["analysis"], notes if isinstance(notes, list) else [])
    return Content(read if isinstance(read, list) else [read], [])


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as `| head` may stop reading
    sys.exit(main())
