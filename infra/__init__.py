"""The cluster: manifests by hand where a person decides, rendered from stack.yml where stack.yml already says it."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
ENVIRONMENTS: Final = ROOT / "infra/environments"

NAMESPACE: Final = "faplog"
"""The namespace of our pods, other than functions on OpenFaaS."""

FUNCTION: Final = "faplog.dev/function"
"""The label of a function's pods, with its name."""

ROLE: Final = "faplog.dev/role"
"""The label of our other pods, with what each is for."""
