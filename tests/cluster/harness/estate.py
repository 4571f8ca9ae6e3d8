"""A namespace as users leave it when the operator is upgraded: models of every kind, in every state."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from cluster.harness.clock import server_time
from cluster.harness.examples import add_sliced_node, surroundings
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl
from localcluster.nodes import H100, node

SCALING: Final[dict[str, Any]] = {
    "minReplicas": 2,
    "maxReplicas": 5,
    "targets": [{"type": "CPUUtilization", "value": "50"}],
}
PATIENT: Final = {"progressDeadlineSeconds": 604800}
AT_ONCE: Final = 4
CRASH: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "crash"}]}


class Standing(NamedTuple):
    """What must not change: pods by uid, and generation and template of each Deployment."""

    pods: dict[str, str]
    deployments: dict[str, tuple[int, Any]]

    def differing(self, other: "Standing") -> set[str]:
        """Names of pods and Deployments."""
        pods = self.pods.items() ^ other.pods.items()
        names = self.deployments.keys() | other.deployments.keys()
        return {name for _, name in pods} | {
            name for name in names if self.deployments.get(name) != other.deployments.get(name)
        }


def standing(kubectl: Kubectl) -> Standing:
    """As it is now."""
    found = kubectl.json("get", "pods,deployments")["items"]
    by_kind = {kind: [item for item in found if item["kind"] == kind] for kind in ("Pod", "Deployment")}
    return Standing(
        {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in by_kind["Pod"]},
        {
            item["metadata"]["name"]: (item["metadata"]["generation"], item["spec"]["template"])
            for item in by_kind["Deployment"]
        },
    )


@contextmanager
def settle_estate(kubectl: Kubectl, examples: Sequence[Path], *, without: Collection[str] = ()) -> Iterator[None]:
    """Every example, ready, and the states."""
    manifests = [yaml.safe_load(path.read_text("utf-8")) for path in examples]
    with surroundings(kubectl, manifests):
        for path in examples:
            kubectl("apply", "--server-side", "--validate=strict", "-f", path)
        settle_states(kubectl, without=without)
        for manifest in manifests:
            Service(kubectl, manifest["metadata"]["name"]).ready()
        yield


def settle_states(kubectl: Kubectl, *, without: Collection[str] = ()) -> None:
    """A model in every state that lasts, but those `without` which the release in question does."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way = [
            pool.submit(settle, Service(kubectl, name)) for name, settle in STATES.items() if name not in without
        ]
        for settled in under_way:
            settled.result()


def add_nodes(kubectl: Kubectl) -> None:
    """Enough of them for two namespaces of this kind."""
    add_sliced_node(kubectl)
    further = [node(f"h100-{number}", H100, "local-a", number + 100) for number in range(4, 10)]
    kubectl("create", "-f", "-", given=further)
    kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")


def _with_many_fields(service: Service) -> None:
    """Those that shape pods and children and are in no example."""
    cpus = {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1000m"}}
    weighted = {"labelSelector": {}, "topologyKey": "kubernetes.io/hostname"}
    service.apply(
        model={"uri": "hf://Qwen/Qwen3-0.6B", "size": "2Gi", "name": "small"},
        runtime={"env": [{"name": "A", "value": "1"}, {"name": "CPU_COUNT", "valueFrom": cpus}]},
        resources={"requests": {"cpu": "0.5"}, "limits": {"memory": "32Gi"}},
        replicas=2,
        rollout={"strategy": "Replace", "progressDeadlineSeconds": 900, "revisionHistoryLimit": 2},
        endpoint={"port": 8080, "ingress": {"host": "small.example.com"}},
        placement={
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "inference", "effect": "NoSchedule"}],
            "affinity": {
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": weighted}]
                }
            },
            "topologySpread": "Zone",
        },
        disruption={"maxUnavailable": "50%"},
        serviceAccountName="default",
        podTemplate={"metadata": {"annotations": {"example.com/scrape": "no"}}, "spec": {"hostname": "small"}},
    ).ready()


