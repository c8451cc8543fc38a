"""`make mutants`: does a test notice when a line of the two cores is wrong?

mutmut changes a copy of the code, one place at a time, and runs the unit tests that pass through it. Only tests made by
hand count: what a property or a synthetic month would notice should also stand in a test that says what is right.
Arguments narrow to modules or to a sample: `make mutants
ARGS="regen log"`, `ARGS=--sample=600`. Survivors are shown with `mutmut show` in build/mutants.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mutmut.stats import status_by_exit_code

ROOT: Final = Path(__file__).parents[1]
COPY: Final = ROOT / "build" / "mutants"
CORES: Final = ("functions/analyse/core", "functions/average/core")
NEEDED: Final = ("pyproject.toml", "docs", "faplog", "functions", "tests/unit/analyse", "tests/unit/average")
CAUGHT: Final = {"killed", "timeout", "segfault"}

PROPERTY: Final = re.compile(r"( *)@(cached_property|property)\n *def (\w+)\(self\)")
METHOD: Final = r"\1\3 = \2(lambda self: self._\3_of())\n\n\1def _\3_of(self)"
"""mutmut leaves decorated functions as they are; in the copy a property is a plain method with a property before it."""


def main(arguments: list[str]) -> int:
    """Copy, mutate, test, and print the score of each module; 1 where mutmut could not run."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--sample", type=int, metavar="N", help="try only N mutants, drawn by chance")
    parser.add_argument("modules", nargs="*", help="try only these modules of the cores")
    options = parser.parse_args(arguments)
    copy()
    wanted = [
        f"{core.replace('/', '.')}.{module}.*" for core in CORES for module in options.modules if has(core, module)
    ]
    if options.modules and not wanted:
        print(f"No module of the cores is called {' or '.join(options.modules)}.", file=sys.stderr)
        return 1
    if options.sample:
        # A pattern that fits nothing: mutmut makes all mutants, and finds that there is none to try.
        mutmut("none.*")
        names = [name for _, states in mutants(options.modules) for name in states]
        wanted = random.SystemRandom().sample(names, min(options.sample, len(names)))
    status = mutmut(*wanted)
    if status == 0:
        show(options.modules)
    return status


def mutmut(*wanted: str) -> int:
    """Run mutmut over these mutants or patterns, and return its exit status."""
    program = Path(sys.executable).with_name("mutmut")
    return subprocess.run([program, "run", "--max-children", "2", *wanted], cwd=COPY, check=False).returncode


def has(core: str, module: str) -> bool:
    """Return whether a core has such a module."""
    return (ROOT / core / f"{module}.py").exists()


def copy() -> None:
    """Copy what the tests need, so that the checkout stays as it is."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in NEEDED:
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    for core in CORES:
        for path in (COPY / core).glob("*.py"):
            path.write_text(PROPERTY.sub(METHOD, path.read_text("utf-8")), "utf-8")


def mutants(modules: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each module's name and the state of its mutants by their names."""
    for core in CORES:
        for path in sorted((COPY / "mutants" / core).glob("*.meta")):
            name = path.name.removesuffix(".py.meta")
            if not modules or name in modules:
                results = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
                states = {mutant: status_by_exit_code[code] for mutant, code in results.items()}
                yield f"{core.split('/')[1]}.{name}", states


def show(modules: list[str]) -> None:
    """Print a line for each module, one for each core and one for both, and the names of the survivors."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    survivors: list[str] = []
    print(f"\n{'module':30} {'mutants':>7} {'caught':>7} {'score':>6}")
    for name, states in mutants(modules):
        tried = {mutant: state for mutant, state in states.items() if state != "not checked"}
        counts = Counter("caught" if state in CAUGHT else "left" for state in tried.values())
        totals[name.split(".")[0]] += counts
        survivors += [f"{mutant} ({state})" for mutant, state in tried.items() if state not in CAUGHT]
        if tried:
            print(line(name, counts))
    for core, counts in totals.items():
        if counts:
            print(line(f"{core}, together", counts))
    print(*survivors, sep="\n")


def line(name: str, counts: Counter[str]) -> str:
    """Return one row of the table."""
    return f"{name:30} {counts.total():7} {counts['caught']:7} {counts['caught'] / counts.total():6.1%}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
