"""How a start is told and remembered: pods of a real Deployment on simulated nodes, where a start is all pulling."""

import re
from typing import Final

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl

SLOWLY: Final = {"env": [{"name": "SIMULATE_START_DELAY", "value": "4s"}]}


def said(service: Service, pattern: str) -> str:
    """What `Reconciling` says in the place of the group, once it does."""

    def found() -> str:
        messages = [entry["message"] for entry in service.status["conditions"] if entry["type"] == "Reconciling"]
        match = re.search(pattern, messages[0]) if messages else None
        return match[1] if match else ""

    return eventually(found, why=f"Reconciling says {pattern}")


def counted(operator: Operator) -> int:
    """Starts that this process of the operator has counted, of all services."""
    count = re.escape('modelservice_startup_phase_seconds_count{phase="loading",runtime="vllm"} ')
    return sum(int(float(number)) for number in re.findall(f"{count}(.*)", operator.get("/metrics")[1]))


def test_a_start_is_told_with_few_writes(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    mark, before = audit.mark(), counted(operator)
    service = Service(kubectl).apply(replicas=2, runtime=SLOWLY)
    since = said(service, "pulling the image since (.*Z)")
    service.ready()
    pods = service.children("pods")
    assert since in {pod["metadata"]["creationTimestamp"].partition("T")[2] for pod in pods}
    startup = service.status["startup"]
    starts = [startup["last"], *startup["earlier"]]
    assert startup["revision"] == service.status["revision"]["serving"]
    assert sorted(start["pod"] for start in starts) == sorted(pod["metadata"]["name"] for pod in pods)
    assert 3 <= startup["median"]["pullingSeconds"] <= 30
    assert counted(operator) == before + 2
    writes = audit.writes(user=USER, since=mark, namespace=kubectl.namespace)
    assert len([write for write in writes if write.subresource == "status"]) <= 5


def test_what_is_usual_outlives_the_operator(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply(runtime=SLOWLY).ready()
    startup = service.status["startup"]
    operator.restart()
    kubectl("scale", "modelservice", service.name, "--replicas=2")
    assert int(said(service, "since .*Z, usually (.*)s[.]")) == startup["median"]["pullingSeconds"]
    service.ready()
    assert service.status["startup"]["earlier"] == [startup["last"]]
    assert counted(operator) == 1, "the pod that was ready before is not counted again"
