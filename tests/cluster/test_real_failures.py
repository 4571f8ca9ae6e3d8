"""Failures as a real kubelet and a real container runtime report them: each in the status, and none to and fro."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import Operator, install
from cluster.harness.refusing_registry import redirect, refusing_registry
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from localcluster.realnode import GPU, WORKLOAD
from localcluster.record import Recorder
from modelservice_operator.conditions import READY, find
from modelservice_operator.diagnosis import diagnose_files

pytestmark = pytest.mark.node

LONG_ENOUGH: Final = 40.0
"""Seconds in which containerd is asked for an image twice, and a container crashes at least twice."""
LITTLE: Final = {"cpu": "10m", "memory": "16Mi"}
SERVE: Final = ["serve", "8000"]


@dataclass(frozen=True)
class Case:
    """A way to fail: what differs from a server that runs, and what is said of it."""

    reason: str
    message: str
    args: list[str] = field(default_factory=lambda: SERVE)
    image: str = WORKLOAD
    runtime: Mapping[str, Any] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)
    """Patched into the container."""
    pod: Mapping[str, Any] = field(default_factory=dict)
    """Patched into the pod's spec."""

    def spec(self) -> dict[str, Any]:
        """Of the ModelService."""
        server = {"name": "server", "startupProbe": {"periodSeconds": 1}, **self.server}
        template = {"spec": {"terminationGracePeriodSeconds": 10, "containers": [server], **self.pod}}
        runtime = {"name": "custom", "image": self.image, "port": 8000, "healthPath": "/", "args": self.args}
        return {
            "runtime": {**runtime, **self.runtime},
            "resources": {"requests": LITTLE},
            "podTemplate": template,
        }


def environment(kind: str, name: str, key: str = "TOKEN") -> dict[str, Any]:
    return {"env": [{"name": "TOKEN", "valueFrom": {f"{kind}KeyRef": {"name": name, "key": key}}}]}


MOUNTED: Final = {"volumeMounts": [{"name": "weights", "mountPath": "/weights"}]}


def volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "weights", **source}]}


