"""Evidence beyond the pod: asked for where nothing else explains a wait, with back-off, and beside reconciling."""

from typing import Any, Final

from cluster.harness.audit import Audit, Request
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl

NO_END: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "waits"}]}
"""The simulated kubelet leaves such a pod in ContainerCreating."""
WORDS: Final = 'MountVolume.MountDevice failed for volume "weights" : rpc error: code = Internal desc = no such export'


def event(pod: dict[str, Any]) -> dict[str, Any]:
    """What a kubelet writes that cannot mount a volume."""
    metadata = pod["metadata"]
    about = {key: metadata[key] for key in ("namespace", "name", "uid")} | {"kind": "Pod", "apiVersion": "v1"}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.17f0c0ffee", "namespace": metadata["namespace"]},
        "involvedObject": about,
        "type": "Warning",
        "reason": "FailedMount",
        "message": WORDS,
        "count": 1,
        "firstTimestamp": metadata["creationTimestamp"],
        "lastTimestamp": metadata["creationTimestamp"],
        "source": {"component": "kubelet"},
    }


def test_a_pod_that_waits_for_its_volume_is_explained_by_few_requests(
    operator: Operator, kubectl: Kubectl, audit: Audit
) -> None:
    mark = audit.mark()

    def asked() -> list[Request]:
        requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
        return [request for request in requests if (request.verb, request.resource) == ("list", "events")]

    service = Service(kubectl, runtime=NO_END).apply()

    def bound() -> dict[str, Any]:
        pods = service.children("pods")
        assert len(pods) == 1
        assert pods[0]["spec"].get("nodeName")
        return pods[0]

    eventually(bound)
    (request,) = eventually(asked, why="what lasts is asked about")
    assert bound()["metadata"]["uid"] in request.uri
    kubectl("create", "-f", "-", given=event(bound()))
    service.wait_for("Ready", "False", "VolumeMountFailed")
    assert service.problem("VolumeMountFailed")["message"] == (
        '1 of 1 pod cannot start: volume "weights": no such export.'
    )
    assert len(asked()) == 1, "the event was told by a watch"

    for number in range(10):
        kubectl("annotate", "modelservice", service.name, f"look={number}", "--overwrite")
    assert len(asked()) == 1, "it was looked at ten times"
    eventually(lambda: len(asked()) == 2, why="what lasts is asked about again")

    before, mark = service.live, audit.mark()
    operator.restart()
    eventually(lambda: len(asked()) == 1, why="the new process asks for itself")
    assert audit.writes(user=USER, since=mark, namespace=kubectl.namespace) == []
    assert service.live == before


def test_a_healthy_start_costs_no_request(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    mark = audit.mark()
    Service(kubectl, replicas=3).apply().ready()
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    assert [request for request in requests if (request.verb, request.resource) == ("list", "events")] == []
