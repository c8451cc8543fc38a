"""Restores a snapshot. Nothing is changed before it is verified, and the database changes in one transaction."""

import hashlib
from pathlib import Path

from faplog.contracts.keys import TRANSIENT
from infra.backup import database
from infra.backup.manifest import DUMP, BadBackup, Entry, Manifest, verify
from infra.backup.target import Target


class Refused(Exception):
    """The target holds data already, and the operator did not allow to replace it."""


def restore(folder: Path, target: Target, *, replace: bool = False) -> Manifest:
    """Restore database and bucket from a snapshot; with `replace` also over existing data.

    Objects come first, because they do no harm without rows. Then the database, in one transaction; then objects that
    are not in the snapshot are removed from the bucket.

    Raises:
        BadBackup: The snapshot is missing or damaged; nothing was changed.
        Refused: The target is not empty; nothing was changed.
        DatabaseProblem: The database is away; it is unchanged.
        Unavailable: The object store is away; the database is unchanged.
    """
    manifest = verify(folder)
    database.check(folder / DUMP)
    existing = database.counts(target.database)
    present = {key for key, _ in target.blobs.list("")}
    users = existing.get("users", 0)
    if not replace and (users or present):
        raise Refused(
            f"The target holds {users} accounts and {len(present)} objects; to put the backup in their place, "
            "say so (REPLACE=yes)."
        )
    objects = lasting(manifest)
    for key, item in objects.items():
        target.blobs.put(key, folder / item.path)
    database.restore(target.database, folder / DUMP)
    for key in present - set(objects):
        target.blobs.delete(key)
    compare(manifest, target)
    return manifest


def lasting(manifest: Manifest) -> dict[str, Entry]:
    """Return the objects of a snapshot that are restored; snapshots of older releases hold transient ones, too."""
    return {key: item for key, item in manifest.objects.items() if not key.startswith(TRANSIENT)}


def compare(manifest: Manifest, target: Target) -> None:
    """Compare database and bucket with the snapshot, in rows and bytes.

    Transient objects do not count: a running system makes and removes them.

    Raises:
        BadBackup: They differ; the message says where.
    """
    objects = lasting(manifest)
    rows = database.counts(target.database)
    if wrong := {table for table in rows | manifest.rows if rows.get(table) != manifest.rows.get(table)}:
        raise BadBackup(f"After the restore the tables {', '.join(sorted(wrong))} have other numbers of rows.")
    found = {key for key, _ in target.blobs.list("") if not key.startswith(TRANSIENT)}
    if found != set(objects):
        raise BadBackup(f"After the restore {len(found ^ set(objects))} objects are missing or too many.")
    for key, item in objects.items():
        if hashlib.sha256(target.blobs.get(key) or b"").hexdigest() != item.sha256:
            raise BadBackup(f"After the restore the object {key} is not what was backed up.")
