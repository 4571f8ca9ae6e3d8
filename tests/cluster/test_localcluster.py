"""The local cluster itself: what the other tests stand on."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.harness.audit import Audit
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster, ProcessError
from localcluster.process import alive

TESTS = Path(__file__).parents[1]
IMAGE = "registry.example.com:5000/team/server:v1"

DEVICES = [
    ("h100-1", "nvidia.com/gpu", "8", {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.count": "8"}),
    ("h100-2", "nvidia.com/gpu", "8", {"nvidia.com/gpu.memory": "81559", "nvidia.com/mig.capable": "true"}),
    ("h100-3", "nvidia.com/gpu", "8", {"nvidia.com/gpu.family": "hopper", "nvidia.com/gpu.compute.major": "9"}),
    ("l4-1", "nvidia.com/gpu", "4", {"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.memory": "23034"}),
    ("l4-2", "nvidia.com/gpu", "4", {"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.count": "4"}),
    ("mi300x-1", "amd.com/gpu", "8", {"amd.com/gpu.vram": "192G", "amd.com/gpu.cu-count": "304"}),
]
TAINTS = {"nvidia.com/gpu": "nvidia.com/gpu", "amd.com/gpu": "amd.com/gpu"}

NOT_FOUND = (
    f'rpc error: code = NotFound desc = failed to pull and unpack image "{IMAGE}": '
    f"failed to resolve image: {IMAGE}: not found"
)
MANIFEST = "https://registry.example.com:5000/v2/team/server/manifests/v1"
UNAUTHORIZED = (
    f'failed to pull and unpack image "{IMAGE}": failed to resolve image: '
    f"unexpected status from HEAD request to {MANIFEST}: 401 Unauthorized"
)
UNREACHABLE = (
    f'failed to pull and unpack image "{IMAGE}": failed to resolve image: failed to do request: Head "{MANIFEST}": '
    "dial tcp: lookup registry.example.com on 192.168.10.254:53: no such host"
)
BACK_OFF = f'Back-off pulling image "{IMAGE}": ErrImagePull: '

WAITING = [
    ("image-not-found", "ErrImagePull", NOT_FOUND),
    ("image-not-found", "ImagePullBackOff", BACK_OFF + NOT_FOUND),
    ("image-unauthorized", "ErrImagePull", UNAUTHORIZED),
    ("image-unauthorized", "ImagePullBackOff", BACK_OFF + UNAUTHORIZED),
    ("registry-unreachable", "ErrImagePull", UNREACHABLE),
    ("registry-unreachable", "ImagePullBackOff", BACK_OFF + UNREACHABLE),
    ("secret-not-found", "CreateContainerConfigError", 'secret "hf" not found'),
]
BACK_OFFS = ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]
ALL_FAILURES = [*dict.fromkeys(failure for failure, _, _ in WAITING), "crash", "oom", "never-ready"]


def pod(name: str, **spec: object) -> dict[str, Any]:
    """A pod with one container and an environment variable from the Secret `hf`."""
    secret = {"secretKeyRef": {"name": "hf", "key": "token"}}
    container = {"name": "server", "image": IMAGE, "env": [{"name": "HF_TOKEN", "valueFrom": secret}]}
    metadata = {"name": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


def failing(failure: str) -> dict[str, Any]:
    """A pod whose environment asks for a failure."""
    manifest = pod(failure)
    manifest["spec"]["containers"][0]["env"].append({"name": "SIMULATE_FAILURE", "value": failure})
    return manifest


def gpu_deployment(count: int) -> dict[str, Any]:
    """A Deployment of two pods that ask for `count` NVIDIA devices each."""
    labels = {"app": f"gpu-{count}"}
    container = {"name": "server", "image": IMAGE, "resources": {"limits": {"nvidia.com/gpu": str(count)}}}
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"gpu-{count}"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "tolerations": tolerations},
            },
        },
    }


def condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of that type."""
    found: Mapping[str, Any] = {each["type"]: each for each in status["conditions"]}[kind]
    return found


def pids(directory: Path) -> list[int]:
    """The processes that a cluster has recorded."""
    return [int(file.read_text()) for file in (directory / "pids").iterdir()]


@pytest.mark.parametrize(("name", "resource", "count", "labels"), DEVICES, ids=[row[0] for row in DEVICES])
def test_node_has_devices_labels_and_taint(
    cluster: LocalCluster, name: str, resource: str, count: str, labels: dict[str, str]
) -> None:
    node = cluster.kubectl.json("get", "node", name)
    assert condition(node["status"], "Ready")["status"] == "True"
    assert node["status"]["capacity"][resource] == node["status"]["allocatable"][resource] == count
    assert labels.items() <= node["metadata"]["labels"].items()
    assert node["spec"]["taints"] == [{"key": TAINTS[resource], "value": "present", "effect": "NoSchedule"}]


def test_pods_run_where_the_devices_are(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=gpu_deployment(2))
    eventually(
        lambda: kubectl.json("get", "deployment", "gpu-2")["status"]["availableReplicas"] == 2,
        why="both pods are available",
    )
    nodes = {item["spec"]["nodeName"].rpartition("-")[0] for item in kubectl.json("get", "pods")["items"]}
    assert nodes <= {"h100", "l4"}


