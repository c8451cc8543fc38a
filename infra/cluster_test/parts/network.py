"""The matrix of network policies: from each of our pods and from a stranger's, to every port, as the manifests say."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from infra import NAMESPACE, install
from infra.cluster_test import kube
from infra.cluster_test import owner as accounts
from infra.cluster_test.policies import End, allowed
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import STRANGER, Target, manifests, workload
from infra.cluster_test.variant import Variant, own_container
from infra.cluster_test.waiting import until

PART: Final = "network"
PORTS: Final = {
    "connector": (8083,),
    "minio": (9000,),
    "nats": (4222, 8222),
    "postgres": (5432,),
    "ui": (8000,),
}
"""Ports on which our servers listen: a refused connection to any other would prove nothing."""

TRIAL_SEC: Final = 2
KNOWN_SEC: Final = 60.0
IMAGE_OF: Final = "connector"
"""The stranger's pods use this image of ours: it is on the node and has Python."""

PYTHON: Final = f"""
import concurrent.futures, json, socket, sys
def tried(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), {TRIAL_SEC}).close()
    except OSError:
        return address, False
    return address, True
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    print(json.dumps(dict(pool.map(tried, sys.argv[1:]))))
"""
SHELL: Final = """
command -v PROGRAM >/dev/null || exit 127
for address in "$@"; do
    (TRIAL) >/dev/null 2>&1 && echo "$address open" || echo "$address closed"
done
"""
BASH: Final = SHELL.replace("PROGRAM", "timeout").replace(
    "TRIAL", f'timeout {TRIAL_SEC} bash -c "</dev/tcp/${{address%:*}}/${{address#*:}}"'
)
NC: Final = SHELL.replace("PROGRAM", "nc").replace(
    "TRIAL", f'nc -w {TRIAL_SEC} "${{address%:*}}" "${{address#*:}}" -e true'
)
WAYS: Final = (("python3", "-c", PYTHON), ("bash", "-c", BASH, "bash"), ("sh", "-c", NC, "sh"))
"""How a container may try connections. The first one whose program it has is taken."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A connection that was tried, what the policies say of it, and what happened."""

    source: str
    target: str
    port: int
    expected: bool
    happened: bool

    @property
    def words(self) -> str:
        """Return what is wrong as a text."""
        return f"{self.target}:{self.port} is {'open' if self.happened else 'closed'}"


def run(target: Target) -> Iterator[Row]:
    """Start the stranger's pods and try every connection from every pod."""
    accounts.wake(target)
    ours = [thing for thing in manifests(target.environment) if thing["kind"] == "NetworkPolicy"]
    ours = [policy for policy in ours if policy["metadata"]["namespace"] not in left_out()]
    live = kube.items("networkpolicies", "-A")
    wanted = {key(policy) for policy in ours}
    absent = sorted(wanted - {key(policy) for policy in live})
    yield proof(
        PART,
        "policies of the manifests that are there",
        f"{len(wanted) - len(absent)} of {len(wanted)}" + "".join(f", without {'/'.join(one)}" for one in absent),
        holds=not absent,
    )
    # Policies of others, such as Knative's, count too; of ours the manifests' form is what is promised.
    policies = [*ours, *(policy for policy in live if key(policy) not in wanted)]
    try:
        strangers = start_strangers()
        namespaces = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in kube.items("namespaces")}
        ready = [pod for pod in (*target.variant.pods(), *strangers) if kube.is_ready(pod)]
        sources = [pod for pod in ready if not kube.is_of_a_job(pod)]
        targets = _targets(sources, namespaces, target.variant)
        for pod in one_of_each(sources):
            yield _row_of_pod(pod, targets, policies, namespaces)
    finally:
        kube.kubectl("delete", "namespace", STRANGER, "--ignore-not-found", "--wait=false")
        kube.kubectl("-n", NAMESPACE, "delete", "pod", STRANGER, "--ignore-not-found", "--wait=false")


def left_out() -> set[str]:
    """Return the namespaces of parts that are left out, because there is no secret for them."""
    needed = (one for one in install.NEEDS_A_SECRET.values() if one[0] != NAMESPACE)
    return {namespace for namespace, secret in needed if not kube.get("-n", namespace, f"secret/{secret}")}


def key(policy: kube.Object) -> tuple[str, str]:
    """Return namespace and name of a policy."""
    return policy["metadata"]["namespace"], policy["metadata"]["name"]


def one_of_each(pods: Iterable[kube.Object]) -> list[kube.Object]:
    """Return one pod of each workload; pods without one, as the stranger's, each count."""
    found: dict[tuple[str, str], kube.Object] = {}
    for pod in pods:
        found.setdefault((pod["metadata"]["namespace"], name_of(pod)), pod)
    return list(found.values())


def name_of(pod: kube.Object) -> str:
    """Return how the table names a pod."""
    labels, namespace = pod["metadata"].get("labels", {}), pod["metadata"]["namespace"]
    if pod["metadata"]["name"] == STRANGER:
        return "a pod without labels in faplog" if namespace == NAMESPACE else f"a stranger in {namespace}"
    return workload(labels) or labels.get("k8s-app") or str(pod["metadata"]["name"])


