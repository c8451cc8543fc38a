"""Backup, the namespace deleted, installed again, restored: the same rows and bytes; refused over what is there.

The target of the backup is an object store in the test's own namespace, with the image of the system's own store.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from infra import NAMESPACE, ROLE, install
from infra.cluster_test import guide, kube
from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import Owner, now, owner
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import MARK, STRANGER, Target, folders, manifests
from infra.cluster_test.waiting import until

PART: Final = "backup"
LOGS: Final = 12
JOB_SEC: Final = 600.0
PORT: Final = 9000
TARGET: Final = "backup-target"
AT_TARGET: Final = (
    *("env", "MC_CONFIG_DIR=/tmp/.mc", "sh", "-c"),
    f'mcli --quiet alias set target http://127.0.0.1:{PORT} "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" >/dev/null '
    '&& commands=$1 && shift && eval "$commands"',
    "sh",
)
"""How commands run in the target's pod; they and their arguments follow."""

CHANGING: Final = frozenset({"brake"})
"""Tables that the system changes by itself within minutes; they are backed up, but not compared here."""

ROWS: Final = r"""
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) FROM %I.%I t',
    tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename
\gexec
"""
PSQL: Final = (
    'PGPASSWORD=$(</run/secrets/faplog/postgres-superuser) exec psql -X -q -A -t -F " " -v ON_ERROR_STOP=1 '
    '-h 127.0.0.1 -U postgres -d faplog -f - <<<"$1"'
)
PREFIX: Final = re.compile(r"^\[pod/[^]]*\] ")
"""What `kubectl logs --all-pods` writes before each line."""

REFUSAL: Final = "The target holds"


def run(target: Target) -> Iterator[Row]:
    """Back up, delete everything, restore, and compare."""
    try:
        with owner(target) as one:
            before = _with_logs(one)
            remove_jobs(target.environment)  # of a run that was stopped
            variables = start_target()
            guide.install_again(target.environment, **variables)
            began = now()
            said = job("backup", "cluster-test-backup")
            yield proof(PART, "back up now", f"{now() - began:.0f} s: {last_line(said)}", holds=True)
            variables |= {"RESTIC_PASSWORD": restic_password()}
            variables |= new_key("cluster-test-2")
            yield rotated(target.environment, variables, away="cluster-test-1")
            rows = table_hashes()
            began = now()
            volumes = delete_everything(target.variant.namespaces)
            yield proof(PART, "delete the namespace", f"{now() - began:.0f} s, {len(volumes)} volumes left", holds=True)
            began = now()
            guide.install_again(target.environment, **variables)
            allow_target()
            yield proof(PART, "install again", f"{now() - began:.0f} s", holds=True)
            began = now()
            said = job("backup-restore", "cluster-test-restore")
            yield proof(PART, "restore", f"{now() - began:.0f} s: {last_line(said)}", holds=True)
            restored = table_hashes()
            wrong = differing(rows, restored)
            count = sum(number for number, _ in restored.values())
            yield proof(
                PART,
                "tables with the same rows",
                f"{len(rows) - len(wrong)} of {len(rows)}, {count} rows"
                + (f"; different: {', '.join(wrong)}" if wrong else ""),
                holds=not wrong,
            )
            after = _files(one, list(before))
            yield proof(
                PART,
                "files with the same SHA-256",
                f"{sum(after[i] == before[i] for i in before)} of {len(before)}",
                holds=after == before,
            )
            yield _still_works(one)
            refusal = job("backup-restore", "cluster-test-refusal", fails=True)
            yield proof(PART, "restore over what is there", last_line(refusal), holds=REFUSAL in refusal)
            release(volumes)
    finally:
        kube.kubectl("delete", "namespace", STRANGER, "--ignore-not-found", "--wait=false")
        kube.kubectl("-n", NAMESPACE, "delete", "networkpolicy", STRANGER, "--ignore-not-found")
        remove_jobs(target.environment)


def others_target() -> str | None:
    """Return the repository that backups go to already, unless it is one of this test."""
    repository = kube.secret_value(NAMESPACE, TARGET, "RESTIC_REPOSITORY")
    return None if repository is None or f".{STRANGER}." in repository else repository


