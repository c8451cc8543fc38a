#!/bin/sh
# Creates the bucket, its versioning and lifecycle, and one access key for each role. Safe to repeat; a new key or policy
# takes effect with the next run. Needs ENDPOINT, BUCKET and, as $1, the folder of secret files. No secret is printed, and
# secrets are arguments of short-lived processes only. The store's image has coreutils, but no grep and no sed.
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
# Objects that only travel between functions are removed after they arrived. They have no versions, which would soon be
# most of the bucket.
mcli --quiet version enable "store/$BUCKET" --excluded-prefixes "averages/*,results/*"

# Deleted and replaced objects go after a week. Objects that only travel between functions go after two days at most, and
# versions of them, which an older release left, after one day.
mcli --quiet ilm rule remove --all --force "store/$BUCKET" >/dev/null 2>&1 || true
mcli --quiet ilm rule add "store/$BUCKET" --noncurrent-expire-days 7 --expire-delete-marker
mcli --quiet ilm rule add "store/$BUCKET" --prefix averages/ --expire-days 2 --noncurrent-expire-days 1
mcli --quiet ilm rule add "store/$BUCKET" --prefix results/ --expire-days 2 --noncurrent-expire-days 1

for role in api analyse average backup; do
    key=$(cat "$secrets/faplog-$role-s3-access-key")
    mcli --quiet admin policy create store "faplog-$role" "$here/policy-$role.json" >/dev/null
    mcli --quiet admin user add store "$key" "$(cat "$secrets/faplog-$role-s3-secret-key")" >/dev/null
    # A policy that is attached already is refused, which is fine.
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