def _with_history(service: Service) -> None:
    """Three revisions, of which the first is the newest again."""
    for arguments in ([], ["--max-model-len=4096"], ["--max-model-len=8192"], []):
        service.apply(runtime={"args": arguments}).ready()


def _restarted(service: Service) -> None:
    service.apply(replicas=2).ready()
    service.apply(rollout={"restart": "2026-11-22"}).ready()


def _scaled(service: Service) -> None:
    """As its autoscaler would have done it."""
    service.apply(replicas=3, scaling=SCALING).ready()
    service.kubectl("scale", "deployment", service.name, "--replicas=4")
    eventually(lambda: service.status["ready"] == "4/4")


def _given_an_autoscaler(service: Service) -> None:
    service.apply(replicas=2).ready()
    service.apply(scaling=SCALING).ready()


def _stopped_with_an_autoscaler(service: Service) -> None:
    service.apply(replicas=3, scaling=SCALING).ready()
    service.apply(suspend=True).wait_for("Ready", "True", "Suspended")


def _brought_back(service: Service) -> None:
    service.apply(replicas=2).ready()
    service.apply(suspend=True).wait_for("Ready", "True", "Suspended")
    service.apply(suspend=False).ready()


def _paused(service: Service) -> None:
    """With a change that waits."""
    service.apply().ready()
    service.apply(rollout={"paused": True}, runtime={"args": ["--max-model-len=8192"]})
    service.wait_for("Reconciling", "True", "RolloutPaused")


def _touched_by_others(service: Service) -> None:
    before = service.apply().ready().pods()
    service.kubectl("annotate", "deployment,service", service.name, "example.com/owner=search")
    service.kubectl("rollout", "restart", "deployment", service.name)
    eventually(lambda: service.pods() and service.pods().isdisjoint(before), why="the user's restart is done")
    service.ready()


def _waiting_for_devices(service: Service) -> None:
    service.apply(accelerator={"count": 16}, rollout=PATIENT)
    service.wait_for("Ready", "False", "InsufficientAccelerators")


def _crashing(service: Service) -> None:
    service.apply(runtime=CRASH, rollout=PATIENT).wait_for("Ready", "False", "CrashLooping")


def _crashing_after_a_change(service: Service) -> None:
    """The old pod serves."""
    service.apply(rollout=PATIENT).ready()
    service.apply(runtime=CRASH).wait_for("Ready", "False", "CrashLooping")


def _refused(service: Service) -> None:
    service.apply(runtime={"env": [{"name": "BAD=NAME", "value": "x"}]}).wait_for("Stalled", "True", "InvalidSpec")


def _beside_a_namesake(service: Service) -> None:
    service.kubectl("create", "service", "clusterip", service.name, "--tcp=80")
    made = service.child("service")["metadata"]["creationTimestamp"]
    # Timestamps have whole seconds, and what is not older than the ModelService might be its own.
    eventually(lambda: server_time(service.kubectl) > made)
    service.apply().wait_for("Stalled", "True", "NameConflict")


STATES: Final[Mapping[str, Callable[[Service], None]]] = {
    "with-many-fields": _with_many_fields,
    "with-history": _with_history,
    "restarted": _restarted,
    "scaled": _scaled,
    "given-an-autoscaler": _given_an_autoscaler,
    "stopped-with-an-autoscaler": _stopped_with_an_autoscaler,
    "brought-back": _brought_back,
    "paused": _paused,
    "touched-by-others": _touched_by_others,
    "waiting-for-devices": _waiting_for_devices,
    "crashing": _crashing,
    "crashing-after-a-change": _crashing_after_a_change,
    "refused": _refused,
    "beside-a-namesake": _beside_a_namesake,
}
"""Name of a ModelService -> what is done to it."""
