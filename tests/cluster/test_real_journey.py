"""The life of a model in real containers, with clients: from `kubectl apply` to `kubectl delete`.

The server is vLLM's simulator behind vLLM's command line; everything else is what a cluster has.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from cluster.harness.helm import helm
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import CHART, NAME, NAMESPACE, ROOT
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import KubectlError, LocalCluster
from localcluster.client import Client, Traffic
from localimage.build import NAME as IMAGE

pytestmark = pytest.mark.node

QUICKSTART: Final = ROOT / "examples" / "quickstart.yaml"
MODEL: Final = "qwen3-8b"
LEASE: Final = "modelservice-operator"
REPLICAS: Final = 3
STEP_SECONDS: Final = 120
WRONG: Final = "--max-modl-len=4096"


def patch(service: Service, **spec: Any) -> None:
    """Change the spec as `kubectl patch` does."""
    service.kubectl("patch", "modelservice", MODEL, "--type=merge", "-p", json.dumps({"spec": spec}))


def restarts(pods: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How often the containers of each pod that is not being deleted were restarted, by its uid."""
    return {
        pod["metadata"]["uid"]: sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
    }


def names(service: Service) -> set[str]:
    """Names of its pods that are not being deleted."""
    return {pod["metadata"]["name"] for pod in service.children("pods") if "deletionTimestamp" not in pod["metadata"]}


def test_a_model_from_apply_to_delete(serving_cluster: LocalCluster, operator_archive: Path, tmp_path: Path) -> None:
    serving_cluster.real_node.load(operator_archive)
    release = Release(serving_cluster, tmp_path)
    release("install", "--create-namespace")
    with temporary_namespace(serving_cluster, "journey") as namespace:
        kubectl = serving_cluster.kubectl.within(namespace)
        kubectl("apply", "-f", QUICKSTART)
        service = Service(kubectl, MODEL).ready(STEP_SECONDS)
        client = service.client()
        it_answers(client)
        kubectl("scale", "modelservice", MODEL, f"--replicas={REPLICAS}")
        eventually(lambda: service.status["ready"] == f"{REPLICAS}/{REPLICAS}", timeout=STEP_SECONDS)
        with Traffic(client) as traffic:
            all_replicas_answer(service, traffic)
            the_operator_is_upgraded(service, release)
            a_rollout_loses_no_request(service, traffic)
            a_wrong_flag_leaves_the_old_replicas(service, traffic)
            draining_leaves_replicas(service, traffic, serving_cluster.real_node.name)
        assert traffic.failures == []
        suspended_and_back(service, client)
        service.delete()
        eventually(service.is_gone, timeout=STEP_SECONDS)
    assert set(release.pods().values()) == {0}, "the operator was restarted"


class Release:
    """The operator in pods, by its chart."""

    def __init__(self, cluster: LocalCluster, home: Path) -> None:
        self._cluster, self._home = cluster, home
        self._kubectl = cluster.kubectl.within(NAMESPACE)

    def __call__(self, verb: str, *flags: str) -> None:
        """`helm install` or `helm upgrade`; its pods are Ready then."""
        repository, _, tag = IMAGE.rpartition(":")
        image = ("--set", f"image.repository={repository},image.tag={tag}")
        waiting = ("--namespace", NAMESPACE, "--wait", f"--timeout={STEP_SECONDS}s")
        helm(self._cluster, verb, NAME, CHART, *image, *waiting, *flags, home=self._home)

    def pods(self) -> dict[str, int]:
        """How often each was restarted, by its uid."""
        return restarts(self._kubectl.json("get", "pods", "-l", f"app.kubernetes.io/instance={NAME}")["items"])

    def leader(self) -> str:
        """The uid of the pod that works, if it is there."""
        holder = self._kubectl.json("get", "lease", LEASE)["spec"]["holderIdentity"]
        items = self._kubectl.json("get", "pods")["items"]
        return next((str(pod["metadata"]["uid"]) for pod in items if holder.startswith(pod["metadata"]["name"])), "")