def remove_jobs(environment: str) -> None:
    """Remove the backup's jobs with what they need: their target is gone with the test."""
    [folder] = [folder for folder in folders(environment) if "backup" in folder.parts]
    things = [*install.built(folder), {"kind": "Secret", "metadata": {"name": TARGET}}]
    names = [f"{thing['kind']}/{thing['metadata']['name']}".lower() for thing in things]
    kube.kubectl("-n", NAMESPACE, "delete", "job", "-l", f"{MARK}=yes", "--ignore-not-found")
    kube.kubectl("-n", NAMESPACE, "delete", *names, "--ignore-not-found")


def _with_logs(one: Owner) -> dict[str, str]:
    """Give the account some logs, and return the SHA-256 of each file by the log's id."""
    ids = [accounts.upload(one, *log) for log in accounts.logs(LOGS)]
    accounts.settle(one)
    accounts.averaged(one, LOGS)
    return _files(one, ids)


def _files(one: Owner, ids: list[str]) -> dict[str, str]:
    found = {}
    for log_id in ids:
        answer = until(lambda: _answer(one, f"/analyses/{log_id}/file"), JOB_SEC, "the file of a log", every=1)  # noqa: B023
        found[log_id] = hashlib.sha256(answer.content).hexdigest()
    return found


def _answer(one: Owner, path: str) -> Any:
    """Return what the API answers, or None while it does not answer."""
    answer = one.http.get(path)
    return None if answer.is_server_error else answer.raise_for_status()


def _still_works(one: Owner) -> Row:
    log = accounts.logs(1, LOGS)[0]
    found = accounts.analysed(one, accounts.upload(one, *log))
    average = accounts.averaged(one, LOGS + 1)
    return proof(
        PART,
        "after the restore: the same token, a new log, the average",
        f"{found['status']}, average over {average['overall']['logs']} logs",
        holds=found["status"] == "Success",
    )


def rotated(environment: str, variables: dict[str, str], away: str) -> Row:
    """Rotate the group `backup` to another key of the target, remove the one before, and back up with the new one.

    Args:
        environment: The environment.
        variables: Those of the group, with the new key. The password of the backups is not among those given to the
            rotation: it must stay by itself.
        away: Name of the key that is removed.
    """
    given = {name: value for name, value in variables.items() if name != "RESTIC_PASSWORD"}
    guide.type_in(f".venv/bin/python -m infra.seal --environment {environment} --rotate backup --apply", **given)
    at_target('mcli admin user remove target "$1"', away)
    said = job("backup", "cluster-test-backup-again")
    kept = restic_password() == variables["RESTIC_PASSWORD"]
    password = "the same" if kept else "another"
    words = f"{last_line(said)}; {password} password of the backups"
    return proof(PART, "rotate its key, and back up again", words, holds=kept)


def restic_password() -> str:
    """Return the password that encrypts the backups. Raises `KubeError` without one."""
    return kube.required_secret_value(NAMESPACE, TARGET, "RESTIC_PASSWORD")


def new_key(name: str) -> dict[str, str]:
    """Make a key at the target, and return the variables that name it."""
    password = secrets.token_hex(16)
    at_target(
        'mcli admin user add target "$1" "$2" && mcli admin policy attach target readwrite --user "$1"', name, password
    )
    return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": password}


def at_target(commands: str, *arguments: str) -> None:
    """Run shell commands in the target's pod, where `target` is its alias with the root user's rights.

    Raises:
        KubeError: They failed.
    """
    done = kube.execute(until(_ready_target, JOB_SEC, "the target's pod"), "store", *AT_TARGET, commands, *arguments)
    if done.returncode:
        raise kube.KubeError(f"the target of backups: {(done.stderr or done.stdout).strip()}")


def _ready_target() -> kube.Object | None:
    return next((pod for pod in kube.pods(STRANGER, f"app={TARGET}") if kube.is_ready(pod)), None)


def start_target() -> dict[str, str]:
    """Start a store for backups in the test's namespace, and return the variables that name it."""
    store = next(t for t in manifests("local") if t["kind"] == "StatefulSet" and t["metadata"]["name"] == "minio")
    container = store["spec"]["template"]["spec"]["containers"][0]
    user, password = "cluster-test", secrets.token_hex(16)
    kube.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": STRANGER}}])
    kube.apply([*target_store(container["image"], user, password), target_policy()])
    kube.kubectl("-n", STRANGER, "rollout", "status", f"deployment/{TARGET}", "--timeout=5m")
    return {"RESTIC_REPOSITORY": f"s3:http://{TARGET}.{STRANGER}.svc:{PORT}/backups"} | new_key("cluster-test-1")