def test_what_fits_nowhere_stays_pending_in_the_words_of_the_scheduler(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", given=gpu_deployment(16))

    def verdicts() -> list[Mapping[str, Any]]:
        return [condition(item["status"], "PodScheduled") for item in kubectl.json("get", "pods")["items"]]

    scheduled = eventually(lambda: [v for v in verdicts() if v.get("reason") == "Unschedulable"])[0]
    assert scheduled["status"] == "False"
    assert scheduled["message"].startswith(
        "0/8 nodes are available: 1 node(s) had untolerated taint(s), 7 Insufficient nvidia.com/gpu. "
        "no new claims to deallocate, preemption: 0/8 nodes are available: "
    )


@pytest.fixture(scope="module")
def failing_pods(cluster: LocalCluster) -> Iterator[Kubectl]:
    """A pod for each failure, named after it; kubectl in their namespace."""
    with temporary_namespace(cluster, "failing-pods") as name:
        kubectl = cluster.kubectl.within(name)
        kubectl("apply", "-f", "-", given=[failing(failure) for failure in ALL_FAILURES])
        yield kubectl


@pytest.mark.parametrize(("failure", "reason", "message"), WAITING)
def test_container_that_cannot_start_waits(failing_pods: Kubectl, failure: str, reason: str, message: str) -> None:
    def status() -> Mapping[str, Any]:
        found: Mapping[str, Any] = failing_pods.json("get", "pod", failure)["status"]
        assert found["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
        return found

    seen = eventually(status)
    assert seen["phase"] == "Pending"
    assert seen["containerStatuses"][0]["state"]["waiting"]["message"] == message
    assert condition(seen, "Ready")["message"] == "containers with unready status: [server]"


@pytest.mark.parametrize(("failure", "reason", "code"), [("crash", "Error", 1), ("oom", "OOMKilled", 137)])
def test_crashing_server_is_restarted_and_backs_off(
    failing_pods: Kubectl, failure: str, reason: str, code: int
) -> None:
    def backing_off() -> Mapping[str, Any]:
        found = failing_pods.json("get", "pod", failure)
        assert found["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        assert found["status"]["containerStatuses"][0]["restartCount"] >= 2
        return found

    seen = eventually(backing_off)
    container = seen["status"]["containerStatuses"][0]
    last = container["lastState"]["terminated"]
    wait = BACK_OFFS[min(container["restartCount"], len(BACK_OFFS)) - 1]
    identity = f"{failure}_{failing_pods.namespace}({seen['metadata']['uid']})"
    message = f"back-off {wait} restarting failed container=server pod={identity}"
    assert seen["status"]["phase"] == "Running"
    assert container["state"]["waiting"]["message"] == message
    assert (last["reason"], last["exitCode"]) == (reason, code)
    assert ("Engine core initialization failed" in last.get("message", "")) == (failure == "crash")


def test_never_ready_server_runs_and_fails_its_probe(failing_pods: Kubectl) -> None:
    def running() -> Mapping[str, Any]:
        found: Mapping[str, Any] = failing_pods.json("get", "pod", "never-ready")["status"]
        assert found["phase"] == "Running"
        return found

    seen = eventually(running)
    container = seen["containerStatuses"][0]
    assert (container["started"], container["ready"], list(container["state"])) == (True, False, ["running"])
    assert condition(seen, "Ready")["status"] == "False"
    probe = eventually(lambda: failing_pods.json("get", "events", "--field-selector=reason=Unhealthy")["items"])[0]
    assert probe["message"] == "Readiness probe failed: HTTP probe failed with statuscode: 503"


def test_failure_by_annotation_ends_with_the_annotation(kubectl: Kubectl) -> None:
    manifest = pod("annotated")
    manifest["metadata"]["annotations"] = {"simulate.modelservice.dev/failure": "image-not-found"}
    kubectl("apply", "-f", "-", given=manifest)

    def waits() -> str:
        status = kubectl.json("get", "pod", "annotated")["status"]
        return str(status["containerStatuses"][0]["state"]["waiting"]["message"])

    eventually(waits)
    kubectl("annotate", "pod", "annotated", "simulate.modelservice.dev/failure-")
    eventually(lambda: condition(kubectl.json("get", "pod", "annotated")["status"], "Ready")["status"] == "True")


def test_start_can_be_delayed(kubectl: Kubectl) -> None:
    manifest = pod("slow")
    manifest["spec"]["containers"][0]["env"].append({"name": "SIMULATE_START_DELAY", "value": "3s"})
    kubectl("apply", "-f", "-", given=manifest)
    kubectl("wait", "pod/slow", "--for=condition=Ready", "--timeout=30s")
    seen = kubectl.json("get", "pod", "slow")["status"]
    started = seen["startTime"]
    ready = condition(seen, "Ready")["lastTransitionTime"]
    assert yaml.safe_load(ready).timestamp() - yaml.safe_load(started).timestamp() >= 2  # both are cut to seconds


def test_audit_counts_one_write_for_one_apply(kubectl: Kubectl, audit: Audit) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}
    before = audit.mark()
    kubectl("apply", "-f", "-", given=manifest)
    after = audit.mark()
    written = audit.writes(user="admin", namespace=kubectl.namespace, since=before)
    assert [(each.verb, each.resource, each.name, each.code) for each in written] == [
        ("create", "configmaps", "one", 201)
    ]
    assert audit.writes(user="admin", namespace=kubectl.namespace, since=before, excluding=["configmaps"]) == []
    assert audit.writes(user="admin", namespace=kubectl.namespace, since=after) == []
    reads = audit.requests(user="admin", namespace=kubectl.namespace, since=before)
    assert ("get", 404) in [(each.verb, each.code) for each in reads]


def test_service_account_sees_what_rbac_lets_it(cluster: LocalCluster, kubectl: Kubectl, audit: Audit) -> None:
    kubectl("create", "serviceaccount", "reader")
    kubectl("create", "rolebinding", "reader", "--clusterrole=view", f"--serviceaccount={kubectl.namespace}:reader")
    config = cluster.service_account_kubeconfig(kubectl.namespace, "reader")
    reader = Kubectl(cluster.programs.kubectl, config, kubectl.namespace)
    mark = audit.mark()
    assert eventually(lambda: reader.json("get", "pods")["items"] == [])
    with pytest.raises(KubectlError, match='cannot list resource "secrets"'):
        reader("get", "secrets")
    assert "list" in [
        each.verb for each in audit.requests(user=f"system:serviceaccount:{kubectl.namespace}:reader", since=mark)
    ]


def test_two_clusters_side_by_side(cluster: LocalCluster, own_cluster: LocalCluster) -> None:
    assert cluster.control_plane.server != own_cluster.control_plane.server
    assert cluster.directory != own_cluster.directory
    own_cluster.kubectl("create", "namespace", "only-here")
    assert "namespace/only-here" not in cluster.kubectl("get", "namespaces", "-o", "name").split()


def test_api_server_comes_back_with_its_port_and_data(own_cluster: LocalCluster) -> None:
    kubectl = own_cluster.kubectl.within("default")
    kubectl("create", "deployment", "web", "--image=nginx")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    own_cluster.apiserver.kill()
    assert own_cluster.apiserver.exit_code == -signal.SIGKILL
    own_cluster.apiserver.start()
    kubectl("scale", "deployment/web", "--replicas=3")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")

    own_cluster.apiserver.pause()
    hanging = subprocess.Popen([own_cluster.programs.kubectl, "--kubeconfig", own_cluster.kubeconfig, "get", "nodes"])
    with pytest.raises(subprocess.TimeoutExpired):
        hanging.wait(1)
    own_cluster.apiserver.resume()
    assert hanging.wait(30) == 0


def test_stop_leaves_nothing(own_cluster: LocalCluster) -> None:
    directory = own_cluster.directory
    own_cluster.spawn("sleeper", ["sleep", "600"])
    running = pids(directory)
    assert len(running) == 6
    assert all(alive(pid) for pid in running)
    own_cluster.stop()
    assert [pid for pid in running if alive(pid)] == []
    assert not directory.exists()


def test_failed_boot_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ProcessError, match="unknown flag: --nonsense"):
        LocalCluster(apiserver_flags=["--nonsense"]).start()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_outlives_the_one_who_started_it(number: signal.Signals, code: int) -> None:
    up = subprocess.Popen(
        [sys.executable, "-m", "localcluster", "up"],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with up:
        assert up.stdout
        kubeconfig = next(line for line in up.stdout if line.startswith("export KUBECONFIG=")).partition("=")[2]
        directory = Path(kubeconfig.strip()).parent
        running = pids(directory)
        assert all(alive(pid) for pid in running)
        up.send_signal(number)
        assert up.wait(60) == code
    eventually(lambda: not [pid for pid in running if alive(pid)], why="all processes have ended")
    eventually(lambda: not directory.exists(), why="the directory is gone")


FAILING_TEST = """
def test_that_fails(cluster):
    cluster.spawn("chatty", ["echo", "words of the operator"])
    cluster.kubectl("get", "nodes")
    assert False
"""


def test_failed_test_shows_the_logs(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "cluster.conftest", "--rootdir", tmp_path, tmp_path],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    shown = done.stdout.partition("log of chatty")[2]
    assert "words of the operator" in shown


NODE_TEST = """
from localcluster.realnode import preflight
preflight.PLUGIN_DIRECTORIES = ()
def test_on_a_node(node_cluster):
    pass
"""


@pytest.mark.parametrize(("required", "outcome"), [("", "1 skipped"), ("1", "1 error")])
def test_what_a_real_node_lacks_is_said(tmp_path: Path, required: str, outcome: str) -> None:
    (tmp_path / "test_node.py").write_text(NODE_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "cluster.conftest", "--rootdir", tmp_path, tmp_path],
        env=os.environ | {"PYTHONPATH": str(TESTS), "REQUIRE_NODE": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{outcome} in" in done.stdout
    assert "install the Debian package containernetworking-plugins" in done.stdout
