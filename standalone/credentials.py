"""Credentials: generated once, one private file each, named like the cluster's secrets."""

import base64
import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from standalone.state import State, write_private

S3_ROLES = ("api", "analyse", "average", "backup")
DATABASE_ROLES = ("owner", "api", "worker")


def password(state: State, name: str) -> str:
    """Return the secret of that name; create a random one if there is none yet."""
    file = state.secrets / name
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text("utf-8")


def put(state: State, name: str, value: str) -> None:
    """Write a secret that is composed of others, such as a URL. An unchanged file is not rewritten."""
    file = state.secrets / name
    if not file.exists() or file.read_text("utf-8") != value:
        write_private(file, value)


def ensure_signing_keys(state: State) -> None:
    """Create the keys that sign access tokens if there are none: one key, in the format that allows rotation."""
    file = state.secrets / "faplog-signing-keys"
    if not file.exists():
        kid = secrets.token_hex(4)
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        write_private(file, json.dumps({"active": kid, "keys": {kid: key}}))


def mount(state: State, name: str, wanted: Sequence[str]) -> Path:
    """Create a folder with only the secrets that one program may see, as OpenFaaS mounts them, and return it."""
    folder = state.run / "secrets" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for link in folder.iterdir():
        link.unlink()
    for secret in wanted:
        if (state.secrets / secret).exists():
            (folder / secret).hardlink_to(state.secrets / secret)
    return folder