def allow_target() -> None:
    """Let the backup's pods reach the test's store: the policies let them reach public addresses only."""
    kube.apply([target_policy()])


def target_policy() -> kube.Object:
    """Return the policy that lets the backup's pods reach the test's store."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": STRANGER, "namespace": NAMESPACE},
        "spec": {
            "podSelector": {"matchLabels": {ROLE: "backup"}},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": STRANGER}}}],
                    "ports": [{"port": PORT}],
                }
            ],
        },
    }


def target_store(image: str, user: str, password: str) -> list[kube.Object]:
    """Return a store whose data live as long as its pod."""
    labels = {"app": TARGET}
    container = {
        "name": "store",
        "image": image,
        "args": ["server", "/data", "--address", f":{PORT}"],
        "env": [
            {"name": "MINIO_ROOT_USER", "value": user},
            {"name": "MINIO_ROOT_PASSWORD", "value": password},
            {"name": "MINIO_BROWSER", "value": "off"},
            {"name": "MINIO_UPDATE", "value": "off"},
        ],
        "readinessProbe": {"httpGet": {"path": "/minio/health/ready", "port": PORT}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001},
        "containers": [container],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
    }
    metadata = {"name": TARGET, "namespace": STRANGER}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"port": PORT}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
    ]


def job(cronjob: str, name: str, *, fails: bool = False) -> str:
    """Run a job of a CronJob to its end, and return what its last pod printed.

    Raises:
        KubeError: It ended otherwise than expected; the message has its last line.
        TooLate: It did not end.
    """
    kube.kubectl("-n", NAMESPACE, "delete", "job", name, "--ignore-not-found")
    kube.kubectl("-n", NAMESPACE, "create", "job", f"--from=cronjob/{cronjob}", name)
    kube.kubectl("-n", NAMESPACE, "label", "job", name, f"{MARK}=yes")
    ended = until(_ended(name), JOB_SEC, f"the end of the job {name}", every=1)
    said = kube.kubectl("-n", NAMESPACE, "logs", f"job/{name}", "--all-pods", "--tail=-1")
    if (ended == "Failed") is not fails:
        raise kube.KubeError(f"job {name}: {ended}: {last_line(said)}")
    return said


def _ended(name: str) -> Callable[[], str | None]:
    def ended() -> str | None:
        thing = kube.get("-n", NAMESPACE, f"job/{name}")
        return next((kind for kind in ("Complete", "Failed") if thing and kube.condition(thing, kind)), None)

    return ended


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [PREFIX.sub("", line).strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing said"


def table_hashes() -> dict[str, tuple[int, str]]:
    """Return number of rows and a hash over them for each table."""
    [pod] = [pod for pod in kube.pods(NAMESPACE, f"{ROLE}=postgres") if kube.is_ready(pod)]
    done = kube.execute(pod, "postgres", "bash", "-c", PSQL, "bash", ROWS)
    if done.returncode:
        raise kube.KubeError(f"psql: {done.stderr.strip()}")
    return parsed_hashes(done.stdout)


def parsed_hashes(text: str) -> dict[str, tuple[int, str]]:
    """Return the tables that psql printed, one a line: name, number of rows, hash."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return {name: (int(number), digest) for name, number, digest in lines if name not in CHANGING}


def differing(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    """Return the tables that are not the same, with their numbers of rows."""
    return [
        f"{name} ({before.get(name, (0, ''))[0]} → {after.get(name, (0, ''))[0]} rows)"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]


def delete_everything(namespaces: Iterable[str]) -> list[str]:
    """Delete our namespaces and return the names of the volumes that stay behind, as their class says."""
    claims = kube.items("pvc", "-n", NAMESPACE)
    kube.kubectl("delete", "namespace", *namespaces, "--timeout=10m")
    names = [claim["spec"]["volumeName"] for claim in claims if claim["spec"].get("volumeName")]
    return [name for name in names if kube.get("pv", name)]


def release(volumes: list[str]) -> None:
    """Release the volumes of the deleted namespace, which no claim can use any more."""
    for name in volumes:
        kube.kubectl("patch", "pv", name, "-p", '{"spec": {"persistentVolumeReclaimPolicy": "Delete"}}')
