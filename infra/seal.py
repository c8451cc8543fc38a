"""`python -m infra.seal`: make the cluster's secrets, random and never shown, and seal them for git.

Secrets come in groups whose values belong together (a role's password is in its URL and with the server). A group that
is sealed already is left alone; `--rotate GROUP` makes it anew. What only the operator knows (where backups go, the
account at Grafana Cloud) is read from the environment; a group that lacks it is named and left out.
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
from typing import Final

from faplog import nats_users, stack

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "infra/sealed-secrets/overlays"

NAMESPACE: Final = "faplog"
FUNCTIONS: Final = "openfaas-fn"
TELEMETRY: Final = "telemetry"
OPENFAAS: Final = "openfaas"

S3_ROLES: Final = ("api", "analyse", "average", "backup")
DATABASE_ROLES: Final = ("owner", "api", "worker", "monitor")
DATABASE: Final = "postgres.faplog.svc:5432/faplog"
BROKER: Final = "nats.faplog.svc:4222"

_ALPHABET: Final = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Secret:
    """One Secret: its name, where it is needed, and its values by key."""

    name: str
    values: Mapping[str, str]
    namespaces: tuple[str, ...] = (NAMESPACE,)

    def manifests(self, *, on_openfaas: bool) -> list[dict[str, object]]:
        """The Secret as Kubernetes knows it, once for each namespace there is. In clear: for a pipe, never a file."""
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
    """What a group needs from the operator is not in the environment; the message names it."""


def password() -> str:
    """40 random letters and digits, the first a letter: NATS reads a value that begins with a digit as a number."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(_ALPHABET) for _ in range(39))


def signing_keys(present: str | None = None) -> str:
    """The signing keys with a new active one; of the present ones the active stays, for tokens it signed."""
    kept = {}
    if present:
        document = json.loads(present)
        kept = {document["active"]: document["keys"][document["active"]]}
    kid = secrets.token_hex(4)
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return json.dumps({"active": kid, "keys": {kid: key} | kept})


def for_functions(name: str) -> tuple[str, ...]:
    """Where a secret goes: beside the system, and to OpenFaaS' functions if one of stack.yml names it."""
    wanted = {secret for function in stack.read(ROOT / "stack.yml", {}) for secret in function.secrets}
    return (NAMESPACE, FUNCTIONS) if name in wanted else (NAMESPACE,)


def single(name: str, value: str, *further: str) -> Secret:
    """A secret with one value, under the key that is its name too: so it becomes a file of that name."""
    return Secret(name, {name: value}, (*for_functions(name), *further))


def database() -> list[Secret]:
    """PostgreSQL's superuser, and each role's URL."""
    urls = {role: f"postgresql://faplog_{role}:{password()}@{DATABASE}" for role in DATABASE_ROLES}
    # The collector's driver insists on TLS unless told otherwise; inside of the cluster there is none (ADR 19).
    urls["monitor"] += "?sslmode=disable"
    further = {"monitor": (TELEMETRY,)}
    return [
        single("postgres-superuser", password()),
        *(single(f"faplog-{role}-database", url, *further.get(role, ())) for role, url in urls.items()),
    ]


def broker() -> list[Secret]:
    """Each role's password at NATS, for the server and as the role's URL."""
    passwords = {role: password() for role in nats_users.ROLES}
    return [
        Secret("nats-users", passwords),
        *(single(f"faplog-{role}-nats", f"nats://{role}:{word}@{BROKER}") for role, word in passwords.items()),
    ]


def store() -> list[Secret]:
    """The object store's root, which only its set-up uses, and an access key for each role."""
    return [
        Secret("minio-root", {"user": "root-" + password()[:8], "password": password()}),
        *(single(f"faplog-{role}-s3-access-key", f"faplog-{role}") for role in S3_ROLES),
        *(single(f"faplog-{role}-s3-secret-key", password()) for role in S3_ROLES),
    ]


def tokens() -> list[Secret]:
    """The keys that sign access tokens."""
    return [single("faplog-signing-keys", signing_keys(_present("faplog-signing-keys", "faplog-signing-keys")))]


