"""`python -m infra.backup create|verify|restore|drill`: back up and restore the database and the bucket."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from faplog import telemetry
from faplog.errors import Unavailable
from faplog.settings import SettingsError
from infra.backup import drill, manifest, restore, snapshot
from infra.backup.database import DatabaseProblem
from infra.backup.manifest import BadBackup, Manifest
from infra.backup.target import BackupSettings, NotRunning, RestoreSettings, target, use_state


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 with one sentence on stderr if it failed."""
    parser = argparse.ArgumentParser(prog="python -m infra.backup", description=__doc__)
    parser.add_argument("command", choices=["create", "verify", "restore", "drill"])
    parser.add_argument("place", type=_path, help="folder of snapshots, or one snapshot")
    parser.add_argument("--state", type=_path, help="state folder of a system running on this machine")
    parser.add_argument(
        "--keep", type=int, default=2, help="number of snapshots to keep in the folder (create; default: %(default)s)"
    )
    parser.add_argument(
        "--then",
        nargs=argparse.REMAINDER,
        default=[],
        help="command that copies the snapshot elsewhere; gets its path as last argument (create; must come last)",
    )
    parser.add_argument("--replace", action="store_true", help="restore even if there is data already, and replace it")
    options = parser.parse_args(arguments)
    telemetry.setup("backup")
    try:
        if options.state:
            use_state(options.state)
        print(_do(options))
    except (BadBackup, restore.Refused, DatabaseProblem, Unavailable, SettingsError, NotRunning) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        place = error.filename or options.place
        print(f"Cannot read or write {place}: {error.strerror or error}.", file=sys.stderr)
        return 1
    finally:
        telemetry.shutdown()
    return 0


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _do(options: argparse.Namespace) -> str:
    if options.command == "create":
        folder, made = snapshot.create(target(BackupSettings), options.place, options.keep)
        if options.then:
            carry(options.then, folder)
        telemetry.gauge("faplog.backup.last_success", time.time())
        telemetry.gauge("faplog.backup.size", made.bytes)
        telemetry.gauge("faplog.backup.objects", len(made.objects))
        return f"Backed up {_contents(made)} to {folder}."
    folder = snapshot.find(options.place)
    if options.command == "verify":
        return f"{folder} is whole: {_contents(manifest.verify(folder))}."
    if options.command == "drill":
        done = drill.drill(folder)
        telemetry.gauge("faplog.drill.last_success", time.time())
        return f"{folder} restores: {_contents(done)}."
    try:
        done = restore.restore(folder, target(RestoreSettings), replace=options.replace)
    except BadBackup:
        # The comparison at the end may have failed: then the database is the backup's already.
        if options.state:
            migrate()
        raise
    if options.state:
        migrate()
    return f"Restored {_contents(done)}."


def migrate() -> None:
    """Bring a restored database to the release that is running; the backup may be of an older one.

    Raises:
        DatabaseProblem: It failed; what was restored is there nevertheless.
    """
    argv = [sys.executable, "-m", "functions.api.migrate"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip()[-2000:]
        raise DatabaseProblem(f"The database could not be brought to this version; start `make run` again.\n{said}")


def carry(command: list[str], folder: Path) -> None:
    """Run the command that copies a snapshot elsewhere. Only after it succeeded the backup counts as one.

    Raises:
        BadBackup: The command failed.
    """
    try:
        subprocess.run([*command, str(folder)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BadBackup(f"The snapshot {folder} is good, but could not be carried away: {error}") from error


def _contents(made: Manifest) -> str:
    rows = made.rows.get("users", 0), made.rows.get("fap_analysis", 0)
    return f"{rows[0]} accounts, {rows[1]} analyses and {len(made.objects)} objects ({made.bytes / 1e6:.1f} MB)"


if __name__ == "__main__":
    sys.exit(main())
