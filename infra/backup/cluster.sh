#!/usr/bin/env bash
# The commands of the cluster's jobs: `nightly`, `restore` and `drill`. `python3 -m infra.backup` makes and verifies the
# snapshot, as on a laptop; restic encrypts it, keeps many, and stores them outside of the cluster.
#
# STAGING      a folder with room for two snapshots (nightly), or one and the database twice, as text and as a scratch
#              server's data (restore, drill)
# RESTIC_*     where to and with which password (restic's own variables; AWS_* for S3, an SSH key for SFTP)
# KEEP_*       how many daily, weekly and monthly snapshots stay (7, 5, 12)
# SNAPSHOT     which of restic's snapshots to restore (latest)
# REPLACE      `yes` to replace existing data
set -euo pipefail
command=${1:?nightly, restore or drill}
staging=${STAGING:?a folder for the snapshot}
python=${PYTHON:-python3}
mkdir -p "$staging"

fetch() {
    # Python's temporary files, which hold the whole database: /tmp is small. A killed job leaves its own.
    export TMPDIR="$staging/$command.tmp"
    rm -rf "$staging/fetched" "$TMPDIR"
    mkdir "$TMPDIR"
    restic restore "${SNAPSHOT:-latest}" --tag faplog --target "$staging/fetched" --verify
    # restic keeps the path a snapshot was made from: the snapshot is the folder with the manifest.
    fetched=$(dirname "$(find "$staging/fetched" -name manifest.sha256 -print -quit)")
}

case $command in
nightly)
    if ! said=$(restic cat config 2>&1 >/dev/null); then
        # No repository yet, or one that cannot be opened: then the reason is the last line of the log.
        restic init || { echo "The repository of backups cannot be opened: ${said//$'\n'/ }" >&2; exit 1; }
    fi
    # A lock that a killed job left would stop every later job.
    restic unlock
    "$python" -m infra.backup create "$staging/snapshots" --keep 1 --then restic backup --tag faplog --host faplog
    restic forget --tag faplog --host faplog --group-by host,tags --prune \
        --keep-daily "${KEEP_DAILY:-7}" --keep-weekly "${KEEP_WEEKLY:-5}" --keep-monthly "${KEEP_MONTHLY:-12}"
    restic check --read-data-subset=2%
    ;;
restore)
    fetch
    if [ "${REPLACE:-no}" = yes ]; then
        "$python" -m infra.backup restore "$fetched" --replace
    else
        "$python" -m infra.backup restore "$fetched"
    fi
    ;;
drill)
    fetch
    "$python" -m infra.backup drill "$fetched"
    rm -rf "$staging/fetched"
    ;;
*)
    echo "There is no '$command': say nightly, restore or drill." >&2
    exit 2
    ;;
esac
