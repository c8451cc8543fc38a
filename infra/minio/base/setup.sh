#!/bin/sh
# The bucket, its versioning and lifecycle, and one access key for each role. Safe to repeat; a new key or policy takes
# effect with the next run. Needs ENDPOINT, BUCKET and, as $1, the folder of secret files. Nothing secret is printed, and
# nothing secret is an argument of a process that lives longer than a moment. Of the programs of a shell script the store's
# image has only coreutils: no grep, no sed.
set -eu
secrets=${1:?the folder of secret files}
here=$(dirname "$0")

attempt=0
until mcli --quiet alias set store "$ENDPOINT" "$(cat "$secrets/user")" "$(cat "$secrets/password")" >/dev/null 2>&1; do
    attempt=$((attempt + 1))
    if [ "$attempt" -ge 60 ]; then
        echo "The object store at $ENDPOINT did not answer within two minutes." >&2
        exit 1
    fi
    sleep 2
done

mcli --quiet mb --ignore-existing "store/$BUCKET"
# What only travels between functions is removed when it has arrived: a version of it that stayed would be most of the
# bucket.
mcli --quiet version enable "store/$BUCKET" --excluded-prefixes "averages/*,results/*"

# Deleted and replaced objects go after a week; what only travels between functions after two days at most, and the
# versions an older release left of it after one.
mcli --quiet ilm rule remove --all --force "store/$BUCKET" >/dev/null 2>&1 || true
mcli --quiet ilm rule add "store/$BUCKET" --noncurrent-expire-days 7 --expire-delete-marker
mcli --quiet ilm rule add "store/$BUCKET" --prefix averages/ --expire-days 2 --noncurrent-expire-days 1
mcli --quiet ilm rule add "store/$BUCKET" --prefix results/ --expire-days 2 --noncurrent-expire-days 1

for role in api analyse average backup; do
    key=$(cat "$secrets/faplog-$role-s3-access-key")
    mcli --quiet admin policy create store "faplog-$role" "$here/policy-$role.json" >/dev/null
    mcli --quiet admin user add store "$key" "$(cat "$secrets/faplog-$role-s3-secret-key")" >/dev/null
    # Attaching what is attached already is refused, which is all right.
    if ! said=$(mcli --json admin policy attach store "faplog-$role" --user "$key" 2>&1); then
        case $said in
        *AlreadyApplied* | *"already in effect"*) ;;
        *)
            echo "$said" >&2
            exit 1
            ;;
        esac
    fi
done
echo "The bucket $BUCKET, its lifecycle and the access keys of four roles are in place."