def it_answers(client: Client) -> None:
    """The model is listed by its name, and chats."""
    assert client.models() == [MODEL]
    answer = client.chat("Why is the sky blue?")
    assert answer.text
    assert answer.body and answer.body["model"] == MODEL


def all_replicas_answer(service: Service, traffic: Traffic) -> None:
    """The Service gives each of them a part of the requests."""
    eventually(lambda: traffic.pods == names(service), why="every pod has answered")


def the_operator_is_upgraded(service: Service, release: Release) -> None:
    """All its pods are replaced, and no pod of the model notices."""
    before, operators = restarts(service.children("pods")), release.pods()
    release("upgrade", "--set", "podAnnotations.again=yes")
    now = eventually(lambda: release.pods().keys() - operators.keys(), why="there are other pods")
    eventually(lambda: release.leader() in now, why="one of them works", timeout=STEP_SECONDS)
    assert service.condition("Ready") == ("True", "ReplicasReady")
    assert restarts(service.children("pods")) == before


def a_rollout_loses_no_request(service: Service, traffic: Traffic) -> None:
    """All pods are replaced while clients ask, and the new ones answer."""
    before = names(service)
    patch(service, runtime={"args": ["--max-model-len=4096"]})
    service.ready(STEP_SECONDS)
    now = names(service)
    assert len(now) == REPLICAS and now.isdisjoint(before)
    settled = time.monotonic()
    eventually(lambda: {answer.pod for answer in traffic.since(settled)} >= now, why="every new pod has answered")
    assert traffic.failures == []


def a_wrong_flag_leaves_the_old_replicas(service: Service, traffic: Traffic) -> None:
    """They go on, while the status gives the engine's words; the mistake taken back, nothing has changed."""
    before = restarts(service.children("pods"))
    patch(service, runtime={"args": [WRONG]})
    service.wait_for("Ready", "False", "InvalidArgument", timeout=STEP_SECONDS)
    assert WRONG in service.problem("InvalidArgument")["message"]
    assert service.condition("Available")[0] == "True"
    wrong = time.monotonic()
    eventually(lambda: {answer.pod for answer in traffic.since(wrong)} == names(service) - crashing(service))
    patch(service, runtime={"args": ["--max-model-len=4096"]})
    service.ready(STEP_SECONDS)
    assert restarts(service.children("pods")) == before
    assert traffic.failures == []


def crashing(service: Service) -> set[str]:
    """Names of the pods that are not ready."""
    return {
        pod["metadata"]["name"]
        for pod in service.children("pods")
        if not all(status["ready"] for status in pod["status"]["containerStatuses"])
    }


def draining_leaves_replicas(service: Service, traffic: Traffic, node: str) -> None:
    """There is no other node, so that one pod can go and the budget keeps the others."""
    before = names(service)
    with pytest.raises(KubectlError) as stopped:
        service.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=20s")
    assert "Cannot evict pod as it would violate the pod's disruption budget" in str(stopped.value)
    assert len(names(service) & before) == REPLICAS - 1
    drained = time.monotonic()
    eventually(lambda: {answer.pod for answer in traffic.since(drained)} == names(service) & before)
    service.kubectl("uncordon", node)
    service.ready(STEP_SECONDS)
    assert traffic.failures == []


def suspended_and_back(service: Service, client: Client) -> None:
    """No pods, nobody answers; then as many as before."""
    patch(service, suspend=True)
    service.wait_for("Ready", "True", "Suspended")
    eventually(lambda: not service.children("pods"), timeout=STEP_SECONDS)
    assert client.chat("Is anybody there?").failure
    patch(service, suspend=False)
    eventually(lambda: service.condition("Ready") == ("True", "ReplicasReady"), timeout=STEP_SECONDS)
    assert service.status["ready"] == f"{REPLICAS}/{REPLICAS}"
    it_answers(client)