CASES: Final = {
    "absent": Case(
        "ImageNotFound",
        'cannot get the image "registry.test/team/server:v1": registry registry.test does not have it.',
        image="registry.test/team/server:v1",
    ),
    "denied": Case(
        "ImageUnauthorized",
        (
            'cannot get the image "registry.test/denied/server:v1": registry registry.test '
            "says that credentials are missing or wrong (401 Unauthorized)."
        ),
        image="registry.test/denied/server:v1",
    ),
    "forbidden": Case(
        "ImageUnauthorized",
        (
            'cannot get the image "registry.test/forbidden/server:v1": registry '
            "registry.test denies access (403 Forbidden)."
        ),
        image="registry.test/forbidden/server:v1",
    ),
    "busy": Case(
        "RegistryRateLimited",
        (
            'cannot get the image "registry.test/busy/server:v1": registry registry.test '
            "limits the rate of requests (429)."
        ),
        image="registry.test/busy/server:v1",
    ),
    "broken": Case(
        "RegistryUnreachable",
        (
            'cannot get the image "registry.test/broken/server:v1": registry registry.test '
            "has an error of its own (5xx)."
        ),
        image="registry.test/broken/server:v1",
    ),
    "nameless": Case(
        "RegistryUnreachable",
        (
            'cannot get the image "nobody.test/team/server:v1": the node cannot resolve the '
            "name of registry nobody.test."
        ),
        image="nobody.test/team/server:v1",
    ),
    "closed": Case(
        "RegistryUnreachable",
        'cannot get the image "closed.test/team/server:v1": registry closed.test refuses connections.',
        image="closed.test/team/server:v1",
    ),
    "misspelt": Case(
        "InvalidImageName",
        (
            'cannot get the image "registry.test/UPPER/Case:v1": the name is no image '
            "reference: repository name (UPPER/Case) must be lowercase."
        ),
        image="registry.test/UPPER/Case:v1",
    ),
    "never-pulled": Case(
        "ImageNeverPulled",
        'cannot get the image "registry.test/team/server:v2": it is not on the node, and imagePullPolicy is Never.',
        image="registry.test/team/server:v2",
        server={"imagePullPolicy": "Never"},
    ),
    "crash": Case(
        "CrashLooping",
        'crashed: container server exited with code 3; its last words: "ValueError: nobody knows this text".',
        args=["exit", "3", "ValueError: nobody knows this text"],
    ),
    "no-room": Case(
        "KVCacheTooSmall",
        (
            "crashed: the weights and activations leave no memory of the device for the KV "
            "cache (container server exited with code 1)."
        ),
        args=["exit", "1", "ValueError: No available memory for the cache blocks."],
    ),
    "greedy": Case(
        "OutOfMemory",
        'ran out of host memory: container server was killed at its memory limit of 32Mi; its last words: "…',
        args=["oom"],
        server={"resources": {"limits": {"memory": "32Mi"}}},
    ),
    "deaf": Case(
        "LivenessProbeFailed",
        "restarted: container server was killed by its liveness probe; the probe finds nobody listening on port 9.",
        server={"livenessProbe": {"httpGet": {"port": 9}, "periodSeconds": 1, "failureThreshold": 2}},
    ),
    "slow": Case(
        "StartupTooSlow",
        "restarted: container server was not up within its start-up budget; the probe gets HTTP 503.",
        args=[*SERVE, "600"],
        server={"startupProbe": {"periodSeconds": 1, "failureThreshold": 5}},
    ),
    "unready": Case(
        "NotReady",
        "failed the readiness check: the readiness probe of container server finds nobody listening on port 9.",
        server={"readinessProbe": {"httpGet": {"port": 9}, "periodSeconds": 1}},
    ),
    "secret": Case(
        "SecretNotFound",
        "cannot start: Secret nowhere does not exist in namespace {namespace}.",
        runtime=environment("secret", "nowhere"),
    ),
    "key": Case(
        "SecretNotFound",
        "cannot start: Secret keyless in namespace {namespace} has no key TOKEN.",
        runtime=environment("secret", "keyless"),
    ),
    "config-map": Case(
        "ConfigMapNotFound",
        "cannot start: ConfigMap nowhere does not exist in namespace {namespace}.",
        runtime=environment("configMap", "nowhere"),
    ),
    "root": Case(
        "RunsAsRoot",
        "cannot start: image modelservice.test/workload:1 of container server runs as root: runAsNonRoot forbids it.",
        pod={"securityContext": {"runAsNonRoot": True}},
    ),
    "command": Case(
        "CommandNotFound",
        (
            'cannot start: the command "/usr/bin/vlm" of container server cannot be '
            "executed: stat /usr/bin/vlm: no such file or directory."
        ),
        runtime={"command": ["/usr/bin/vlm"]},
    ),
    "mount": Case(
        "VolumeMountFailed",
        'cannot start: volume "weights": hostPath type check failed: /nowhere is not a directory.',
        server=MOUNTED,
        pod=volume(hostPath={"path": "/nowhere", "type": "Directory"}),
    ),
    "secret-volume": Case(
        "SecretNotFound",
        "cannot start: Secret nowhere does not exist in namespace {namespace}.",
        server=MOUNTED,
        pod=volume(secret={"secretName": "nowhere"}),
    ),
    "claim": Case(
        "VolumeClaimNotFound",
        "cannot be scheduled: PersistentVolumeClaim nowhere does not exist.",
        server=MOUNTED,
        pod=volume(persistentVolumeClaim={"claimName": "nowhere"}),
    ),
    # A pod has 25 Events at once and then one in five minutes: those of a probe are not to use them up.
    "full": Case(
        "Evicted",
        'got evicted: Usage of EmptyDir volume "weights" exceeds the limit "16Mi".',
        args=["fill", "/weights/data", "64"],
        server=MOUNTED | {"startupProbe": {"periodSeconds": 10}},
        pod=volume(emptyDir={"sizeLimit": "16Mi"}),
    ),
}


@pytest.fixture(scope="module")
def working(node_cluster: LocalCluster) -> LocalCluster:
    """The cluster with an operator at work."""
    install(node_cluster)
    Operator(node_cluster, "operator-of-real-pods").ensure_working()
    return node_cluster


@dataclass(frozen=True)
class Failing:
    """All failures, in one namespace."""

    kubectl: Kubectl
    recorder: Recorder


@pytest.fixture(scope="module")
def failing(working: LocalCluster) -> Iterator[Failing]:
    """They have begun."""
    with (
        temporary_namespace(working, "real-failures") as name,
        refusing_registry(working.real_node, "registry.test"),
        Recorder(working.kubectl.within(name)) as recorder,
    ):
        redirect(working.real_node, "closed.test", 9)
        here = working.kubectl.within(name)
        here("create", "secret", "generic", "keyless")
        here("apply", "--server-side", "-f", "-", given=[service(here, called).manifest for called in CASES])
        yield Failing(here, recorder)


