"""Fingerprints of drives: equal for equal rows, in any file."""

from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

from .columns import NUMBERS
from .log import Log
from .sections import Section

DIGEST_BYTES: Final = 8
BLOCK_ROWS: Final = 4096

Hashes = npt.NDArray[np.uint64]

_WEIGHTS: Final = np.random.Generator(np.random.PCG64(33)).integers(1, 2**63, len(NUMBERS) + 1, np.uint64) * 2 + 1
"""One odd number for each column and one for the clock; the published fingerprints depend on them."""


def row_hashes(log: Log) -> Hashes:
    """Return a hash of each row's clock, as written, and of all known values, whatever the order of the columns."""
    clock = log.clock_ms if log.written_ms is None else log.written_ms
    known = [place for place, kind in enumerate(NUMBERS) if kind.name in log.columns]
    weights = _WEIGHTS[known][:, None]
    hashes: Hashes = clock.astype(np.uint64) * _WEIGHTS[-1]
    for start in range(0, len(hashes) if known else 0, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        values = np.array([log.columns[NUMBERS[place].name][rows] for place in known])
        bits = values.view(np.uint64) * weights
        bits ^= bits >> np.uint64(29)
        bits[np.isnan(values)] = 0
        hashes[rows] += bits.sum(axis=0, dtype=np.uint64)
    return hashes


def fingerprint(hashes: Hashes) -> Section:
    """Return the fingerprint of a drive's rows: of all of them, and of the first 1, 2, 4, 8 … rows."""
    content = np.ascontiguousarray(hashes, "<u8").tobytes()
    digest = blake2b(digest_size=DIGEST_BYTES)
    marks, done = [], 0
    for rows in (1 << power for power in range(len(hashes).bit_length())):
        digest.update(content[done * 8 : rows * 8])
        marks.append(digest.hexdigest())
        done = rows
    digest.update(content[done * 8 :])
    return {"rows": len(hashes), "whole": digest.hexdigest(), "starts": marks}
