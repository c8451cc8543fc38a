"""Restores a snapshot. Nothing is changed before it is verified, and the database changes in one transaction."""

import hashlib
from pathlib import Path

from faplog.contracts.keys import is_lasting
from infra.backup import database
from infra.backup.manifest import DUMP, BadBackup, Entry, Manifest, seal, verify
from infra.backup.target import Target


class Refused(Exception):
    """The target holds data already, and the operator did not allow to replace it."""


def restore(folder: Path, target: Target, *, replace: bool = False) -> Manifest:
    """Restore database and bucket from a snapshot; with `replace` also over existing data.

    Objects come first, because they do no harm without rows. Then the database, in one transaction; then objects that
    are not in the snapshot are removed from the bucket.

    A restore that broke off can be repeated without `replace`: objects of this snapshot, without accounts, may be put
    again. A database that was restored from it already is only compared, because people may have used it since.

    Raises:
        BadBackup: The snapshot is missing or damaged, and nothing was changed; or the comparison at the end failed.
        Refused: The target holds accounts or objects that are not of this snapshot; nothing was changed.
        DatabaseProblem: The database is away; it is unchanged.
        Unavailable: The object store is away; the database is unchanged, or restored and not compared.
    """
    manifest = verify(folder)
    database.check(folder / DUMP)
    if replace or database.restoring(target.database) != seal(folder):
        _put(folder, manifest, target, replace=replace)
    compare(manifest, target)
    database.complete(target.database)
    return manifest


def _put(folder: Path, manifest: Manifest, target: Target, *, replace: bool) -> None:
    existing = database.counts(target.database)
    present = {key for key, _ in target.blobs.list("")}
    users = existing.get("users", 0)
    if not replace and (users or present - set(manifest.objects)):
        raise Refused(
            f"The target holds {users} accounts and {len(present)} objects; to put the backup in their place, "
            "say so (REPLACE=yes)."
        )
    objects = lasting(manifest)
    for key, item in objects.items():
        target.blobs.put(key, folder / item.path)
    database.restore(target.database, folder / DUMP, seal(folder))
    for key in present - set(objects):
        target.blobs.delete(key)


def lasting(manifest: Manifest) -> dict[str, Entry]:
    """Return the objects of a snapshot that are restored; snapshots of older releases hold others, too."""
    return {key: item for key, item in manifest.objects.items() if is_lasting(key)}


def compare(manifest: Manifest, target: Target) -> None:
    """Compare database and bucket with the snapshot, in rows and bytes.

    Only logs and series count: a running system makes and removes other objects.

    Raises:
        BadBackup: They differ; the message says where.
    """
    objects = lasting(manifest)
    rows = database.counts(target.database)
    if wrong := {table for table in rows | manifest.rows if rows.get(table) != manifest.rows.get(table)}:
        raise BadBackup(f"After the restore the tables {', '.join(sorted(wrong))} have other numbers of rows.")
    found = {key for key, _ in target.blobs.list("") if is_lasting(key)}
    if found != set(objects):
        raise BadBackup(f"After the restore {len(found ^ set(objects))} objects are missing or too many.")
    for key, item in objects.items():
        if hashlib.sha256(target.blobs.get(key) or b"").hexdigest() != item.sha256:
            raise BadBackup(f"After the restore the object {key} is not what was backed up.")
