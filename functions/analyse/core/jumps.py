"""Jumps of the phone's clock: steps back, and steps forward over which the car went on as if no time had passed.

The app appends rows in the order in which it read them, so the order of rows is believed before the clock. Every step
out of the usual is one of these:

- a pause: the app was started anew (a header, or cells that are blank again), or the car's values moved on meanwhile;
- rows out of order: a step back of a second at most, to a block that fits a hole, or to a block that was started anew;
- a jump: any other step back, and a step forward over which the channels moved as they do within seconds, not as they
  do within minutes.

The rows after a jump are moved so that its step is the usual one. Only a jump forward that is too short to end a drive
is told and left: no figure is taken over it, whether it is a jump or a pause, and the clock is right if it was a pause.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from .columns import POSITIONS, plain
from .log import DRIVE_GAP_SEC, GAP_SEC
from .reading import Floats
from .text import Integers

Mask = npt.NDArray[np.bool_]

SPEED: Final = POSITIONS[plain("Speed")]
REVS: Final = POSITIONS[plain("Revs")]

OUT_OF_ORDER_MS: Final = 1000
"""A step back of at most this is two rows in the wrong order."""

MAX_JUMPS: Final = 200
"""With more jumps the clock cannot be used."""

MAX_STEPS: Final = 5000
"""Steps looked at; a file with more of them is no log with a clock that jumps."""

MAX_PAUSES: Final = 300
"""With more steps forward, or if every other step is one, long steps are the app's setting, and none is a jump."""

RETURN_STEPS: Final = 5
"""Odd steps within which a longer block of rows out of order ends."""

HOLE_SHARE: Final = 0.6
"""A hole into which late rows fit is at least this share of the time that they usually take."""

BOOT_JUMP_MS: Final = 12 * 3_600_000
"""A larger jump means that the phone did not know the day at first: its later clock is the right one."""

MIN_ROWS: Final = 5
"""Rows after a step back that make it a jump."""

WINDOW: Final = 300
"""Rows on either side of a step forward that say how fast the channels move."""

REPEATED_ROWS: Final = 20
REPEATED_SHARE: Final = 0.8
"""Rows after a step back that are compared with those before it, and how many of them must be the same."""

VARYING_SHARE: Final = 0.5
"""Of these rows, so many differ from the one before where the car did something."""

LAG: Final = 8
FAR: Final = 60
"""Rows over which moves are compared: as if the clock had jumped, and as if time had passed."""

MIN_CHANNELS: Final = 5
MAX_EVIDENCE: Final = 3.0
"""The largest evidence of one channel, because one that was not polled stands still and proves nothing."""

MIN_EVIDENCE: Final = 5.0
"""How much likelier a jump must be than a pause, as a logarithm."""

LONG_MS: Final = 60_000
MIN_EVIDENCE_LONG: Final = -3.0
"""The same for a longer step with the engine on: the app is silent so long only when it sleeps, or was started anew."""

MIN_EVIDENCE_ZONE: Final = -6.0
"""The same for a whole number of half hours, as between time zones: few pauses have such a length."""

ZONE_MS: Final = 1_800_000
ZONE_TOLERANCE_MS: Final = 15_000
STARTING_ROWS: Final = 60
"""Rows after its start in which the app is watched, and does not fall silent."""

LATE: Final = 1.8
"""A row is late after a step of so many usual ones."""

RESTART_SHARE: Final = 0.7
"""The app was restarted if a smaller share of the filled cells is still filled."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump before a row, in ms: by how much the clock was set forward (or back, where negative)."""

    row: int
    ms: int


