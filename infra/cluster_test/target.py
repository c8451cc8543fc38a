"""The target of a run: the environment, the address of its edge, and its objects."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from infra import FUNCTION, ROLE, ROOT, install
from infra.cluster_test import variant
from infra.cluster_test.variant import Variant

MARK: Final = "faplog.dev/cluster-test"
"""Label and annotation of what the test makes or touches."""

STRANGER: Final = "faplog-cluster-test"
"""The namespace of the test's own pods. It is deleted at the end."""

RELEASES_NETWORK: Final = ROOT / "infra/knative/install/network.yaml"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """The system that is tested.

    Args:
        environment: Name of a folder of `infra/environments`.
        address: Address of the edge without a slash at its end.
        runs: How often a cold start is measured.
    """

    environment: str
    address: str
    runs: int = 3

    @property
    def variant(self) -> Variant:
        """What runs its functions."""
        return variant.of(self.environment)


def folders(environment: str) -> list[Path]:
    """Return the folders that an environment applies and that build without a network."""
    found = install.parts(ROOT / "infra/environments" / environment)
    return [ROOT / part.folder for part in found if part.folder and not downloads(ROOT / part.folder)]


def downloads(folder: Path) -> bool:
    """Return whether a kustomization names released manifests, which are downloaded."""
    kustomization = folder / "kustomization.yaml"
    if not kustomization.exists():  # secrets that were not sealed
        return True
    document = yaml.safe_load(kustomization.read_text("utf-8"))
    return any(name.startswith("https://") for name in document.get("resources", []))


@cache
def manifests(environment: str) -> tuple[Object, ...]:
    """Return every object of ours in an environment; of Knative's release only our own additions."""
    found = [thing for folder in folders(environment) for thing in install.built(folder)]
    if not variant.of(environment).writes_pods:
        found += [thing for thing in yaml.safe_load_all(RELEASES_NETWORK.read_text("utf-8")) if thing]
    return tuple(found)


def workload(labels: dict[str, str]) -> str:
    """Return the name of the part that a pod of ours belongs to."""
    return labels.get(FUNCTION) or labels.get(ROLE) or labels.get("app", "")
