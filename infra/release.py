"""Writes the release of `faplog/version.py` into every other file that names it, such as tags and labels of our images.

`make render` does it, so raising the version is one edit.
"""

import re
from pathlib import Path
from typing import Final

from faplog.version import VERSION
from infra.dockerfiles import DOCKERFILES

LABEL: Final = r'(org\.opencontainers\.image\.version=")[^"]*'
IMAGE: Final = r"(image: ghcr\.io/faplog/[a-z]+:)\S+"
PLACES: Final = {
    "pyproject.toml": r'(?m)(^version = ")[^"]*',
    "stack.yml": r"(\$\{TAG:-)[^}]*",
    "infra/openfaas/deploy/job.yaml": r"(name: TAG\n +value: )\S+",
    **dict.fromkeys(DOCKERFILES, LABEL),
    "infra/*/base/*.yaml": IMAGE,
}
"""The text before the release, by the files that name it."""


def stamped(root: Path, version: str = VERSION) -> dict[Path, str]:
    """Return the texts of all files that name the release as they should be, by their path from the root."""
    texts: dict[Path, str] = {}
    for places, pattern in PLACES.items():
        for path in sorted(root.glob(places)):
            text, found = re.subn(pattern, rf"\g<1>{version}", path.read_text("utf-8"))
            if found:
                texts[path.relative_to(root)] = text
    return texts
