import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.records.condition import Condition
from modelservice_operator.records.deployment import Deployment

SINCE = "2026-11-22T10:00:00Z"


def condition(kind: str, reason: str, message: str = "") -> Manifest:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": SINCE}


def deployment(status: Manifest, *, generation: int = 4, replicas: int | None = 2) -> Deployment:
    spec: Manifest = {
        "progressDeadlineSeconds": 4200,
        "template": {"metadata": {"labels": {"modelservice.dev/revision": "r1"}}},
    }
    if replicas is not None:
        spec["replicas"] = replicas
    metadata = {"namespace": "ml", "name": "chat", "uid": "u", "resourceVersion": "9", "generation": generation}
    return Deployment.from_manifest({"metadata": metadata, "spec": spec, "status": status})


def test_everything_that_decisions_need() -> None:
    record = deployment(
        {
            "observedGeneration": 4,
            "replicas": 3,
            "updatedReplicas": 1,
            "readyReplicas": 2,
            "availableReplicas": 2,
            "conditions": [
                condition("Progressing", "ReplicaSetUpdated"),
                condition("ReplicaFailure", "FailedCreate", "no"),
            ],
        }
    )
    assert record == Deployment(
        namespace="ml",
        name="chat",
        uid="u",
        resource_version=9,
        generation=4,
        observed_generation=4,
        wanted_replicas=2,
        replicas=3,
        updated_replicas=1,
        ready_replicas=2,
        available_replicas=2,
        revision="r1",
        holds_replicas=False,
        resume_replicas=None,
        holds_resume=False,
        progressing=Condition("True", "ReplicaSetUpdated", "", SINCE),
        replica_failure=Condition("True", "FailedCreate", "no", SINCE),
    )


def test_without_replicas_kubernetes_means_one() -> None:
    assert deployment({}, replicas=None).wanted_replicas == 1
    assert deployment({}, replicas=0).wanted_replicas == 0


COMPLETE = {"observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("change", "complete"),
    [
        ({}, True),
        ({"observedGeneration": 3}, False),
        ({"replicas": 3}, False),
        ({"updatedReplicas": 1}, False),
        ({"availableReplicas": 1}, False),
    ],
)
def test_complete(change: Manifest, complete: bool) -> None:
    assert deployment(COMPLETE | change).complete is complete


@pytest.mark.parametrize(
    ("reason", "observed", "exceeded"),
    [("ProgressDeadlineExceeded", 4, True), ("ProgressDeadlineExceeded", 3, False), ("ReplicaSetUpdated", 4, False)],
)
def test_deadline(reason: str, observed: int, exceeded: bool) -> None:
    condition = {"type": "Progressing", "status": "False", "reason": reason}
    assert deployment({"observedGeneration": observed, "conditions": [condition]}).deadline_exceeded is exceeded


def test_nothing_has_to_be_there() -> None:
    record = Deployment.from_manifest({"status": None})
    assert (record.name, record.available_replicas, record.progressing) == ("", 0, None)


@pytest.mark.parametrize(
    ("manager", "operation", "fields", "holds"),
    [
        ("modelservice-operator", "Apply", {"f:spec": {"f:replicas": {}}}, True),
        ("modelservice-operator", "Apply", {"f:spec": {"f:paused": {}}}, False),
        ("modelservice-operator", "Update", {"f:spec": {"f:replicas": {}}}, False),
        ("modelservice-operator-scale", "Apply", {"f:spec": {"f:replicas": {}}}, False),
    ],
)
def test_whether_our_intent_holds_the_replicas(manager: str, operation: str, fields: Manifest, holds: bool) -> None:
    metadata = {"name": "chat", "managedFields": [{"manager": manager, "operation": operation, "fieldsV1": fields}]}
    assert Deployment.from_manifest({"metadata": metadata}).holds_replicas is holds


def test_how_many_replicas_there_were_before() -> None:
    metadata = {"name": "chat", "annotations": {"modelservice.dev/resume-replicas": "5"}}
    assert Deployment.from_manifest({"metadata": metadata}).resume_replicas == 5
    metadata["annotations"] = {"modelservice.dev/resume-replicas": "many"}
    assert Deployment.from_manifest({"metadata": metadata}).resume_replicas == 0
