"""Backups against the real servers: everything comes back on another machine, and a bad backup changes nothing."""

import errno
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from faplog.blobs import Blobs
from faplog.contracts import keys
from faplog.errors import Unavailable
from functions.api.analyses import deletion
from functions.api.db import Database
from infra.backup import database, drill, manifest, restore, snapshot
from infra.backup.manifest import BadBackup
from infra.backup.target import Target
from standalone.servers import Servers, running
from standalone.state import prepare
from tests import buckets
from tests.conftest import ROOT, migrate

pytestmark = pytest.mark.stack

ACCOUNTS = 3
AVERAGE_KEYS = (keys.average_request_key, keys.average_result_key)


def secret(servers: Servers, name: str) -> str:
    return (servers.secrets / name).read_text("utf-8")


def target(servers: Servers, role: str = "api") -> Target:
    """Return the servers as a restore sees them, or with the key of another role."""
    return Target(secret(servers, "faplog-owner-database"), buckets.of_servers(servers, role))


def contents(of: Target) -> tuple[dict[str, str], dict[str, str]]:
    """Return every row of every table and every object, as digests."""
    tables, objects = {}, {}
    with psycopg.connect(of.database) as connection:
        for table in database.counts(of.database):
            rows = connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall()
            tables[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    for key, _ in of.blobs.list(""):
        objects[key] = hashlib.sha256(of.blobs.get(key) or b"").hexdigest()
    return tables, objects


def fill(of: Target) -> None:
    """Accounts, and objects of each kind."""
    with psycopg.connect(of.database) as connection:
        for number in range(ACCOUNTS):
            connection.execute(
                "INSERT INTO users (email, password_hash) VALUES (%s, %s)", [f"{uuid4()}@example.org", f"hash {number}"]
            )
        connection.execute("INSERT INTO car (user_id, name) SELECT id, 'Golf' FROM users")
        connection.execute(
            "INSERT INTO note (user_id, car_id, kind, km, done) SELECT user_id, id, 'oil_changed', 1, false FROM car"
        )
        connection.execute(
            """
            INSERT INTO fap_analysis (user_id, file_name, size, sha256, version, deleted_at, car_id)
            SELECT user_id, 'deleted.csv', 1, sha256('x'), 1, now() - interval '30 minutes', id FROM car
            """
        )
    for number in range(ACCOUNTS):
        of.blobs.put(keys.log_key(uuid4()), f"Date;Time;SootLoad\n{number}\n".encode() * 1000)
        of.blobs.put(keys.series_key(uuid4()), bytes([number]) * 5000)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Yield the machine that is backed up."""
    with running(prepare(tmp_path_factory.mktemp("old"))) as servers:
        migrate(servers)
        fill(target(servers))
        yield servers


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Yield a new machine: empty servers, no table, other passwords."""
    with running(prepare(tmp_path_factory.mktemp("new"))) as servers:
        yield servers


@pytest.fixture(scope="module")
def backup(old: Servers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, _ = snapshot.create(target(old, "backup"), tmp_path_factory.mktemp("backups"))
    return folder


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    """Return a copy of the backup that a test may spoil."""
    return Path(shutil.copytree(backup, tmp_path / backup.name))


def test_everything_comes_back_on_another_machine(old: Servers, new: Servers, backup: Path) -> None:
    made = restore.restore(backup, target(new))
    assert contents(target(new)) == contents(target(old))
    assert made.rows["users"] == made.rows["car"] == made.rows["note"] == ACCOUNTS
    assert len(made.objects) == 2 * ACCOUNTS


def test_the_roles_may_do_on_the_new_machine_what_they_might_on_the_old(new: Servers, backup: Path) -> None:
    restore.restore(backup, target(new), replace=True)
    with psycopg.connect(secret(new, "faplog-worker-database")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (ACCOUNTS,)
    with psycopg.connect(secret(new, "faplog-api-database")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)
    migrate(new)


def test_deleted_logs_stay_deleted_and_are_purged_in_time(new: Servers, backup: Path) -> None:
    restore.restore(backup, target(new), replace=True)
    api = Database(secret(new, "faplog-api-database"), secret(new, "faplog-worker-database"))
    try:
        assert deletion.purge(api, target(new).blobs) == 0
        with api.worker() as connection:
            connection.execute("UPDATE fap_analysis SET deleted_at = deleted_at - interval '30 minutes'")
        assert deletion.purge(api, target(new).blobs) == ACCOUNTS
    finally:
        api.close()


def test_a_restored_system_is_backed_up_and_restored_again(new: Servers, backup: Path, tmp_path: Path) -> None:
    restore.restore(backup, target(new), replace=True)
    before = contents(target(new))
    again, _ = snapshot.create(target(new, "backup"), tmp_path / "backups")
    with psycopg.connect(target(new).database) as connection:
        connection.execute("DELETE FROM users")
    target(new).blobs.put(keys.log_key(uuid4()), b"made since")
    restore.restore(again, target(new), replace=True)
    assert contents(target(new)) == before


def test_what_is_there_is_not_overwritten_unasked(old: Servers, backup: Path) -> None:
    before = contents(target(old))
    with pytest.raises(restore.Refused, match="3 accounts and 6 objects"):
        restore.restore(backup, target(old))
    assert contents(target(old)) == before


@pytest.fixture
def empty(new: Servers) -> Target:
    """Return the new machine without accounts and objects."""
    of = target(new)
    of.blobs.delete(*(key for key, _ in of.blobs.list("")))
    with psycopg.connect(of.database) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
    return of


class Failing(Blobs):
    """A store that goes away after some objects were put or read."""

    def __init__(self, servers: Servers, **allowed: int) -> None:
        key = secret(servers, "faplog-api-s3-access-key"), secret(servers, "faplog-api-s3-secret-key")
        super().__init__(servers.s3.endpoint, servers.s3.bucket, *key)
        self.allowed = allowed

    def _count(self, what: str) -> None:
        if what in self.allowed:
            self.allowed[what] -= 1
            if self.allowed[what] < 0:
                raise Unavailable("the object store did not answer")

    def put(self, key: str, *arguments: Any, **more: Any) -> None:
        self._count("put")
        super().put(key, *arguments, **more)

    def get(self, key: str) -> bytes | None:
        self._count("get")
        return super().get(key)


def test_a_restore_that_broke_off_before_the_database_is_repeated(
    old: Servers, new: Servers, empty: Target, backup: Path
) -> None:
    with pytest.raises(Unavailable):
        restore.restore(backup, Target(empty.database, Failing(new, put=2)))
    assert len(list(empty.blobs.list(""))) == 2
    restore.restore(backup, empty)
    assert contents(empty) == contents(target(old))


def test_a_restore_that_broke_off_after_the_database_is_completed(
    old: Servers, new: Servers, empty: Target, backup: Path
) -> None:
    """What people did since in the restored system stays."""
    with pytest.raises(Unavailable):
        restore.restore(backup, Target(empty.database, Failing(new, get=1)))
    with psycopg.connect(empty.database) as connection:
        connection.execute("UPDATE car SET name = 'Polo'")
    since = contents(empty)
    assert since[1] == contents(target(old))[1]
    restore.restore(backup, empty)
    assert contents(empty) == since
    with pytest.raises(restore.Refused, match="3 accounts and 6 objects"):
        restore.restore(backup, empty)


def test_a_restore_that_broke_off_is_not_repeated_with_another_backup(
    new: Servers, empty: Target, backup: Path, tmp_path: Path
) -> None:
    other, _ = snapshot.create(target(new, "backup"), tmp_path)
    with pytest.raises(Unavailable):
        restore.restore(backup, Target(empty.database, Failing(new, put=2)))
    with pytest.raises(restore.Refused, match="0 accounts and 2 objects"):
        restore.restore(other, empty)
    with pytest.raises(Unavailable):
        restore.restore(backup, Target(empty.database, Failing(new, get=1)))
    before = contents(empty)
    with pytest.raises(restore.Refused, match="3 accounts and 6 objects"):
        restore.restore(other, empty)
    assert contents(empty) == before


def test_one_object_of_others_is_not_removed_unasked(empty: Target, backup: Path) -> None:
    key = keys.log_key(uuid4())
    empty.blobs.put(key, b"of others")
    with pytest.raises(restore.Refused, match="0 accounts and 1 objects"):
        restore.restore(backup, empty)
    assert [found for found, _ in empty.blobs.list("")] == [key]


def test_a_backup_of_a_restore_that_broke_off_carries_no_mark(
    new: Servers, empty: Target, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable):
        restore.restore(backup, Target(empty.database, Failing(new, get=1)))
    assert database.restoring(empty.database) == manifest.seal(backup)
    folder, _ = snapshot.create(target(new, "backup"), tmp_path)
    restore.restore(folder, empty, replace=True)
    assert database.restoring(empty.database) is None
    with pytest.raises(restore.Refused):
        restore.restore(backup, empty)


@pytest.mark.parametrize("spoiled", ["dump", "object", "manifest", "missing object", "extra", "no manifest", "gone"])
def test_a_bad_backup_is_named_and_changes_nothing(old: Servers, copy: Path, spoiled: str) -> None:
    before = contents(target(old))
    files = sorted(path for path in (copy / manifest.OBJECTS).rglob("*") if path.is_file())
    match spoiled:
        case "dump":
            damage(copy / manifest.DUMP)
        case "object":
            damage(files[0])
        case "manifest":
            damage(copy / manifest.MANIFEST)
        case "missing object":
            files[0].unlink()
        case "extra":
            (copy / manifest.OBJECTS / "more").write_bytes(b"")
        case "no manifest":
            (copy / manifest.MANIFEST).unlink()
        case "gone":
            shutil.rmtree(copy)
    with pytest.raises(BadBackup):
        restore.restore(snapshot.find(copy), target(old), replace=True)
    assert contents(target(old)) == before


def damage(file: Path) -> None:
    """Flip one bit in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_a_dump_that_fails_half_way_leaves_the_database_as_it_was(old: Servers, copy: Path) -> None:
    """The dump lists, but ends early: everything it dropped in its transaction is back."""
    before = contents(target(old))
    dump = copy / manifest.DUMP
    with psycopg.connect(target(old).database) as connection:
        connection.execute("CREATE TABLE newer (id int)")
    try:
        script = copy.parent / "database.sql"
        subprocess.run(
            [database.binary("pg_restore"), "--no-owner", f"--file={script}", str(dump)],
            capture_output=True,
            check=True,
        )
        with script.open("a", encoding="utf-8") as file:
            file.write("\nSELECT 1 / 0;\n")
        with pytest.raises(database.DatabaseProblem, match="psql failed"):
            database.apply(target(old).database, script)
    finally:
        with psycopg.connect(target(old).database) as connection:
            connection.execute("DROP TABLE newer")
    assert contents(target(old)) == before


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the temporary folder of everything that runs here."""
    folder = tmp_path / ("temporary" * 9)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_restore_holds_no_database_in_memory(temporary: Path) -> None:
    dump = temporary.parent / "database.dump"
    with drill.scratch() as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE large AS SELECT repeat('x', 1000) AS text FROM generate_series(1, 30000)")
        rows = database.dump(url, dump)
        tracemalloc.start()
        try:
            database.restore(url, dump)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert database.counts(url) == rows == {"large": 30000}
    assert peak < 3_000_000
    assert list(temporary.iterdir()) == []


def test_a_dump_that_cannot_become_a_script_leaves_the_database_as_it_was(old: Servers, temporary: Path) -> None:
    """The dump lists, but its end is missing."""
    before = contents(target(old))
    dump = temporary.parent / "database.dump"
    database.dump(target(old).database, dump)
    with dump.open("rb+") as file:
        file.truncate(dump.stat().st_size - 100)
    database.check(dump)
    with pytest.raises(database.DatabaseProblem, match=r"pg_restore to .*/database\.sql failed: pg_restore: error: "):
        database.restore(target(old).database, dump)
    assert contents(target(old)) == before
    assert list(temporary.iterdir()) == []


def test_a_dump_may_take_longer_than_a_session_may_idle(
    old: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster's server ends sessions that idle in a transaction for a minute; here it is a tenth of a second."""
    slow = tmp_path / "pg_dump"
    slow.write_text(f'#!/bin/sh\n"{database.binary("pg_dump")}" "$@" && sleep 1\n', "utf-8")
    slow.chmod(0o700)
    monkeypatch.setattr(database, "binary", lambda _: str(slow))
    with psycopg.connect(target(old).database) as connection:
        connection.execute("ALTER ROLE CURRENT_USER SET idle_in_transaction_session_timeout = '100ms'")
    try:
        assert database.dump(target(old).database, tmp_path / "dump")["users"] == ACCOUNTS
    finally:
        with psycopg.connect(target(old).database) as connection:
            connection.execute("ALTER ROLE CURRENT_USER RESET idle_in_transaction_session_timeout")


def test_what_the_database_refuses_is_a_sentence(old: Servers, tmp_path: Path) -> None:
    worker = secret(old, "faplog-worker-database")
    for refused in (database.counts, lambda url: database.dump(url, tmp_path / "dump")):
        with pytest.raises(database.DatabaseProblem, match=r"refuses what a backup needs \(InsufficientPrivilege\)\.$"):
            refused(worker)


def test_a_log_is_fetched_once(old: Servers, tmp_path: Path) -> None:
    first, _ = snapshot.create(target(old, "backup"), tmp_path)
    inode = {path.name: path.stat().st_ino for path in (first / "objects/logs").iterdir()}
    first.rename(tmp_path / "faplog-20200101T000000Z")
    second, _ = snapshot.create(target(old, "backup"), tmp_path)
    assert {path.name: path.stat().st_ino for path in (second / "objects/logs").iterdir()} == inode
    manifest.verify(second)


@pytest.mark.parametrize("length", ["the same", "shorter", "none"])
def test_a_damaged_file_is_fetched_again(old: Servers, tmp_path: Path, length: str) -> None:
    """A log that an older snapshot keeps wrong is right in the next one, and does not stop it."""
    first, made = snapshot.create(target(old, "backup"), tmp_path)
    first = first.rename(tmp_path / "faplog-20200101T000000Z")
    file = first / next(item.path for key, item in sorted(made.objects.items()) if key.startswith(keys.LOGS))
    match length:
        case "the same":
            damage(file)
        case "shorter":
            os.truncate(file, 100)
        case "none":
            file.unlink()
    second, again = snapshot.create(target(old, "backup"), tmp_path, keep=1)
    assert again.objects == made.objects
    assert manifest.verify(second) == again
    assert snapshot.snapshots(tmp_path) == [second]


def test_only_a_file_of_another_size_is_fetched_again(old: Servers, tmp_path: Path) -> None:
    first, _ = snapshot.create(target(old, "backup"), tmp_path)
    first = first.rename(tmp_path / "faplog-20200101T000000Z")
    [shorter, *others] = sorted((first / "objects/logs").iterdir())
    os.truncate(shorter, 100)
    second, _ = snapshot.create(target(old, "backup"), tmp_path)
    logs = second / "objects/logs"
    assert not (logs / shorter.name).samefile(shorter)
    assert all((logs / other.name).samefile(other) for other in others)


def test_a_snapshot_that_is_not_whole_takes_no_ones_place(
    old: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = snapshot.create(target(old, "backup"), tmp_path)
    first = first.rename(tmp_path / "faplog-20200101T000000Z")

    def write(folder: Path, made: manifest.Manifest) -> None:
        """Write as a disk does that does not keep the bytes."""
        manifest.write(folder, made)
        os.truncate(folder / manifest.DUMP, 100)

    monkeypatch.setattr(snapshot, "write", write)
    with pytest.raises(BadBackup, match="damaged"):
        snapshot.create(target(old, "backup"), tmp_path, keep=1)
    assert snapshot.snapshots(tmp_path) == [first]
    manifest.verify(first)


def test_without_hard_links_logs_are_copied(
    old: Servers, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on exFAT; a log that is in the snapshot before is not fetched there either."""
    fetched = []

    class Counted(Blobs):
        def get(self, key: str) -> bytes | None:
            fetched.append(key)
            return super().get(key)

    def link(source: Path, to: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(source), None, str(to))

    monkeypatch.setattr(os, "link", link)
    shutil.copytree(backup, tmp_path / "faplog-20200101T000000Z")
    key = secret(old, "faplog-backup-s3-access-key"), secret(old, "faplog-backup-s3-secret-key")
    source = Target(target(old).database, Counted(old.s3.endpoint, old.s3.bucket, *key))
    second, _ = snapshot.create(source, tmp_path)
    manifest.verify(second)
    assert len(fetched) == ACCOUNTS
    assert all(key.startswith(keys.SERIES) for key in fetched)
    assert all(path.stat().st_nlink == 1 for path in (second / "objects/logs").iterdir())


def test_only_the_newest_are_kept(old: Servers, tmp_path: Path) -> None:
    for year in range(2020, 2024):
        (tmp_path / f"faplog-{year}0101T000000Z").mkdir()
    (tmp_path / "faplog-20200101T000000Z.partial").mkdir()
    newest, _ = snapshot.create(target(old, "backup"), tmp_path, keep=2)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["faplog-20230101T000000Z", newest.name]


def test_the_backups_key_can_change_nothing(old: Servers) -> None:
    with pytest.raises(Unavailable):
        target(old, "backup").blobs.put(keys.log_key(uuid4()), b"")


def test_the_drill_restores_into_a_server_of_its_own(old: Servers, backup: Path) -> None:
    before = contents(target(old))
    assert drill.drill(backup).rows["users"] == ACCOUNTS
    assert contents(target(old)) == before


def test_the_drill_finds_what_would_not_restore(copy: Path) -> None:
    """A snapshot that is whole but counts wrong: what a dump taken beside the counts would be."""
    made = manifest.read(copy)
    manifest.write(
        copy, manifest.Manifest(made.created, made.version, made.rows | {"users": 4}, made.dump, made.objects)
    )
    with pytest.raises(BadBackup, match="other numbers of rows"):
        drill.drill(copy)


def small_disk(folder: Path, size: str) -> list[str]:
    """Return what runs a command with a small disk at the folder; skips where none can be mounted."""
    namespace = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), "--")
    mount = f'mount -t tmpfs -o size={size},mode=700 faplog-test {shlex.quote(str(folder))} && exec "$@"'
    command = [*namespace, "sh", "-c", mount, "sh"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    return command


def run(servers: Servers, *arguments: str, before: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
    """Return the command, told of the servers as a running system tells it."""
    runtime = {"s3": {"endpoint": servers.s3.endpoint, "bucket": servers.s3.bucket}}
    (servers.state / "runtime.json").write_text(json.dumps(runtime), "utf-8")
    return subprocess.run(
        [*before, sys.executable, "-m", "infra.backup", "--state", str(servers.state), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_speaks_in_sentences(old: Servers, tmp_path: Path) -> None:
    made = run(old, "create", str(tmp_path / "backups"))
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("Backed up 3 accounts, 3 analyses and 6 objects (0.1 MB) to ")
    assert "is whole: 3 accounts" in run(old, "verify", str(tmp_path / "backups")).stdout
    refused = run(old, "restore", str(tmp_path / "backups"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("The target holds 3 accounts and 6 objects;")
    missing = run(old, "restore", str(tmp_path / "nowhere"))
    assert (missing.returncode, missing.stderr) == (1, f"There is no backup at {tmp_path / 'nowhere'}.\n")


def test_a_full_disk_is_a_sentence(old: Servers, backup: Path, tmp_path: Path) -> None:
    """One that is full before the dump is written, and one before all 80 kB of objects are."""
    early = run(old, "create", str(tmp_path), before=small_disk(tmp_path, "16k"))
    assert early.returncode == 1
    assert re.fullmatch(rf"pg_dump to {tmp_path}/faplog-.*/database.dump failed: .*: No space left.*\n", early.stderr)
    room = (backup / manifest.DUMP).stat().st_size + 40_000
    late = run(old, "create", str(tmp_path), before=small_disk(tmp_path, str(room)))
    assert (late.returncode, late.stderr) == (1, f"Cannot read or write {tmp_path}: No space left on device.\n")


def test_a_place_that_cannot_be_written_is_a_sentence(old: Servers, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    failed = run(old, "create", str(tmp_path / "file/backups"))
    assert failed.returncode == 1
    assert failed.stderr == f"Cannot read or write {tmp_path / 'file/backups'}: Not a directory.\n"


def test_without_a_running_system_the_command_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.backup", "create", str(tmp_path), "--state", str(tmp_path / "none")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"No faplog runs with the state {tmp_path / 'none'}")


def cluster(servers: Servers, command: str, folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Return what the cluster's jobs run, with a repository in a folder."""
    environment = os.environ | servers.environment
    environment |= {"PYTHON": sys.executable, "STAGING": str(folder / "staging"), "HOME": str(folder)}
    environment |= {"RESTIC_REPOSITORY": str(folder / "repository"), "RESTIC_PASSWORD": "a test"} | more
    return subprocess.run(
        ["bash", str(ROOT / "infra/backup/cluster.sh"), command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not on PyPI: install Debian's to run this")
def test_the_clusters_jobs_encrypt_keep_restore_and_drill(old: Servers, new: Servers, tmp_path: Path) -> None:
    made = cluster(old, "nightly", tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    shutil.rmtree(tmp_path / "staging")
    drilled = cluster(old, "drill", tmp_path)
    assert drilled.returncode == 0, drilled.stderr
    assert f"restores: {ACCOUNTS} accounts" in drilled.stdout
    back = cluster(new, "restore", tmp_path, REPLACE="yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert contents(target(new)) == contents(target(old))
    packs = [path for path in (tmp_path / "repository/data").rglob("*") if path.is_file()]
    assert packs
    assert not any(b"SootLoad" in path.read_bytes() for path in packs)


@pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not on PyPI: install Debian's to run this")
def test_a_damaged_repository_restores_nothing(old: Servers, tmp_path: Path) -> None:
    assert cluster(old, "nightly", tmp_path).returncode == 0
    before = contents(target(old))
    for pack in (tmp_path / "repository/data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            damage(pack)
    assert cluster(old, "restore", tmp_path, REPLACE="yes").returncode != 0
    assert contents(target(old)) == before


def test_a_snapshot_that_could_not_be_carried_away_is_no_backup(old: Servers, tmp_path: Path) -> None:
    failed = run(old, "create", str(tmp_path), "--then", "false")
    assert failed.returncode == 1
    assert "could not be carried away" in failed.stderr


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.backup", "create", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "FAPLOG_SECRETS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot start, setting 'faplog-owner-database': ")
    assert len(done.stderr.splitlines()) == 1


def backup_without(old: Servers, role: str, others: set[str], tmp_path: Path) -> tuple[Path, manifest.Manifest]:
    """Put other objects into the bucket with the key of a role, and return a backup, which has none of them."""
    for key in sorted(others):
        target(old, role).blobs.put(key, b"{}")
    try:
        folder, made = snapshot.create(target(old, "backup"), tmp_path / "backups")
    finally:
        target(old).blobs.delete(*others)
    assert len(made.objects) == 2 * ACCOUNTS
    assert not others & set(made.objects)
    return folder, made


def test_what_is_on_its_way_between_functions_is_in_no_backup(old: Servers, new: Servers, tmp_path: Path) -> None:
    moving = {keys.result_key(uuid4()), *(key(uuid4(), "0" * 64) for key in AVERAGE_KEYS)}
    folder, made = backup_without(old, "api", moving, tmp_path)
    restore.restore(folder, target(new), replace=True)
    target(new).blobs.put(keys.result_key(uuid4()), b"{}")  # of a system that runs already
    restore.compare(made, target(new))


@pytest.mark.parametrize("planted", [("a", "a/b"), ("x" * 255,), ("..%2f..%2fx",)], ids=["folder", "long", "path"])
def test_what_a_function_plants_in_the_bucket_stops_no_backup(
    old: Servers, new: Servers, tmp_path: Path, planted: tuple[str, ...]
) -> None:
    """The key of `analyse` may write below `series/`; an object there may even be the folder of another."""
    folder, _ = backup_without(old, "analyse", {f"{keys.SERIES}{name}" for name in planted}, tmp_path)
    restore.restore(folder, target(new), replace=True)


def test_a_backup_of_an_older_release_is_restored_without_them(copy: Path, new: Servers) -> None:
    made = manifest.read(copy)
    key = keys.average_request_key(uuid4(), "0" * 64)
    path = copy / manifest.object_path(key)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"[]")
    objects = made.objects | {key: manifest.entry(copy, manifest.object_path(key))}
    manifest.write(copy, manifest.Manifest(made.created, "0.1.0", made.rows, made.dump, objects))
    restore.restore(copy, target(new), replace=True)
    assert key not in dict(target(new).blobs.list(""))
