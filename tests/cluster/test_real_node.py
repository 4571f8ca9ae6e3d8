"""The real node itself: containers that run, probes that are asked, a Service that answers, devices."""

import functools
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cluster.harness.namespaces import temporary_namespace
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from localcluster.realnode import GPU, WORKLOAD, RealNode

pytestmark = pytest.mark.node

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def kubectl(node_cluster: LocalCluster, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    """kubectl as administrator of the cluster with the real node, in the test's namespace."""
    with temporary_namespace(node_cluster, request.node.name.removeprefix("test_")) as name:
        yield node_cluster.kubectl.within(name)


def container(*args: str, **fields: object) -> dict[str, Any]:
    """The workload image, told what to do."""
    return {"name": "server", "image": WORKLOAD, "args": [*args], **fields}


def pod(name: str, *args: str, **fields: object) -> dict[str, Any]:
    """A pod of one such container."""
    spec = {"containers": [container(*args, **fields)], "terminationGracePeriodSeconds": 1}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec,
    }


def service(name: str) -> dict[str, Any]:
    """A Service for the pods with that label."""
    ports = [{"port": 80, "targetPort": 8000}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }


def get(url: str) -> str:
    """The body of a successful answer; "" without one yet."""
    try:
        with OPENER.open(url, timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def registrations(node: RealNode) -> int:
    """How often the devices have registered with the kubelet."""
    return node.devices.tail().count("registered") if node.devices else 0


def condition(node: Mapping[str, Any], kind: str) -> str:
    """The status of a condition."""
    return str({each["type"]: each["status"] for each in node["status"]["conditions"]}[kind])


def test_a_server_is_ready_by_its_probe_and_answers_through_its_service(kubectl: Kubectl) -> None:
    probe = {"httpGet": {"path": "/healthy", "port": 8000}, "periodSeconds": 1}
    kubectl("apply", "-f", "-", given=[pod("web", "serve", "8000", "2", readinessProbe=probe), service("web")])
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")
    refused = kubectl.json("get", "events", "--field-selector=reason=Unhealthy")["items"]
    assert "Readiness probe failed: HTTP probe failed with statuscode: 503" in [event["message"] for event in refused]
    address = kubectl.json("get", "service", "web")["spec"]["clusterIP"]
    assert eventually(lambda: get(f"http://{address}/hello")) == "web /hello\n"


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://$(WEB_SERVICE_HOST)/from-a-pod", "web /from-a-pod"),
        ("https://$(KUBERNETES_SERVICE_HOST)/livez", "ok"),
        ("http://web/by-name", "lookup web"),
        ("http://192.0.2.1/outside", "unreachable|no route to host"),
    ],
    ids=["service", "api-server", "no-dns", "no-way-out"],
)
def test_a_pod_reaches_services_and_nothing_outside(kubectl: Kubectl, url: str, answer: str) -> None:
    kubectl("apply", "-f", "-", given=[service("web"), pod("web", "serve")])
    kubectl("wait", "pod/web", "--for=condition=Ready", "--timeout=60s")
    kubectl("apply", "-f", "-", given=pod("client", "get", url))
    assert eventually(lambda: re.search(answer, kubectl("logs", "client")), timeout=60)


