#!/usr/bin/env bash
# Creates the database and its roles, or gives the roles the passwords of their present secrets. Safe to repeat: to rotate
# a password, seal a new secret and sync. Needs PGHOST (and PGPORT), and the folder of secret files as $1.
set -euo pipefail
secrets=${1:?the folder of secret files}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Prints the password of a postgresql:// URL. Ours are letters and digits, so nothing is escaped.
password() {
    local rest
    rest=$(<"$secrets/$1")
    rest=${rest#*://*:}
    printf '%s' "${rest%%@*}"
}

export PGUSER=postgres PGCONNECT_TIMEOUT=5
PGPASSWORD=$(<"$secrets/postgres-superuser")
export PGPASSWORD

for attempt in $(seq 60); do
    if pg_isready -q; then break; fi
    if [ "$attempt" = 60 ]; then
        echo "PostgreSQL at ${PGHOST:?} did not answer within two minutes." >&2
        exit 1
    fi
    sleep 2
done

OWNER=$(password faplog-owner-database) API=$(password faplog-api-database) \
    WORKER=$(password faplog-worker-database) MONITOR=$(password faplog-monitor-database) \
    psql -X -q -v ON_ERROR_STOP=1 -d postgres -f "$here/roles.sql"
echo "The database faplog and its roles are in place."