def service(kubectl: Kubectl, called: str) -> Service:
    """The ModelService of a case."""
    of_case = Service(kubectl, called)
    of_case.spec = CASES[called].spec()
    return of_case


@pytest.mark.parametrize("called", CASES)
def test_it_says_why(failing: Failing, called: str) -> None:
    case = CASES[called]

    def told() -> str:
        problems = service(failing.kubectl, called).status.get("problems") or []
        return str({problem["reason"]: problem["message"] for problem in problems}[case.reason])

    message = f"1 of 1 pod {case.message}".format(namespace=failing.kubectl.namespace)
    seen = eventually(told, timeout=120, why=called)
    assert seen.startswith(message[:-1]) if message.endswith("…") else seen == message


def test_none_goes_to_and_fro(failing: Failing) -> None:
    """For as long as a kubelet takes to try twice, whatever the states that it passes through."""
    seen: dict[str, set[str]] = {called: set() for called in CASES}
    end = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < end:
        for live in failing.kubectl.json("get", "modelservices")["items"]:
            seen[live["metadata"]["name"]].add(find(live["status"], READY)["reason"])
        time.sleep(0.5)
    assert seen == {called: {case.reason} for called, case in CASES.items()}


def test_the_recordings_are_diagnosed_likewise(failing: Failing, tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    for file in failing.recorder.write(tmp_path):
        called = json.loads(file.read_text())["final"]["metadata"]["labels"]["modelservice.dev/name"]
        reasons = [str(problem.reason) for problem in diagnose_files([str(file)]).problems]
        # Others replace those that are evicted, and take their time.
        found.setdefault(called, reasons)
    assert found == {called: [case.reason] for called, case in CASES.items()}


@pytest.fixture
def kubectl(working: LocalCluster, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    """As administrator, in the test's namespace."""
    with temporary_namespace(working, request.node.name.removeprefix("test_")) as name:
        yield working.kubectl.within(name)


def with_gpus(kubectl: Kubectl, name: str, count: int, **pod: Any) -> Service:
    """A server with so many devices."""
    spec = Case("", "", pod=pod).spec() | {"accelerator": {"count": count}}
    of_test = Service(kubectl, name)
    of_test.spec = spec
    return of_test.apply()


def of_node(kubectl: Kubectl) -> Service:
    """A server without devices."""
    of_test = Service(kubectl, "serving")
    of_test.spec = Case("", "").spec()
    return of_test.apply()


def message(of: Service, reason: str) -> str:
    """Of the problem with that reason, once there is one."""
    of.wait_for("Ready", "False", reason)
    return str(of.problem(reason)["message"])


def test_devices_that_fall_sick(working: LocalCluster, kubectl: Kubectl) -> None:
    node = working.real_node
    serving = with_gpus(kubectl, "serving", 1).ready()
    try:
        node.set_sick_gpus([0, 1])
        told = eventually(lambda: serving.problem("DeviceUnhealthy")["message"], timeout=60)
        assert told == f"1 of 1 pod got a device that does not work: 1 {GPU} on node real-1 is unhealthy."
        assert serving.condition("Ready") == ("True", "ReplicasReady"), "it serves all the same"
        late = with_gpus(kubectl, "late", 1, nodeName=node.name)
        assert message(late, "DeviceUnhealthy") == (
            f"1 of 1 pod got turned away by the chosen node: {GPU} on node real-1: Allocate failed due to no healthy "
            f"devices present; cannot allocate unhealthy devices {GPU}, which is unexpected."
        )
        late.delete()
    finally:
        node.set_sick_gpus([])
    serving.ready()


def test_more_devices_than_the_node_has(working: LocalCluster, kubectl: Kubectl) -> None:
    greedy = with_gpus(kubectl, "greedy", 3, nodeName=working.real_node.name)
    told = f"1 of 1 pod got turned away by the chosen node: it needs 3 {GPU}; the node has "
    assert message(greedy, "InsufficientAccelerators").startswith(told)
    greedy.delete()


def test_a_node_that_is_lost(working: LocalCluster, kubectl: Kubectl) -> None:
    serving = of_node(kubectl).ready()
    kubelet = working.real_node.kubelet
    kubelet.kill()
    try:
        serving.wait_for("Ready", "False", "NodeLost", timeout=120)
        assert message(serving, "NodeLost").startswith("1 of 1 pod cannot be reached: node real-1 is not ready since ")
    finally:
        kubelet.start()
    serving.ready(timeout=120)
