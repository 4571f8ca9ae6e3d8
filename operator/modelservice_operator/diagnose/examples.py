"""An example of each problem that objects of the cluster show: what the diagnosis says of the smallest such objects."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Final

import yaml

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.data import Data
from modelservice_operator.diagnose.explain import explain
from modelservice_operator.diagnose.objects import Objects, examine
from modelservice_operator.diagnose.problem import Problem
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.pod import Pod

_CREATED: Final = "2026-11-22T10:00:00Z"
_LATER: Final = "2026-11-22T10:01:00Z"


class Example(Data):
    """What a file of examples says of one: what differs from a pod of one server that runs."""

    reason: Reason
    refusal: str = ""
    """What the API server says of the pods, which do not exist then."""
    unscheduled: str = ""
    """What the scheduler says."""
    gate: str = ""
    """A scheduling gate that is closed."""
    scheduler: str = ""
    """The scheduler that the pod asks for, which is not there."""
    waiting: Manifest | None = None
    """State of the server's container."""
    exit: Manifest | None = None
    """How the server's container ended."""
    image: str = "ghcr.io/org/server:v1"
    devices: int = 1
    status: Manifest | None = None
    events: tuple[Manifest, ...] = ()
    rollout: Manifest | None = None
    """The pod is to replace another one, which serves; `late` says when the progress deadline passed."""


def examples() -> Mapping[Reason, Problem]:
    """The example of each reason.

    Raises:
        ValueError: the diagnosis says something else of one.
    """
    text = files("modelservice_operator.diagnose").joinpath("examples.yaml").read_text("utf-8")
    return {example.reason: _told(example) for example in map(Example.model_validate, yaml.safe_load(text))}


def _told(example: Example) -> Problem:
    problems = _rolling(example) if example.rollout is not None else _at_rest(example)
    for problem in problems:
        if problem.reason is example.reason:
            return problem
    raise ValueError(f"The example of {example.reason} shows {', '.join(each.reason for each in problems) or 'none'}")


def _at_rest(example: Example) -> tuple[Problem, ...]:
    if example.scheduler:
        pod = replace(Pod.from_manifest(_pod(example)), controlled=True)
        return explain(ModelServiceSpec(), [pod], None, {}, _LATER)
    objects = Objects(events=[_about(event) for event in example.events])
    if example.refusal:
        failed = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": example.refusal}
        objects.deployments.append(_deployment([failed]))
    else:
        objects.pods.append(_pod(example))
    return examine(objects)


def _rolling(example: Example) -> tuple[Problem, ...]:
    late = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "lastTransitionTime": (example.rollout or {}).get("late"),
    }
    deployment = Deployment.from_manifest(_deployment([late] if late["lastTransitionTime"] else []))
    new = replace(Pod.from_manifest(_pod(example)), controlled=True)
    serving: Manifest = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    old = replace(
        Pod.from_manifest(_pod(Example(reason=example.reason, status=serving))), controlled=True, revision="1"
    )
    return explain(ModelServiceSpec(), (old, new), deployment, {}, "")


def _pod(example: Example) -> Manifest:
    container: Manifest = {
        "name": "server",
        "image": example.image,
        "startupProbe": {},
        "resources": {"limits": {"nvidia.com/gpu": str(example.devices), "memory": "64Gi"}},
    }
    pending = bool(example.unscheduled or example.gate or example.scheduler)
    return {
        "metadata": {
            "namespace": "ml",
            "name": "chat-7d9c-x2k4p",
            "labels": {names.NAME: "chat"},
            "creationTimestamp": _CREATED,
        },
        "spec": {
            "nodeName": "" if pending else "gpu-1",
            "containers": [container],
            "schedulerName": example.scheduler,
            "schedulingGates": [{"name": example.gate}] if example.gate else [],
        },
        "status": _status(example),
    }


def _status(example: Example) -> Manifest:
    if example.status is not None:
        return example.status
    if example.scheduler:
        return {"phase": "Pending"}
    if example.gate:
        return {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}
    if example.unscheduled:
        scheduled = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": example.unscheduled,
        }
        return {"phase": "Pending", "conditions": [scheduled]}
    state = {"waiting": example.waiting} if example.waiting else {"terminated": example.exit}
    return {"phase": "Running", "containerStatuses": [{"name": "server", "state": state}]}


def _about(event: Manifest) -> Manifest:
    regarding = {"kind": "Pod", "namespace": "ml", "name": "chat-7d9c-x2k4p"}
    return {"type": "Warning", **event, "involvedObject": regarding}


def _deployment(conditions: list[Manifest]) -> Manifest:
    return {
        "metadata": {"namespace": "ml", "name": "chat"},
        "spec": {"replicas": 2},
        "status": {"conditions": conditions},
    }