def connector() -> list[Secret]:
    """What proves to a function that a message comes from the connector."""
    return [single("faplog-connector-secret", password())]


def backup() -> list[Secret]:
    """Where backups go, and the password they are encrypted with, which stays as it is where there is one."""
    given = _operator("RESTIC_REPOSITORY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    kept = os.environ.get("RESTIC_PASSWORD") or _present("backup-target", "RESTIC_PASSWORD")
    return [Secret("backup-target", given | {"RESTIC_PASSWORD": kept or password()})]


def grafana() -> list[Secret]:
    """The account telemetry goes to."""
    given = _operator("GRAFANA_OTLP_ENDPOINT", "GRAFANA_INSTANCE", "GRAFANA_TOKEN")
    endpoint, instance, token = given.values()
    return [Secret("grafana-cloud", {"endpoint": endpoint, "instance": instance, "token": token}, (TELEMETRY,))]


def openfaas() -> list[Secret]:
    """The administrator of the OpenFaaS gateway."""
    return [
        Secret("basic-auth", {"basic-auth-user": "admin", "basic-auth-password": password()}, (OPENFAAS,)),
    ]


GROUPS: Final[dict[str, Callable[[], list[Secret]]]] = {
    "database": database,
    "broker": broker,
    "store": store,
    "tokens": tokens,
    "connector": connector,
    "backup": backup,
    "grafana": grafana,
    "openfaas": openfaas,
}


def _operator(*names: str) -> dict[str, str]:
    if absent := [name for name in names if not os.environ.get(name)]:
        raise Missing(f"set {', '.join(absent)} in the environment")
    return {name: os.environ[name] for name in names}


def _present(name: str, key: str) -> str | None:
    """A value a running cluster has in a secret of ours; None where there is no cluster or no such secret."""
    asked = ["kubectl", "-n", NAMESPACE, "get", "secret", name, "-o", "json"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    return base64.b64decode(json.loads(done.stdout)["data"][key]).decode()


def _is_there(secret: Secret) -> bool:
    asked = ["kubectl", "-n", secret.namespaces[0], "get", "secret", secret.name, "-o", "name"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def seal(manifest: dict[str, object], certificate: Path | None) -> str:
    """One Secret as a SealedSecret in YAML; kubeseal gets it by standard input."""
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
    """Seal what is not sealed yet; 1 if a group that was asked for could not be made."""
    parser = argparse.ArgumentParser(prog="python -m infra.seal", description=__doc__)
    parser.add_argument("--overlay", default="prod", help="overlay to write (infra/sealed-secrets/overlays/OVERLAY)")
    parser.add_argument("--certificate", type=Path, help="public key of the controller (default: asks the cluster)")
    parser.add_argument(
        "--rotate", action="append", choices=GROUPS, default=[], help="create new secrets for this group"
    )
    parser.add_argument("--without", action="append", choices=GROUPS, default=[], help="skip this group")
    parser.add_argument(
        "--openfaas",
        action="store_true",
        help="the functions run on OpenFaaS, in a namespace of their own (default: Knative)",
    )
    parser.add_argument(
        "--apply", action="store_true", help="apply the Secrets with kubectl instead of sealing them (no GitOps)"
    )
    options = parser.parse_args(arguments)
    folder = FOLDER / options.overlay
    on_openfaas = options.openfaas or "openfaas" in options.rotate or (folder / "openfaas.yaml").exists()
    failed = False
    for group, make in GROUPS.items():
        if (options.rotate and group not in options.rotate) or group in options.without:
            continue
        if group == "openfaas" and not on_openfaas:
            continue
        if not options.rotate and not options.apply and (folder / f"{group}.yaml").exists():
            print(f"{group}: already sealed")
            continue
        try:
            made = make()
            if options.apply and not options.rotate and any(_is_there(secret) for secret in made):
                print(f"{group}: already there")
                continue
            manifests = [manifest for secret in made for manifest in secret.manifests(on_openfaas=on_openfaas)]
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
