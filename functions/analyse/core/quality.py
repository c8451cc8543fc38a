"""Data quality: what was read, dropped, voided and missing."""

from datetime import date
from typing import Final

import numpy as np

from . import stats
from .cleaning import Cleaned, ClockJump
from .columns import NUMBERS, TEXTS, plain
from .log import Log
from .sections import Section
from .text import Text

MAX_JUMPS_LISTED: Final = 100
MAX_DAYS_LISTED: Final = 10

ALL_NAMES: Final = tuple((name, plain(name)) for name in (*(column.name for column in NUMBERS), *TEXTS))
"""Every known column, as the app writes it and as names are compared."""


def quality(log: Log, text: Text, cleaned: Cleaned, profile: str | None, day: date | None) -> Section:
    """Return the section `quality`. `day` is the day in the file's name."""
    return {
        "profile": profile,
        "encoding": text.encoding,
        "separator": text.separator,
        "rows_read": cleaned.rows + text.repeated_headers,
        "rows_used": len(log),
        "rows_dropped": {"bad_time": cleaned.bad_time, "repeated_header": text.repeated_headers},
        "damaged_rows": cleaned.damaged,
        "rows_out_of_order": cleaned.out_of_order,
        "clock_jumps": [_jump(jump) for jump in cleaned.jumps[:MAX_JUMPS_LISTED]],
        "clock_jumps_total": len(cleaned.jumps),
        "seconds_missing": cleaned.without_seconds,
        "days": cleaned.days[:MAX_DAYS_LISTED],
        "date_contradiction": None if day is None or str(day) in cleaned.days else str(day),
        "voided": {name: {"sentinel": s, "implausible": i} for name, (s, i) in cleaned.voided.items()},
        "gaps": int(log.gap.sum()),
        "gap_sec": round(float(log.step[log.gap].sum())),
        "sampling_sec": sampling_sec(log),
        "missing_columns": [name for name, plain_name in ALL_NAMES if plain_name not in text.names],
    }


def _jump(jump: ClockJump) -> Section:
    return {"at": str(np.datetime64(jump.at_ms // 1000, "s")), "sec": jump.seconds}


def sampling_sec(log: Log) -> stats.Number:
    """Return the usual time between two rows: the median step without gaps, or the mean if the clock is coarse."""
    steps = log.step[1:][~log.gap[1:]]
    if not len(steps):
        return None
    coarse = float((steps == 0).mean()) > 0.1
    return stats.rounded(float(steps.mean() if coarse else np.median(steps)), 2)