def test_a_crash_is_a_real_one(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=pod("crash", "exit", "3", "cannot allocate"))

    def backing_off() -> Mapping[str, Any]:
        found: Mapping[str, Any] = kubectl.json("get", "pod", "crash")["status"]["containerStatuses"][0]
        assert found["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        return found

    assert eventually(backing_off, timeout=60)["lastState"]["terminated"]["exitCode"] == 3
    assert eventually(lambda: kubectl("logs", "crash")) == "cannot allocate\n"


def test_memory_over_the_limit_ends_by_the_kernel(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=pod("greedy", "oom", resources={"limits": {"memory": "32Mi"}}))

    def killed() -> Mapping[str, Any]:
        found = kubectl.json("get", "pod", "greedy")["status"]["containerStatuses"][0]
        ended: Mapping[str, Any] = found["state"].get("terminated") or found["lastState"]["terminated"]
        return ended

    ended = eventually(killed, timeout=60)
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


def test_an_image_that_nobody_has_fails_at_once_in_the_words_of_containerd(kubectl: Kubectl) -> None:
    manifest = pod("missing")
    manifest["spec"]["containers"][0]["image"] = "registry.example.com/team/server:v1"
    kubectl("apply", "-f", "-", given=manifest)

    def waiting() -> Mapping[str, Any]:
        found: Mapping[str, Any] = kubectl.json("get", "pod", "missing")["status"]["containerStatuses"][0]
        assert found["state"]["waiting"]["reason"] in {"ErrImagePull", "ImagePullBackOff"}
        return found

    assert "lookup registry.example.com" in eventually(waiting)["state"]["waiting"]["message"]


def test_devices_are_given_out_and_can_fall_sick(node_cluster: LocalCluster, kubectl: Kubectl) -> None:
    node = node_cluster.real_node
    kubectl("apply", "-f", "-", given=pod("gpu", "serve", resources={"limits": {GPU: "2"}}))
    kubectl("wait", "pod/gpu", "--for=condition=Ready", "--timeout=60s")
    assert re.search("allocated (0,1|1,0)", node.devices.tail() if node.devices else "")
    labels = kubectl.json("get", "node", node.name)["metadata"]["labels"]
    assert (labels["nvidia.com/gpu.product"], labels["nvidia.com/gpu.count"]) == ("NVIDIA-L4", "2")

    def allocatable() -> str:
        return str(kubectl.json("get", "node", node.name)["status"]["allocatable"][GPU])

    try:
        node.set_sick_gpus([1])
        eventually(lambda: allocatable() == "1")
    finally:
        node.set_sick_gpus([])
    eventually(lambda: allocatable() == "2")


def test_simulated_nodes_stay_ready_and_run_only_what_tolerates_them(kubectl: Kubectl) -> None:
    tolerant = pod("simulated")
    tolerant["spec"] |= {
        "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
        "nodeSelector": {"type": "kwok"},
    }
    kubectl("apply", "-f", "-", given=[tolerant, pod("real", "pause")])
    kubectl("wait", "pod/simulated", "pod/real", "--for=condition=Ready", "--timeout=60s")
    nodes = {item["metadata"]["name"]: item["spec"]["nodeName"] for item in kubectl.json("get", "pods")["items"]}
    assert nodes["real"] == "real-1"
    assert nodes["simulated"].startswith("cpu-")
    assert {condition(node, "Ready") for node in kubectl.json("get", "nodes")["items"]} == {"True"}


def test_kubelet_and_devices_come_back(node_cluster: LocalCluster, kubectl: Kubectl) -> None:
    node = node_cluster.real_node
    kubectl("apply", "-f", "-", given=pod("stays", "pause"))
    kubectl("wait", "pod/stays", "--for=condition=Ready", "--timeout=60s")
    before = registrations(node)
    node.kubelet.kill()
    node.kubelet.start()
    eventually(lambda: registrations(node) > before, why="the devices registered again")
    eventually(lambda: kubectl.json("get", "node", node.name)["status"]["allocatable"][GPU] == "2")
    status = kubectl.json("get", "pod", "stays")["status"]["containerStatuses"][0]
    assert (status["ready"], status["restartCount"]) == (True, 0)


def test_a_second_node_on_the_machine_has_addresses_of_its_own(
    node_cluster: LocalCluster, own_node_cluster: LocalCluster
) -> None:
    nodes = [node_cluster.real_node, own_node_cluster.real_node]
    assert nodes[0].addresses != nodes[1].addresses
    for each in (node_cluster, own_node_cluster):
        kubectl = each.kubectl.within("default")
        kubectl("apply", "-f", "-", given=[pod("web", "serve"), service("web")])
        address = kubectl.json("get", "service", "web")["spec"]["clusterIP"]
        assert eventually(functools.partial(get, f"http://{address}/")) == "web /\n"
        kubectl("delete", "pod/web", "service/web", "--wait=false")


def test_a_node_ends_when_it_is_told_to(own_node_cluster: LocalCluster) -> None:
    node = own_node_cluster.real_node
    assert node
    node.stop()
    assert node.init.exit_code == 0, "it had to be killed"
