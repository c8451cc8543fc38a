"""Decide whether a log is an earlier version of another: the same day's file, uploaded again when it had grown."""

from collections.abc import Sequence

from faplog.contracts.analysis import Fingerprint


def superseded_by(older: Sequence[Fingerprint], newer: Sequence[Fingerprint]) -> bool:
    """Return whether all drives of one log stand in another, longer one, in the same order.

    Of the last drive only the beginning has to stand there: it may have grown, and its last row may have been cut off.
    Logs of the same rows do not supersede each other (see `same_drives`). The lists must be whole: an analysis lists
    500 drives at most, so compare `drives_total` first.

    Args:
        older: The fingerprints of the shorter log's drives, in order.
        newer: Those of the log that may hold it.
    """
    if not older or sum(drive.rows for drive in older) >= sum(drive.rows for drive in newer):
        return False
    place = 0
    for index, drive in enumerate(older):
        is_last = index == len(older) - 1
        found = next(
            (at for at in range(place, len(newer)) if _stands_in(drive, newer[at], may_have_grown=is_last)), None
        )
        if found is None:
            return False
        place = found + 1
    return True


def same_drives(one: Sequence[Fingerprint], other: Sequence[Fingerprint]) -> bool:
    """Return whether two logs hold the same rows, as the same file with other line ends does."""
    return bool(one) and [drive.whole for drive in one] == [drive.whole for drive in other]


def _stands_in(drive: Fingerprint, other: Fingerprint, *, may_have_grown: bool) -> bool:
    if drive.whole == other.whole:
        return True
    if not may_have_grown or other.rows < drive.rows:
        return False
    certain = (drive.rows - 1).bit_length()  # marks that end before the last row, which may have been cut off
    return 0 < certain <= len(other.starts) and drive.starts[:certain] == other.starts[:certain]
