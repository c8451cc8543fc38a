"""A disk that is full to the last byte while uploads go on, and then has room again: everything recovers by itself.

The system runs on a small tmpfs in a mount namespace of its own, which ends with it. Its files are seen from outside
through `/proc/PID/root`.
"""

import itertools
import os
import random
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from faplog.contracts.keys import LOGS
from faplog.errors import Unavailable
from faplog.synthetic import day
from standalone.logs import MAX_BYTES
from standalone.supervisor import CRASHES
from tests import buckets
from tests.conftest import Stack, launch, running_stack, until
from tests.e2e.account import Account
from tests.e2e.faults import all_settled, upload_until_accepted

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

SIZE = "400m"
PART_SIZE = "60m"
CLIENTS = 3
PATIENCE_SEC = 300.0
NAMESPACE = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), "--")


def small_disk(folder: Path, *command: str, size: str = SIZE) -> list[str]:
    """Return what runs the command with a small disk mounted at the folder."""
    mount = f'mount -t tmpfs -o size={size},mode=700 faplog-test {shlex.quote(str(folder))} && exec "$@"'
    return [*NAMESPACE, "sh", "-c", mount, "sh", *command]


@pytest.fixture
def mountable(tmp_path: Path) -> Path:
    """Return the folder the small disk is mounted at; skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("a small disk needs Linux and unshare")
    tried = subprocess.run(small_disk(folder, "true"), capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(
            f"no small disk can be mounted here, neither as root nor in a user namespace: {tried.stderr.strip()}"
        )
    return folder


@pytest.fixture
def disk(mountable: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stack, Path]]:
    """Yield a system whose state and temporary files lie on a small disk, and that disk."""
    monkeypatch.setenv("TMPDIR", str(mountable))
    with running_stack(mountable / "state", prefix=small_disk(mountable)) as stack:
        yield stack, stack.state.parent


class Filler:
    """Fills a disk to its last byte and keeps it full; while `breathing`, with a little room now and then."""

    def __init__(self, folder: Path) -> None:
        self.breathing = True
        self.full = False
        self._file = folder / "filler"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._fill)
        self._chance = random.Random(5)  # noqa: S311

    def start(self) -> None:
        self._thread.start()

    def free(self) -> None:
        """Give all the room back."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._file.unlink(missing_ok=True)

    def _fill(self) -> None:
        part = 1 << 20
        with self._file.open("wb", buffering=0) as file:
            while not self._over.is_set():
                try:
                    file.write(bytes(part))
                except OSError:
                    if part > 1:
                        part //= 4
                        continue
                    self.full = True
                    if self.breathing:
                        file.truncate(max(file.tell() - self._chance.choice([4, 8, 16, 64, 200, 400]) * 1024, 0))
                        file.seek(0, os.SEEK_END)
                        part = 4096
                    self._over.wait(0.02)


