"""Where the release has to be said besides `faplog/version.py`: tags and labels of our images, the project's version.

`make render` writes it there, so that raising the version is one edit.
"""

import re
from pathlib import Path
from typing import Final

from faplog.version import VERSION

DOCKERFILES: Final = (
    "template/faplog-python/Dockerfile",
    "ui/Dockerfile",
    "connector/Dockerfile",
    "infra/backup/Dockerfile",
)
LABEL: Final = r'(org\.opencontainers\.image\.version=")[^"]*'
IMAGE: Final = r"(image: ghcr\.io/faplog/[a-z]+:)\S+"
PLACES: Final = {
    "pyproject.toml": r'(?m)(^version = ")[^"]*',
    "stack.yml": r"(\$\{TAG:-)[^}]*",
    "infra/openfaas/deploy/job.yaml": r"(name: TAG\n +value: )\S+",
    **dict.fromkeys(DOCKERFILES, LABEL),
    "infra/*/base/*.yaml": IMAGE,
}
"""What stands before the release, by the files in which it does."""


def stamped(root: Path, version: str = VERSION) -> dict[Path, str]:
    """What the files of this checkout that name the release should say, by their path from its root."""
    texts: dict[Path, str] = {}
    for places, pattern in PLACES.items():
        for path in sorted(root.glob(places)):
            text, found = re.subn(pattern, rf"\g<1>{version}", path.read_text("utf-8"))
            if found:
                texts[path.relative_to(root)] = text
    return texts
