"""Makes a snapshot: first the database, then the bucket, so that the file of every row is in the copy."""

import logging
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from faplog.blobs import Blobs
from faplog.contracts.keys import LOGS, TRANSIENT, is_lasting
from faplog.version import VERSION
from infra.backup import database
from infra.backup.manifest import DUMP, OBJECTS, BadBackup, Entry, Manifest, entry, object_path, read, verify, write
from infra.backup.target import Target

log = logging.getLogger(__name__)

PREFIX: Final = "faplog-"
_PARTIAL: Final = ".partial"


def create(source: Target, to: Path, keep: int = 2) -> tuple[Path, Manifest]:
    """Make a snapshot in a new folder under `to`, and keep only the newest `keep`.

    A log never changes under its key, so one that is in an older snapshot here is linked, not fetched again. Transient
    objects are left out: after a restore they are made again. So are objects with keys that are none of faplog's: what
    a function could write to the bucket must not stop a backup.

    The snapshot is verified before it counts and before an older one is removed. Every file is hashed once, then: what
    is linked is compared in size only, and if a file turns out to be damaged, all objects are fetched anew.

    Raises:
        DatabaseProblem: The database is away; only a partial folder was made, which the next run removes.
        Unavailable: The object store is away; likewise.
        BadBackup: The folder does not keep what is written.
    """
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for partial in to.glob(f"{PREFIX}*{_PARTIAL}"):
        shutil.rmtree(partial)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    name = PREFIX + created.replace("+00:00", "Z").replace("-", "").replace(":", "")
    folder = to / (name + _PARTIAL)
    folder.mkdir(mode=0o700)
    rows = database.dump(source.database, folder / DUMP)
    dumped = entry(folder, DUMP)

    def fill(previous: tuple[Path, dict[str, Entry]] | None) -> None:
        write(folder, Manifest(created, VERSION, rows, dumped, _objects(source.blobs, folder, previous)))

    fill(_newest(to))
    try:
        manifest = verify(folder)
    except BadBackup:
        shutil.rmtree(folder / OBJECTS, ignore_errors=True)
        fill(None)
        manifest = verify(folder)
    final = to / name
    if final.exists():
        shutil.rmtree(final)
    folder.rename(final)
    for old in snapshots(to)[:-keep]:
        shutil.rmtree(old)
    return final, manifest


def snapshots(to: Path) -> list[Path]:
    """Return the snapshots under a folder, oldest first."""
    return sorted(path for path in to.glob(f"{PREFIX}*") if path.is_dir() and not path.name.endswith(_PARTIAL))


def find(place: Path) -> Path:
    """Return the snapshot at a path: the path itself, or the newest one in it.

    Raises:
        BadBackup: There is none.
    """
    inside = snapshots(place) if place.is_dir() else []
    if not place.is_dir() or (not inside and not (place / "manifest.json").exists()):
        raise BadBackup(f"There is no backup at {place}.")
    return inside[-1] if inside else place


def _newest(to: Path) -> tuple[Path, dict[str, Entry]] | None:
    for folder in reversed(snapshots(to)):
        try:
            return folder, read(folder).objects
        except BadBackup:
            continue
    return None


def _objects(blobs: Blobs, folder: Path, previous: tuple[Path, dict[str, Entry]] | None) -> dict[str, Entry]:
    objects = {}
    foreign = 0
    for key, _ in sorted(blobs.list("")):
        if not is_lasting(key):
            foreign += not key.startswith(TRANSIENT)
            continue
        path = object_path(key)
        (folder / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = previous[1].get(key) if previous and key.startswith(LOGS) else None
        if previous and known and _link(previous[0] / path, folder / path, known.bytes):
            objects[key] = known
            continue
        content = blobs.get(key)
        if content is None:  # deleted since the list was made
            continue
        (folder / path).write_bytes(content)
        objects[key] = entry(folder, path)
    if foreign:
        log.warning("%d objects of the bucket are none of faplog's; they are not in the backup", foreign)
    return objects


def _link(file: Path, to: Path, size_bytes: int) -> bool:
    """Link a file of the previous snapshot, or copy it where the file system has no links.

    Return whether it is there, readable, and as large as it should be.
    """
    try:
        if file.stat().st_size != size_bytes:
            return False
        try:
            os.link(file, to)
        except OSError:
            shutil.copyfile(file, to)
    except OSError:
        return False
    return True