def end_of(pod: kube.Object, namespaces: dict[str, dict[str, str]]) -> End:
    """Return a pod as the end of a connection."""
    metadata = pod["metadata"]
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports", [])]
    return End(
        name_of(pod),
        pod["status"]["podIP"],
        metadata["namespace"],
        metadata.get("labels", {}),
        namespaces[metadata["namespace"]],
        {port["name"]: port["containerPort"] for port in ports if "name" in port},
    )


def _targets(ours: list[kube.Object], namespaces: dict[str, dict[str, str]], variant: Variant) -> list[tuple[End, int]]:
    """Return every end and port that is tried: our pods', the platform's in front of them, DNS and the API server."""
    found = []
    listening = PORTS | dict.fromkeys(variant.with_pods, variant.ports)
    for pod in one_of_each(ours):
        found += [(end_of(pod, namespaces), port) for port in listening.get(name_of(pod), ())]
    for namespace, (selector, ports) in variant.platform.items():
        for pod in kube.pods(namespace, selector)[:1]:
            found += [(end_of(pod, namespaces), port) for port in ports]
    for pod in kube.pods("kube-system", "k8s-app=kube-dns")[:1]:
        found.append((end_of(pod, namespaces), 53))
    for one in kube.items("endpointslices", "-n", "default", "-l", "kubernetes.io/service-name=kubernetes")[:1]:
        found.append((End("API server", one["endpoints"][0]["addresses"][0]), one["ports"][0]["port"]))
    return found


def _row_of_pod(
    pod: kube.Object,
    targets: list[tuple[End, int]],
    policies: list[kube.Object],
    namespaces: dict[str, dict[str, str]],
) -> Row:
    source = end_of(pod, namespaces)
    others = [(end, port) for end, port in targets if end.ip != source.ip]
    happened = _try(pod, [f"{end.ip}:{port}" for end, port in others])
    if happened is None:
        return proof(PART, f"from {source.name}", "no program in its container to try with", holds=False)
    trials = [
        Trial(source.name, end.name, port, allowed(policies, source, end, port), happened[f"{end.ip}:{port}"])
        for end, port in others
    ]
    return proof(PART, f"from {source.name}", in_words(trials), holds=not misfits(trials))


def misfits(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials that did not end as the policies say."""
    return [trial for trial in trials if trial.expected != trial.happened]


def in_words(trials: list[Trial]) -> str:
    """Return the result of one pod's trials as a text."""
    wrong = misfits(trials)
    count = Counter(trial.happened for trial in trials)
    opened = sorted({f"{trial.target}:{trial.port}" for trial in trials if trial.happened})
    text = f"{len(trials)} tried, {count[True]} open ({', '.join(opened) or 'none'}), {count[False]} closed"
    return f"{text}; WRONG: {', '.join(trial.words for trial in wrong)}" if wrong else text


def _try(pod: kube.Object, addresses: list[str]) -> dict[str, bool] | None:
    """Return which addresses a pod reaches, or None if its container has no program to try with."""
    container = own_container(pod)
    for way in WAYS:
        done = kube.execute(pod, container, *way, *addresses)
        happened = parsed(done.stdout)
        if done.returncode == 0 and happened.keys() == set(addresses):
            return happened
    return None


def parsed(text: str) -> dict[str, bool]:
    """Return what a trial printed, as JSON or as lines."""
    if text.startswith("{"):
        found: dict[str, bool] = json.loads(text)
        return found
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: line[1] == "open" for line in lines if len(line) == 2}


def start_strangers() -> list[kube.Object]:
    """Start a pod in a namespace of its own and one without labels in ours, and wait until the network knows them.

    Raises:
        TooLate: They do not start.
    """
    template = kube.get("-n", NAMESPACE, f"deployment/{IMAGE_OF}")
    assert template
    image = template["spec"]["template"]["spec"]["containers"][0]["image"]
    kube.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": STRANGER}}])
    places = (STRANGER, NAMESPACE)
    kube.apply([stranger(namespace, image) for namespace in places])

    def known() -> list[kube.Object] | None:
        # A new pod is refused everywhere until the network policies know it: one that reaches DNS is known.
        pods = [kube.get("-n", namespace, f"pod/{STRANGER}") for namespace in places]
        ready = [pod for pod in pods if pod and kube.is_ready(pod)]
        dns = kube.pods("kube-system", "k8s-app=kube-dns")
        if len(ready) < len(places) or not dns:
            return None
        address = f"{dns[0]['status']['podIP']}:53"
        reached = [_try(pod, [address]) for pod in ready]
        return ready if all(one and one[address] for one in reached) else None

    return until(known, KNOWN_SEC, "the stranger's pods reach DNS")


def stranger(namespace: str, image: str) -> kube.Object:
    """Return a pod that does nothing, without labels that a policy knows."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": STRANGER, "namespace": namespace},
        "spec": {
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "stranger",
                    "image": image,
                    "command": ["python3", "-c", "import signal; signal.pause()"],
                    "resources": {
                        "requests": {"cpu": "5m", "memory": "16Mi"},
                        "limits": {"cpu": "200m", "memory": "96Mi"},
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }
