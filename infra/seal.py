"""`python -m infra.seal`: make the cluster's secrets, random and never shown, and seal them for git.

Secrets come in groups whose values belong together: a role's password is in its URL and at the server. A group that is
sealed already stays as it is; `--rotate GROUP` makes new values for it. A rotation changes only values that the running
system can take over: the passwords of PostgreSQL's superuser and of the store's root stay, because their servers read
them once, and so does the password of the backups. Values that only the operator knows (the target of backups, the
account at Grafana Cloud, the mail server) come from environment variables; a group without them is named and left out.
"""

import argparse
import base64
import json
import os
import secrets
import string
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from faplog import nats_users, stack
from infra import ENVIRONMENTS, NAMESPACE, ROOT

ON_OPENFAAS: Final = "../../argocd/openfaas"
"""The resource of an environment whose functions run on OpenFaaS."""

FUNCTIONS: Final = "openfaas-fn"
TELEMETRY: Final = "telemetry"
OPENFAAS: Final = "openfaas"

S3_ROLES: Final = ("api", "analyse", "average", "backup")
DATABASE_ROLES: Final = ("owner", "api", "worker", "monitor")
DATABASE: Final = "postgres.faplog.svc:5432/faplog"
BROKER: Final = "nats.faplog.svc:4222"

_ALPHABET: Final = string.ascii_letters + string.digits

Present = Callable[[str, str], str | None]
"""Looks up the value that the running cluster has for a secret's name and key; None if there is no such secret."""


@dataclass(frozen=True)
class Secret:
    """A Secret: its name, its values by key, and the namespaces that need it."""

    name: str
    values: Mapping[str, str]
    namespaces: tuple[str, ...] = (NAMESPACE,)

    def manifests(self, *, on_openfaas: bool) -> list[dict[str, Any]]:
        """Return the manifests of the Secret, one for each namespace. They are in clear: for a pipe, never a file."""
        return [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": self.name, "namespace": namespace},
                "type": "Opaque",
                "stringData": dict(self.values),
            }
            for namespace in self.namespaces
            if on_openfaas or namespace not in (FUNCTIONS, OPENFAAS)
        ]


class Missing(Exception):
    """A group lacks a value: a variable of the operator's, or the answer of the cluster. The message names it."""


def password() -> str:
    """Return 40 random letters and digits, first a letter: NATS reads a value that begins with a digit as a number."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(_ALPHABET) for _ in range(39))


def signing_keys(present: str | None = None) -> str:
    """Return signing keys with a new active one; the active one before it stays, for the tokens that it signed."""
    kept = {}
    if present:
        document = json.loads(present)
        kept = {document["active"]: document["keys"][document["active"]]}
    kid = secrets.token_hex(4)
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return json.dumps({"active": kid, "keys": {kid: key} | kept})


def for_functions(name: str) -> tuple[str, ...]:
    """Return the namespaces of a secret: ours, and that of OpenFaaS' functions if a function in stack.yml names it."""
    wanted = {secret for function in stack.read(ROOT / "stack.yml", {}) for secret in function.secrets}
    return (NAMESPACE, FUNCTIONS) if name in wanted else (NAMESPACE,)


def single(name: str, value: str, *further: str) -> Secret:
    """Return a secret with one value. The key is the secret's name, so the mounted file has that name, too."""
    return Secret(name, {name: value}, (*for_functions(name), *further))


def database(present: Present) -> list[Secret]:
    """Make each role's URL, and the superuser's password, which PostgreSQL learns once: when its volume is created."""
    urls = {role: f"postgresql://faplog_{role}:{password()}@{DATABASE}" for role in DATABASE_ROLES}
    # The collector's driver demands TLS by default; inside of the cluster there is none (ADR 19).
    urls["monitor"] += "?sslmode=disable"
    further = {"monitor": (TELEMETRY,)}
    return [
        single("postgres-superuser", present("postgres-superuser", "postgres-superuser") or password()),
        *(single(f"faplog-{role}-database", url, *further.get(role, ())) for role, url in urls.items()),
    ]


def broker(_: Present) -> list[Secret]:
    """Make each role's password at NATS, for the server and within the role's URL."""
    passwords = {role: password() for role in nats_users.ROLES}
    return [
        Secret("nats-users", passwords),
        *(single(f"faplog-{role}-nats", f"nats://{role}:{word}@{BROKER}") for role, word in passwords.items()),
    ]


def next_access_key(role: str, present: Present) -> str:
    """Return the name of a role's next key: two names take turns, so that running programs go on with the old key."""
    name = f"faplog-{role}-s3-access-key"
    first, second = f"faplog-{role}", f"faplog-{role}-2"
    return second if present(name, name) == first else first


