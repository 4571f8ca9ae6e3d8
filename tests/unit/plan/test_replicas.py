"""Who says how many pods there are, through every change of hands."""

import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.replicas import Scale, intended_replicas, least_replicas, scale, wanted_replicas
from modelservice_operator.records.deployment import Deployment

SCALING: Manifest = {"minReplicas": 2, "maxReplicas": 6, "targets": [{"type": "CPUUtilization", "value": "80"}]}


def spec(**fields: object) -> ModelServiceSpec:
    return ModelServiceSpec.model_validate(fields)


RESUME = "modelservice.dev/resume-replicas"


def deployment(
    replicas: int, *, ours: bool = False, resume: int | None = None, noted_by: str = "modelservice-operator-scale"
) -> Deployment:
    managers: list[Manifest] = []
    if ours:
        fields: Manifest = {"f:spec": {"f:replicas": {}}}
        managers.append({"manager": "modelservice-operator", "operation": "Apply", "fieldsV1": fields})
    if resume is not None:
        fields = {"f:metadata": {"f:annotations": {f"f:{RESUME}": {}}}}
        managers.append({"manager": noted_by, "operation": "Apply", "fieldsV1": fields})
    annotations = {} if resume is None else {RESUME: str(resume)}
    metadata = {"name": "qwen", "managedFields": managers, "annotations": annotations}
    return Deployment.from_manifest({"metadata": metadata, "spec": {"replicas": replicas}})


@pytest.mark.parametrize(
    ("fields", "exists", "replicas"),
    [
        ({}, True, 1),
        ({"replicas": 4}, False, 4),
        ({"replicas": 4, "suspend": True}, True, 0),
        ({"replicas": 4, "scaling": SCALING}, True, None),
        ({"replicas": 4, "scaling": SCALING}, False, None),
        ({"scaling": SCALING, "suspend": True}, True, None),
        ({"scaling": SCALING, "suspend": True}, False, 0),
    ],
)
def test_what_the_intent_of_the_deployment_says(fields: Manifest, exists: bool, replicas: int | None) -> None:
    assert intended_replicas(spec(**fields), exists=exists) == replicas


@pytest.mark.parametrize(
    ("fields", "there", "wanted", "least"),
    [
        ({"replicas": 4}, deployment(9), 4, None),
        ({"replicas": 4, "suspend": True}, deployment(4), 0, None),
        ({"scaling": SCALING}, deployment(5), 5, 2),
        ({"scaling": SCALING}, deployment(1), 1, 1),
        ({"scaling": SCALING}, None, 2, 2),
        ({"replicas": 9, "scaling": SCALING}, None, 6, 2),
        ({"scaling": SCALING, "suspend": True}, deployment(5), 0, None),
    ],
)
def test_how_many_are_wanted_and_must_serve(
    fields: Manifest, there: Deployment | None, wanted: int, least: int | None
) -> None:
    assert wanted_replicas(spec(**fields), there) == wanted
    assert least_replicas(spec(**fields), wanted) == least


@pytest.mark.parametrize(
    ("fields", "there", "expected"),
    [
        # without scaling
        ({"replicas": 3}, deployment(3, ours=True), None),
        ({"replicas": 3}, deployment(3, ours=True, resume=5), Scale(None)),
        # from us to the autoscaler, at the live number
        ({"replicas": 3, "scaling": SCALING}, deployment(3, ours=True), Scale(3)),
        ({"replicas": 1, "scaling": SCALING}, deployment(9, ours=True), Scale(9)),
        # it is the autoscaler's
        ({"replicas": 3, "scaling": SCALING}, deployment(5), None),
        # stopped, and how many there were
        ({"scaling": SCALING, "suspend": True}, deployment(5), Scale(0, resume=5)),
        ({"scaling": SCALING, "suspend": True}, deployment(5, ours=True), Scale(0, resume=5)),
        ({"scaling": SCALING, "suspend": True}, deployment(0, resume=5), None),
        ({"scaling": SCALING, "suspend": True}, deployment(0), None),
        # somebody scales it meanwhile
        ({"scaling": SCALING, "suspend": True}, deployment(1, resume=5), Scale(0, resume=1)),
        # made or stopped by our own intent, and now the scale manager's
        ({"scaling": SCALING, "suspend": True}, deployment(0, ours=True), Scale(0)),
        ({"scaling": SCALING, "suspend": True}, deployment(0, ours=True, resume=5), Scale(0, resume=5)),
        # back, within the bounds
        ({"scaling": SCALING}, deployment(0, resume=5), Scale(5)),
        ({"scaling": SCALING}, deployment(0, resume=9), Scale(6)),
        ({"scaling": SCALING}, deployment(0, resume=1), Scale(2)),
        ({"replicas": 4, "scaling": SCALING}, deployment(0), Scale(4)),
        ({"replicas": 4, "scaling": SCALING}, deployment(0, resume=0), Scale(4)),
        # back already, the note is left to take away; someone else's is not ours to take
        ({"scaling": SCALING}, deployment(3, resume=5), Scale(3)),
        ({"scaling": SCALING}, deployment(3, resume=5, noted_by="velero"), None),
        ({"scaling": SCALING}, deployment(0, resume=5, noted_by="velero"), Scale(5)),
        ({}, deployment(3, ours=True, resume=5, noted_by="velero"), None),
    ],
)
def test_what_the_scale_manager_applies(fields: Manifest, there: Deployment, expected: Scale | None) -> None:
    assert scale(spec(**fields), there) == expected


def test_the_number_to_start_with_counts_once() -> None:
    asked = spec(replicas=4, scaling=SCALING)
    assert scale(asked, deployment(1), created=True) == Scale(4)
    assert scale(asked, deployment(1)) is None
    one = spec(scaling={**SCALING, "minReplicas": 1})
    assert scale(one, deployment(1), created=True) is None
