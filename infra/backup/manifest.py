"""The manifest of a snapshot folder: what it holds, and whether that is unchanged."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest.sha256"
DUMP: Final = "database.dump"
OBJECTS: Final = "objects"


class BadBackup(Exception):
    """No snapshot, or one that has changed; the message is one sentence that says where and how."""


@dataclass(frozen=True)
class Entry:
    """One file of the snapshot; `path` is relative to its folder."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """The contents of a snapshot: rows by table at the moment of the dump, the dump, and the objects by key."""

    created: str
    version: str
    rows: dict[str, int]
    dump: Entry
    objects: dict[str, Entry]

    @property
    def bytes(self) -> int:
        """Size of dump and objects together."""
        return self.dump.bytes + sum(entry.bytes for entry in self.objects.values())


def object_path(key: str) -> str:
    """Return the path of an object within a snapshot.

    Raises:
        BadBackup: The key would leave the folder; no part of faplog writes such a key.
    """
    path = PurePosixPath(key)
    if path.is_absolute() or ".." in path.parts or str(path) != key:
        raise BadBackup(f"The bucket has an object with the key {key!r}, which is none of faplog's.")
    return f"{OBJECTS}/{key}"


def entry(folder: Path, path: str) -> Entry:
    """Return the entry of a file in the folder."""
    digest = hashlib.sha256()
    with (folder / path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return Entry(path, digest.hexdigest(), (folder / path).stat().st_size)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its digest, last of all: a folder without them is no snapshot."""
    text = json.dumps({"format": FORMAT} | asdict(manifest), indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text, "utf-8")
    (folder / SEAL).write_text(hashlib.sha256(text.encode()).hexdigest() + "\n", "utf-8")


def read(folder: Path) -> Manifest:
    """Read the manifest of a snapshot and compare it with its digest. The files are not read.

    Raises:
        BadBackup: It is no snapshot, has another format, or was changed.
    """
    try:
        text = (folder / MANIFEST).read_text("utf-8")
        digest = seal(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise BadBackup(f"{folder} is no snapshot: its manifest cannot be read ({type(error).__name__}).") from None
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise BadBackup(f"The manifest of {folder} was changed or damaged.")
    document: dict[str, Any] = json.loads(text)
    if document.pop("format") != FORMAT:
        raise BadBackup(f"{folder} was made by another version of faplog.")
    document["dump"] = Entry(**document["dump"])
    document["objects"] = {key: Entry(**value) for key, value in document["objects"].items()}
    return Manifest(**document)


def seal(folder: Path) -> str:
    """Return the digest of a snapshot's manifest, which names the snapshot: no other has the same."""
    return (folder / SEAL).read_text("utf-8").strip()


def verify(folder: Path) -> Manifest:
    """Read every file of a snapshot, compare it with the manifest, and return the manifest.

    Raises:
        BadBackup: A file is missing, damaged, or not in the manifest.
    """
    manifest = read(folder)
    expected = {item.path: item for item in (manifest.dump, *manifest.objects.values())}
    for key, item in manifest.objects.items():
        if item.path != object_path(key):
            raise BadBackup(f"The manifest of {folder} names a wrong file for the object {key}.")
    for path, item in expected.items():
        if not (folder / path).is_file():
            raise BadBackup(f"{folder} lacks the file {path}.")
        try:
            actual = entry(folder, path)
        except OSError as error:
            raise BadBackup(f"The file {path} of {folder} cannot be read: {error.strerror}.") from error
        if actual != item:
            raise BadBackup(f"The file {path} of {folder} is damaged: it differs from its manifest.")
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    if extra := found - set(expected) - {MANIFEST, SEAL}:
        raise BadBackup(f"{folder} holds {len(extra)} files that its manifest does not know, such as {min(extra)}.")
    return manifest
