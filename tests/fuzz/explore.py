"""`python -m tests.fuzz.explore TARGET FOLDER SECONDS`: one target under atheris, which keeps what reaches new code.

In FOLDER: `corpus/` (the next run goes on from it), `found/` (see `tests.fuzz.found`), and what libFuzzer itself writes
where the process hangs, dies or takes too much memory. A failure does not end the run.
"""

import sys
from pathlib import Path
from random import Random
from typing import Final

import atheris

with atheris.instrument_imports(
    include=["functions", "faplog", "connector", "ui", "zipfile", "python_multipart", "werkzeug.http", "werkzeug.urls"]
):
    from tests.fuzz import targets

from tests.fuzz.found import Found
from tests.fuzz.mutation import MAX_BYTES, mutate

HANG_SEC: Final = 30
MEMORY_MB: Final = 2048


def main(name: str, folder: Path, seconds: int) -> None:
    """Explore until the time is up; libFuzzer ends the process."""
    target = targets.TARGETS[name]
    found = Found(folder / "found")
    seeds = target.seeds()
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if 0 < len(word) < 64), "ascii")

    def one(data: bytes) -> None:
        try:
            target.check(data)
        except Exception as error:  # noqa: BLE001  (kept, told, and counted at the end)
            found.add(error, data)

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)  # noqa: S311
        if random.randrange(2):
            return bytes(atheris.Mutate(data, max_size))
        return mutate(data, random, target.words, seeds)[:max_size]

    limits = (
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        f"-timeout={HANG_SEC}",
        f"-rss_limit_mb={MEMORY_MB}",
    )
    places = (f"-artifact_prefix={folder}/", f"-dict={words}", str(corpus))
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", *places], one, custom_mutator=change)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02X}" for byte in word)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
