"""An independent plain reading of a written log: the csv module and arithmetic, nothing of the generator."""

import csv
from dataclasses import dataclass
from datetime import datetime


@dataclass
class Plain:
    """The rows of one file, as text, and what they add up to."""

    rows: list[dict[str, str]]
    times: list[float]
    headers: int
    bad_rows: int
    distance_km: float = 0.0
    fuel_l: float = 0.0
    gaps: int = 0
    gap_sec: float = 0.0

    def column(self, name: str) -> list[float]:
        """Return the values that were read, in order, without sentinels."""
        return [float(row[name]) for row in self.rows if row[name] not in ("", "65280", "25855")]


def read(content: bytes) -> Plain:
    """Read a file of the app's format and integrate speed and injection over rows at most 10 s apart."""
    lines = list(csv.reader(content.decode("ascii").splitlines(), delimiter=";"))
    header = lines[0]
    rows = [dict(zip(header, line, strict=True)) for line in lines if len(line) == len(header) and line != header]
    headers = sum(line == header for line in lines)
    times = [
        datetime.strptime(f"{row['Date']} {row['Time']}+0000", "%Y.%m.%d %H:%M:%S.%f%z").timestamp() for row in rows
    ]
    plain = Plain(rows, times, headers, bad_rows=len(lines) - len(rows) - headers)
    speed, revs, injected = ([float(row[name] or "nan") for row in rows] for name in ("Speed", "Revs", "InjFlow"))
    milligrams = 0.0
    for i in range(1, len(rows)):
        dt = times[i] - times[i - 1]
        if dt > 10:
            plain.gaps += 1
            plain.gap_sec += dt
            continue
        plain.distance_km += (speed[i] + speed[i - 1]) / 2 * dt / 3600
        milligrams += (injected[i] * revs[i] + injected[i - 1] * revs[i - 1]) / 2 / 30 * dt
    plain.fuel_l = milligrams / 1e6 / 0.8375
    return plain
