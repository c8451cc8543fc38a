"""Credentials: generated once, kept as one private file each, named as the cluster's secrets are."""

import base64
import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from standalone.state import State, write_private

S3_ROLES = ("api", "analyse", "average", "backup")
DATABASE_ROLES = ("owner", "api", "worker")


def password(state: State, name: str) -> str:
    """The secret of that name; a fresh random one when there is none yet."""
    file = state.secrets / name
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text("utf-8")


def put(state: State, name: str, value: str) -> None:
    """Write a secret that is made of others, such as a URL; left alone when it already says so."""
    file = state.secrets / name
    if not file.exists() or file.read_text("utf-8") != value:
        write_private(file, value)


def ensure_signing_keys(state: State) -> None:
    """The keys that sign access tokens: one to begin with, in the form that lets them be rotated."""
    file = state.secrets / "faplog-signing-keys"
    if not file.exists():
        kid = secrets.token_hex(4)
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        write_private(file, json.dumps({"active": kid, "keys": {kid: key}}))


def mount(state: State, name: str, wanted: Sequence[str]) -> Path:
    """A folder with only the secrets one program may see, as OpenFaaS mounts them for a function."""
    folder = state.run / "secrets" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for link in folder.iterdir():
        link.unlink()
    for secret in wanted:
        if (state.secrets / secret).exists():
            (folder / secret).hardlink_to(state.secrets / secret)
    return folder
