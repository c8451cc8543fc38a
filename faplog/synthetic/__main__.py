"""`python -m faplog.synthetic --days 30 --seed 7 --profile DCM62v2 OUT/`: a month of logs and their truth."""

import argparse
from datetime import date
from pathlib import Path

from faplog.synthetic import FIRST_DAY, PROFILES, log_of_size, write


def main(arguments: list[str] | None = None, prog: str = "python -m faplog.synthetic") -> None:
    """Write the month, or with `--size` one log of about so many bytes, and say what was made."""
    parser = argparse.ArgumentParser(prog=prog, description="Write synthetic FAP logs.")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the CSV files and truth.json")
    parser.add_argument(
        "--days", type=_positive, default=30, help="number of days, one file each (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="random seed; the same seed gives the same files (default: %(default)s)"
    )
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default="DCM62v2", help="ECU profile (default: %(default)s)"
    )
    parser.add_argument(
        "--health",
        choices=["good", "worn"],
        default="good",
        help="health of the filter; worn: one that is failing (default: %(default)s)",
    )
    parser.add_argument("--start", type=date.fromisoformat, default=FIRST_DAY, help="first day (default: %(default)s)")
    parser.add_argument("--size", type=_positive, help="write one log of about this many bytes instead")
    given = parser.parse_args(arguments)
    if given.size:
        content, file = log_of_size(given.size, given.seed, given.profile)
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / file["file"]).write_bytes(content)
        print(f"{given.out / file['file']}: {len(content)} bytes, {file['distance_km']:.1f} km")
        return
    truth = write(given.out, given.days, given.seed, given.profile, given.health, given.start)
    distance = sum(file["distance_km"] for file in truth["files"])
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(truth["outcomes"].items())) or "none"
    print(f"{len(truth['files'])} logs in {given.out}: {distance:.0f} km, regenerations: {outcomes}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
