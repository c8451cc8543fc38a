"""Install with the script an operator uses, with the guide's own command, and once more over what is there."""

from collections.abc import Iterator
from typing import Final

from infra import FUNCTION, NAMESPACE
from infra.cluster_test import guide, kube
from infra.cluster_test.owner import now
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target

PART: Final = "install"


def run(target: Target) -> Iterator[Row]:
    """Install the environment twice."""
    empty = kube.get("namespace", NAMESPACE) is None
    commands = (
        guide.block("infra/install.sh local").strip().replace("install.sh local", f"install.sh {target.environment}")
    )
    began = now()
    guide.type_in(commands)
    where = "an empty cluster" if empty else "what was there"
    yield proof(PART, f"`{commands}` on {where}", f"{now() - began:.0f} s", holds=True)
    before = identities(kube.pods(NAMESPACE))
    began = now()
    guide.type_in(commands)
    replaced = sorted(before.keys() - identities(kube.pods(NAMESPACE)).keys())
    names = ", ".join(before[uid] for uid in replaced) or "none"
    yield proof(PART, "the same again", f"{now() - began:.0f} s, pods replaced: {names}", holds=not replaced)


def identities(pods: list[kube.Object]) -> dict[str, str]:
    """Return the name of each pod that serves by its uid. Jobs run again, and functions come and go by themselves."""
    lasting = (pod for pod in pods if _serves(pod))
    return {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in lasting}


def _serves(pod: kube.Object) -> bool:
    return not kube.is_of_a_job(pod) and FUNCTION not in pod["metadata"].get("labels", {})
