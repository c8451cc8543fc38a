"""The cluster: manifests by hand where a person decides, rendered from stack.yml where stack.yml already says it."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
ENVIRONMENTS: Final = ROOT / "infra/environments"

NAMESPACE: Final = "faplog"
"""The namespace of our pods, other than functions on OpenFaaS."""