def find_jumps(
    clock: Integers, numbers: Floats, sessions: Mask, holes: Mask, positions: list[int]
) -> tuple[list[Jump], bool]:
    """Return the jumps of the clock in the order of rows, and whether there are more than can be told apart.

    Args:
        clock: Wall clock of each row as written, ms.
        numbers: The known columns, a row each.
        sessions: Rows that follow a header.
        holes: Rows before which others were lost: the clock says for how long.
        positions: The columns' places in `NUMBERS`.
    """
    step = np.diff(clock, prepend=clock[:1])
    odd = np.flatnonzero((step < -OUT_OF_ORDER_MS) | (step > GAP_SEC * 1000))
    if not len(odd):
        return [], False
    if len(odd) > MAX_STEPS:
        odd = odd[:MAX_STEPS]
    usual = usual_step(step)
    running = _running(positions, numbers)
    order = np.argsort(clock, kind="stable") if (step[odd] < 0).any() else np.empty(0, np.int64)
    pauses = np.count_nonzero(step > GAP_SEC * 1000)
    few_pauses = pauses <= MAX_PAUSES and pauses * 2 < len(step)
    jumps: list[Jump] = []
    skipped = set[int]()
    for place, row in enumerate(odd.tolist()):
        if row in skipped:
            continue
        if abs(int(step[row])) > BOOT_JUMP_MS and (step[row] < 0 or row > STARTING_ROWS):
            continue  # rows of another day
        if step[row] < 0:
            end = int(odd[place + 1]) if place + 1 < len(odd) else len(clock)
            late = _late_block(clock, usual, row, odd[place + 1 : place + 1 + RETURN_STEPS])
            if late is not None:
                skipped.add(late[0])
                jumps = [jump for jump in jumps if jump.row != late[1]]
            elif not _repeats(clock, order, numbers, row, end, started=bool(sessions[row])) and _is_jump_back(
                clock, numbers, sessions, row, end
            ):
                jumps.append(Jump(row, int(step[row] - usual)))
        elif few_pauses and not holes[row] and _goes_on(numbers, sessions, step, usual, row, running):
            jumps.append(Jump(row, int(step[row] - usual)))
        if len(jumps) > MAX_JUMPS:
            return jumps, True
    return jumps, False


def _running(positions: list[int], numbers: Floats) -> Mask:
    """Return the rows in which the engine turns or the car moves."""
    told = [numbers[positions.index(position)] > 0 for position in (REVS, SPEED) if position in positions]
    return np.any(told, axis=0) if told else np.zeros(numbers.shape[1], bool)


def usual_step(step: Integers) -> int:
    """Return the usual time between two rows, ms."""
    usual = step[(step > 0) & (step <= GAP_SEC * 1000)]
    return int(np.median(usual)) if len(usual) else 1000


def without_jumps(clock: Integers, jumps: list[Jump]) -> Integers:
    """Return the clock as it would be without the jumps, by the clock of the first row.

    Where the phone did not know the day at first, by the clock after that jump.
    """
    moved = np.zeros(len(clock), np.int64)
    for jump in jumps:
        if 0 < jump.ms < DRIVE_GAP_SEC * 1000:
            continue
        if abs(jump.ms) > BOOT_JUMP_MS and jump.row * 2 < len(clock):
            moved[: jump.row] += jump.ms
        else:
            moved[jump.row :] -= jump.ms
    return clock + moved


def _late_block(clock: Integers, usual: int, row: int, later: Integers) -> tuple[int, int] | None:
    """Return where rows written late end, and the row before which they belong; None if they are no such block.

    `1 2 5 6 3 4 7 8` steps back to 3, fills the hole before 5, and goes on with 7 after 6. A clock that was set back
    finds no hole, since its rows were already there.
    """
    before = int(clock[row - 1])
    near = np.arange(row, min(row + WINDOW, len(clock)))
    ends = [rows[clock[rows] >= before] for rows in (near, later)]
    if not any(map(len, ends)):
        return None
    end = int(np.concatenate(ends)[0])
    block, start = clock[row:end], max(row - WINDOW, 0)
    earlier = clock[start:row]
    under, over = earlier[earlier < block[0]], earlier[earlier > block[0]]
    if not len(under) or not len(over):
        return None
    lower, upper = int(under.max()), int(over.min())
    is_hole = upper - lower >= (len(block) + 1) * HOLE_SHARE * usual and block[0] not in earlier
    is_tight = block[0] - lower <= GAP_SEC * 1000 and 0 <= upper - int(block.max()) <= GAP_SEC * 1000
    if not is_hole or not is_tight or clock[end] - before > GAP_SEC * 1000:
        return None
    return end, start + int(np.flatnonzero(earlier == upper)[0])


def _is_jump_back(clock: Integers, numbers: Floats, sessions: Mask, row: int, end: int) -> bool:
    """Return whether a step back is a jump, and not an earlier block of rows or one that was written late."""
    if end - row < MIN_ROWS or sessions[row] or _restarts(numbers, row):
        return _interleaves(clock, row, end)
    return True


def _repeats(clock: Integers, order: Integers, numbers: Floats, row: int, end: int, *, started: bool) -> bool:
    """Return whether the rows after a step back are repeated: a file was appended to itself, or to a part of itself."""
    rows = np.arange(row, min(end, row + REPEATED_ROWS))
    goes_on = not started and int(clock[end - 1]) > int(clock[:row].max())
    if goes_on and not _vary(numbers[:, rows]):
        return False  # a car that stands, seen again at the same times by chance
    before = order[np.searchsorted(clock, clock[rows], sorter=order)]  # the first rows with the same clock
    same = (before < row) & (
        (numbers[:, before] == numbers[:, rows]) | (np.isnan(numbers[:, before]) & np.isnan(numbers[:, rows]))
    ).all(axis=0)
    return float(same.mean()) >= REPEATED_SHARE


