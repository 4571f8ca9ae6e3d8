"""Failures as a real kubelet and a real container runtime report them: each in the status, and none to and fro."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from cluster.harness.failures import CASES, Case
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import Operator, install
from cluster.harness.refusing_registry import redirect, refusing_registry
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from localcluster.realnode import GPU
from localcluster.record import Recorder
from modelservice_operator.conditions import READY, find
from modelservice_operator.diagnosis import diagnose_files

pytestmark = pytest.mark.node

LONG_ENOUGH: Final = 40.0
"""Seconds in which containerd is asked for an image twice, and a container crashes at least twice."""


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


def words(failing: Failing, called: str) -> str:
    """What is said of a case, once it is."""

    def told() -> str:
        problems = service(failing.kubectl, called).status.get("problems") or []
        return str({problem["reason"]: problem["message"] for problem in problems}[CASES[called].reason])

    return eventually(told, timeout=120, why=called)


@pytest.mark.parametrize("called", CASES)
def test_it_says_why(failing: Failing, called: str) -> None:
    case = CASES[called]
    message = f"1 of 1 pod {case.message}".format(namespace=failing.kubectl.namespace)
    seen = words(failing, called)
    assert seen.startswith(message[:-1]) if message.endswith("…") else seen == message


@pytest.fixture(scope="module")
def told(failing: Failing) -> Failing:
    """Of each it was said why."""
    for called in CASES:
        words(failing, called)
    return failing


def test_none_goes_to_and_fro(told: Failing) -> None:
    """For as long as a kubelet takes to try twice, whatever the states that it passes through."""
    seen: dict[str, set[str]] = {called: set() for called in CASES}
    end = time.monotonic() + LONG_ENOUGH
    while time.monotonic() < end:
        for live in told.kubectl.json("get", "modelservices")["items"]:
            seen[live["metadata"]["name"]].add(find(live["status"], READY)["reason"])
        time.sleep(0.5)
    assert seen == {called: {case.reason} for called, case in CASES.items()}


def test_the_recordings_are_diagnosed_likewise(told: Failing, tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    for file in told.recorder.write(tmp_path):
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