def test_everything_recovers_from_a_full_disk(disk: tuple[Stack, Path]) -> None:
    stack, folder = disk
    account = Account(stack)
    account.use_one_car()
    numbers = itertools.count()
    room = threading.Event()
    accepted: list[str] = []

    def upload() -> None:
        number = next(numbers)
        content, _ = day(seed=number, minutes=3)
        accepted.extend(upload_until_accepted(account, f"drive-{number}.csv", content, PATIENCE_SEC))

    def keep_uploading() -> None:
        while not room.is_set():
            upload()

    upload()
    account.settled()
    filler = Filler(folder)
    (stack.state / "logs" / "long.log").write_bytes(b"a line\n" * (MAX_BYTES // 6))
    with ThreadPoolExecutor(CLIENTS) as clients:
        try:
            filler.start()
            uploads = [clients.submit(keep_uploading) for _ in range(CLIENTS)]
            until(lambda: broker(stack) == 503, 120, what="JetStream keeps a write error")
            until(lambda: readiness(stack) in ("degraded", "unavailable"), what="readiness tells of it")
            filler.breathing = False
            tried: set[int] = set()
            until(lambda: started(tried, stack) > 2 * CRASHES, 180, what="PostgreSQL is tried and tried again")
            until(lambda: refuses_for_good(stack), 120, what="the object store keeps a write error")
            until(lambda: (stack.state / "logs" / "long.log").stat().st_size < MAX_BYTES, what="the log is shortened")
            assert stack.process.poll() is None
        finally:
            filler.free()
            room.set()
        for done in uploads:
            done.result()
    until(lambda: readiness(stack) == "ok", PATIENCE_SEC, what="every part is well again")
    assert broker(stack) == 200
    upload()
    until(lambda: all_settled(account), PATIENCE_SEC, what="everything accepted is analysed")
    assert account.count(status="Success") == account.count() == len(set(accepted)) == next(numbers)
    assert account.average(PATIENCE_SEC)["overall"]["logs"] == len(accepted)
    account.http.close()


@pytest.mark.usefixtures("mountable")
def test_the_disk_of_one_part_alone_may_be_full(tmp_path: Path) -> None:
    """The store's folder on a disk of its own: the store cannot start there, and all else has room."""
    state = tmp_path / "state"
    folder = state / "s3"
    folder.mkdir(mode=0o700, parents=True)
    with running_stack(state, prefix=small_disk(folder, size=PART_SIZE)) as stack:
        account = Account(stack)
        filler = Filler(Path(f"/proc/{stack.process.pid}/root{folder}"))
        filler.breathing = False
        try:
            filler.start()
            until(lambda: filler.full, what="the disk is full")
            kill_store(stack)
            supervisor_log = state / "logs" / "supervisor.log"
            waits = "and the disk is full, trying it again"
            until(lambda: supervisor_log.read_text("utf-8").count(waits) > CRASHES, 180, what="the store is tried")
            assert stack.process.poll() is None
        finally:
            filler.free()
        content, _ = day(seed=1, minutes=3)
        upload_until_accepted(account, "drive.csv", content, PATIENCE_SEC)
        until(lambda: all_settled(account), PATIENCE_SEC, what="everything accepted is analysed")
        assert account.count(status="Success") == 1
        account.http.close()


def kill_store(stack: Stack) -> None:
    """Have the object store's process end at once."""
    for child in psutil.Process(stack.process.pid).children():
        if "weed" in child.name():
            child.kill()


def broker(stack: Stack) -> int:
    """Return what NATS says of its health; 0 where it says nothing."""
    nats = stack.runtime["nats"]
    with suppress(httpx.TransportError):
        return httpx.get(f"http://{nats['host']}:{nats['monitor']}{nats['monitor_path']}/healthz").status_code
    return 0


def readiness(stack: Stack) -> str:
    """Return what the API says of its parts; nothing where it, or the edge, says nothing."""
    with suppress(httpx.TransportError, ValueError):
        return str(httpx.get(f"{stack.url}/api/v1/health/readiness", timeout=60).json()["status"])
    return ""


def started(pids: set[int], stack: Stack) -> int:
    """Have PostgreSQL begin one more file of its write-ahead log, if it runs; how often it was seen to be started."""
    pid = stack.process.pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split():
        with suppress(OSError):
            if "postgres\0-D" in Path(f"/proc/{child}/cmdline").read_text("utf-8", "replace"):
                pids.add(int(child))
    password = (stack.secrets / "postgres-superuser-password").read_text("utf-8")
    with (
        suppress(psycopg.OperationalError),
        psycopg.connect(
            **stack.runtime["postgres"], user="postgres", password=password, dbname="postgres", connect_timeout=3
        ) as connection,
    ):
        connection.execute("SELECT pg_logical_emit_message(false, 'test', 'anything'), pg_switch_wal()")
    return len(pids)


def refuses_for_good(stack: Stack) -> bool:
    """Store small objects until the index of the store's folder `logs/` meets the full disk."""
    try:
        buckets.of_stack(stack).put(f"{LOGS}{uuid4()}", b"")
    except Unavailable:
        return True
    return False


def test_a_start_on_a_full_disk_says_so(mountable: Path) -> None:
    full = small_disk(mountable, "sh", "-c", f'head -c {SIZE} /dev/zero >"$0/filler"; exec "$@"', str(mountable))
    process = launch(mountable / "state", 15_000, prefix=full)
    printed, errors = process.communicate(timeout=PATIENCE_SEC)
    assert (process.returncode, printed) == (1, "")
    assert "Traceback" not in errors
    assert "full" in errors