def _vary(values: Floats) -> bool:
    """Return whether at least half of the rows differ from the one before."""
    differs = (values[:, 1:] != values[:, :-1]) & ~(np.isnan(values[:, 1:]) & np.isnan(values[:, :-1]))
    return bool(values.shape[1] > 1 and differs.any(axis=0).mean() >= VARYING_SHARE)


def _interleaves(clock: Integers, row: int, end: int) -> bool:
    """Return whether the rows from a step back on would be sorted in between those of the stretch before it."""
    stretch = clock[max(row - WINDOW, 0) : row]
    return bool(clock[end - 1] > stretch.min() and clock[row] < stretch.max() and clock[row] > stretch.min())


def _restarts(numbers: Floats, row: int) -> bool:
    """Return whether cells that were filled are blank again: the app was started anew."""
    before, after = ~np.isnan(numbers[:, row - 1]), ~np.isnan(numbers[:, row])
    return bool(np.count_nonzero(after & before) < RESTART_SHARE * np.count_nonzero(before))


def _stood_still(step: Integers, usual: int, numbers: Floats, row: int) -> bool:
    """Return whether the app slept over a step forward: it polled nothing, and its next row was late."""
    same = np.array_equal(numbers[:, row], numbers[:, row - 1], equal_nan=True)
    return same and row + 1 < len(step) and int(step[row + 1]) > LATE * usual


def _goes_on(numbers: Floats, sessions: Mask, step: Integers, usual: int, row: int, running: Mask) -> bool:
    """Return whether the car's channels go on over a step forward as they do within a few rows."""
    last = min(row + LAG - 1, numbers.shape[1] - 1)
    if sessions[row] or _restarts(numbers, row) or _stood_still(step, usual, numbers, row):
        return False
    ms = int(step[row])
    zone = abs((ms + ZONE_TOLERANCE_MS) % ZONE_MS) <= 2 * ZONE_TOLERANCE_MS and ms > ZONE_TOLERANCE_MS
    starting = bool(sessions[max(row - STARTING_ROWS, 0) : row].any())
    on = bool(running[row - 1] and running[last])
    if not (zone or starting or on):
        return False
    start, end = max(row - WINDOW, 0), min(row + WINDOW, numbers.shape[1])
    sides = [numbers[:, start:row], numbers[:, row:end]]
    over = np.abs(numbers[:, last] - numbers[:, row - 1])
    known = ~np.isnan(over)
    near, far = (_moves(sides, lag)[known] for lag in (last - row + 1, FAR))
    if np.count_nonzero(known) < MIN_CHANNELS or not near.shape[1] or not far.shape[1]:
        return False
    evidence = _evidence(over[known], near, far)
    needed = MIN_EVIDENCE_LONG if ms >= LONG_MS and on else MIN_EVIDENCE
    enough = evidence.sum() > (MIN_EVIDENCE_ZONE if zone else needed)
    return bool(enough and np.count_nonzero(evidence) >= MIN_CHANNELS)


def _moves(sides: list[Floats], lag: int) -> Floats:
    """Return by how much each column moves over so many rows, within either side."""
    return np.concatenate([np.abs(side[:, lag:] - side[:, :-lag]) for side in sides], axis=1)


def _evidence(over: Floats, near: Floats, far: Floats) -> Floats:
    """Return how much likelier each column's move is over a few rows than over many, as the logarithm of a ratio."""
    void = np.isnan(near).all(axis=1)
    limits = np.zeros((3, len(over)))
    limits[1:, ~void] = [quantile(near[~void], share) for share in (0.6, 0.9)]
    bins = (over > limits).sum(axis=0)
    shares = []
    for moves in (near, far):
        known = ~np.isnan(moves)
        same = ((moves[None] > limits[:, :, None]).sum(axis=0) == bins[:, None]) & known
        shares.append((same.sum(axis=1) + 1) / (known.sum(axis=1) + 4))
    return np.where(void, 0.0, np.minimum(np.log(shares[0] / shares[1]), MAX_EVIDENCE))


def quantile(values: Floats, share: float) -> Floats:
    """Return a quantile of the known values in each row, interpolated; every row has one.

    `numpy.nanquantile` gives the same and takes twenty times as long, as it goes row by row.
    """
    ordered = np.sort(values, axis=1)  # NaN last
    place = share * (np.count_nonzero(~np.isnan(values), axis=1) - 1)
    below = place.astype(np.int64)
    rows, part = np.arange(len(values)), place - below
    low, high = ordered[rows, below], ordered[rows, np.ceil(place).astype(np.int64)]
    return np.asarray(np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part)))