def store(present: Present) -> list[Secret]:
    """Make an access key for each role, and the store's root user, which the store reads at its start.

    A key that was rotated away works until the next rotation, which gives its name a new secret key.
    """
    root = {key: present("minio-root", key) for key in ("user", "password")}
    return [
        Secret(
            "minio-root",
            {"user": root["user"] or "root-" + password()[:8], "password": root["password"] or password()},
        ),
        *(single(f"faplog-{role}-s3-access-key", next_access_key(role, present)) for role in S3_ROLES),
        *(single(f"faplog-{role}-s3-secret-key", password()) for role in S3_ROLES),
    ]


def tokens(present: Present) -> list[Secret]:
    """Make the keys that sign access tokens."""
    return [single("faplog-signing-keys", signing_keys(present("faplog-signing-keys", "faplog-signing-keys")))]


def connector(_: Present) -> list[Secret]:
    """Make the secret that proves to a function that a message comes from the connector."""
    return [single("faplog-connector-secret", password())]


def backup(present: Present) -> list[Secret]:
    """Make the target of backups and the password that encrypts them, which stays: old snapshots need it."""
    given = _operator("RESTIC_REPOSITORY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    kept = os.environ.get("RESTIC_PASSWORD") or present("backup-target", "RESTIC_PASSWORD")
    return [Secret("backup-target", given | {"RESTIC_PASSWORD": kept or password()})]


def grafana(_: Present) -> list[Secret]:
    """Make the secret of the account that telemetry goes to."""
    given = _operator("GRAFANA_OTLP_ENDPOINT", "GRAFANA_INSTANCE", "GRAFANA_TOKEN")
    endpoint, instance, token = given.values()
    return [Secret("grafana-cloud", {"endpoint": endpoint, "instance": instance, "token": token}, (TELEMETRY,))]


def openfaas(_: Present) -> list[Secret]:
    """Make the administrator of the OpenFaaS gateway."""
    return [
        Secret("basic-auth", {"basic-auth-user": "admin", "basic-auth-password": password()}, (OPENFAAS,)),
    ]


def mail(_: Present) -> list[Secret]:
    """Make the secret with the address of the operator's mail server."""
    [address] = _operator("FAPLOG_SMTP_URL").values()
    return [Secret("faplog-smtp-url", {"faplog-smtp-url": address}, (NAMESPACE, FUNCTIONS))]


GROUPS: Final[dict[str, Callable[[Present], list[Secret]]]] = {
    "database": database,
    "broker": broker,
    "store": store,
    "tokens": tokens,
    "connector": connector,
    "backup": backup,
    "grafana": grafana,
    "openfaas": openfaas,
    "mail": mail,
}


def is_given(group: str) -> bool:
    """Return whether the environment has what only the operator knows of a group."""
    try:
        GROUPS[group](lambda *_: None)
    except Missing:
        return False
    return True


def _operator(*names: str) -> dict[str, str]:
    if absent := [name for name in names if not os.environ.get(name)]:
        raise Missing(f"set {', '.join(absent)} in the environment")
    return {name: os.environ[name] for name in names}


def present_in_cluster(name: str, key: str) -> str | None:
    """Look up a value of the running cluster.

    Raises:
        Missing: The cluster does not answer, so a value that must stay would be lost.
    """
    asked = ["kubectl", "-n", NAMESPACE, "get", "secret", name, "--ignore-not-found", "-o", "json"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    except FileNotFoundError:
        raise Missing("kubectl is not installed, and the secret's present value must be kept") from None
    except (OSError, subprocess.TimeoutExpired):
        raise Missing("the cluster does not answer, and the secret's present value must be kept") from None
    if done.returncode:
        raise Missing(
            f"the cluster does not answer, and the secret's present value must be kept: {done.stderr.strip()}"
        )
    if not done.stdout.strip():
        return None
    return base64.b64decode(json.loads(done.stdout)["data"][key]).decode()


def present_if_reachable(name: str, key: str) -> str | None:
    """Look up a value of the running cluster; None also if there is no cluster yet."""
    try:
        return present_in_cluster(name, key)
    except Missing:
        return None


def on_openfaas(environment: Path) -> bool:
    """Tell whether the functions of an environment run on OpenFaaS, in a namespace of their own."""
    kustomization = yaml.safe_load((environment / "kustomization.yaml").read_text("utf-8"))
    return ON_OPENFAAS in kustomization["resources"]


def _absent(manifests: list[dict[str, Any]]) -> list[str]:
    """Return which of these secrets the cluster does not have. Raises `CalledProcessError` if it does not answer."""
    absent = []
    for place in _places(manifests):
        namespace, name = place.split("/")
        asked = ["kubectl", "-n", namespace, "get", "secret", name, "--ignore-not-found", "-o", "name"]
        if not subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip():
            absent.append(place)
    return absent


def _is_gone(manifests: list[dict[str, Any]], absent: list[str]) -> bool:
    """Return whether a group is to be made: copies elsewhere are of no use when those of the servers are gone.

    So it is after the servers' namespace was deleted, before everything in it is installed again.
    """
    places = _places(manifests)
    at_servers = [place for place in places if place.startswith(f"{NAMESPACE}/")]
    return set(at_servers or places) <= set(absent)


def _places(manifests: list[dict[str, Any]]) -> list[str]:
    return [f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}" for manifest in manifests]


def seal(manifest: dict[str, object], certificate: Path | None) -> str:
    """Return one Secret as a SealedSecret in YAML. kubeseal gets it by standard input."""
    source = ["--cert", str(certificate)] if certificate else ["--controller-namespace", "kube-system"]
    done = subprocess.run(
        ["kubeseal", "--format", "yaml", *source],
        input=json.dumps(manifest),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.removeprefix("---\n").strip() + "\n"


def write(folder: Path, group: str, documents: list[str]) -> None:
    """Write a group's file and name every group's file in the folder's kustomization."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{group}.yaml").write_text("---\n".join(documents), "utf-8")
    files = sorted(path.name for path in folder.glob("*.yaml") if path.name != "kustomization.yaml")
    lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
    (folder / "kustomization.yaml").write_text("\n".join([*lines, *(f"  - {file}" for file in files), ""]), "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Seal the groups that are not sealed yet; return 1 if a group that was named could not be made."""
    parser = argparse.ArgumentParser(prog="python -m infra.seal", description=__doc__)
    parser.add_argument(
        "--environment", default="prod", help="environment to write (infra/environments/ENVIRONMENT/secrets)"
    )
    parser.add_argument("--certificate", type=Path, help="public key of the controller (default: asks the cluster)")
    parser.add_argument(
        "--rotate", action="append", choices=GROUPS, default=[], help="create new secrets for this group"
    )
    parser.add_argument("--without", action="append", choices=GROUPS, default=[], help="skip this group")
    parser.add_argument(
        "--apply", action="store_true", help="apply the Secrets with kubectl instead of sealing them (no GitOps)"
    )
    options = parser.parse_args(arguments)
    environment = ENVIRONMENTS / options.environment
    if not (environment / "kustomization.yaml").exists():
        print(f"There is no environment {options.environment} in {ENVIRONMENTS}.", file=sys.stderr)
        return 1
    folder = environment / "secrets"
    openfaas_too = on_openfaas(environment)
    present = present_in_cluster if options.rotate or options.apply else present_if_reachable
    failed = False
    for group, make in GROUPS.items():
        if (options.rotate and group not in options.rotate) or group in options.without:
            continue
        if group == "openfaas" and not openfaas_too:
            if options.rotate:
                print(f"openfaas: the functions of {options.environment} do not run on OpenFaaS", file=sys.stderr)
                failed = True
            continue
        if not options.rotate and not options.apply and (folder / f"{group}.yaml").exists():
            print(f"{group}: already sealed")
            continue
        try:
            made = make(present)
            manifests = [manifest for secret in made for manifest in secret.manifests(on_openfaas=openfaas_too)]
            if options.apply and not options.rotate and not _is_gone(manifests, absent := _absent(manifests)):
                print(f"{group}: already there")
                if absent:
                    anew = f"--environment {options.environment} --rotate {group} --apply"
                    print(f"{group}: but not {', '.join(absent)}; {anew} makes the group anew", file=sys.stderr)
                continue
            if options.apply:
                listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
                subprocess.run(["kubectl", "apply", "--server-side", "-f", "-"], input=listing, text=True, check=True)
            else:
                write(folder, group, [seal(manifest, options.certificate) for manifest in manifests])
        except Missing as error:
            print(f"{group}: skipped, {error}", file=sys.stderr)
            failed = failed or group in options.rotate
        except FileNotFoundError as error:
            print(f"{group}: the program {error.filename} is not installed.", file=sys.stderr)
            return 1
        except subprocess.CalledProcessError as error:
            print(f"{group}: {error.cmd[0]} failed: {(error.stderr or '').strip()}", file=sys.stderr)
            return 1
        else:
            print(f"{group}: {len(manifests)} secrets {'applied' if options.apply else 'sealed'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
