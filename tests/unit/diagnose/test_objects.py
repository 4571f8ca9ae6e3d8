"""Pods that someone printed or recorded."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelservice_operator.diagnose.objects import NothingToDiagnose, Objects, examine
from modelservice_operator.manifest import Manifest
from unit.diagnose.builders import RECORDED

NOT_READY = "kubelet", "Readiness probe failed: HTTP probe failed with statuscode: 503"


def recorded(name: str) -> Manifest:
    """A pod as `kubectl get pod -o json` prints it."""
    final: Manifest = json.loads((RECORDED / f"{name}.json").read_text())["final"]
    return final


def named(name: str, pod: Manifest) -> Manifest:
    return {**pod, "metadata": {**pod["metadata"], "name": name, "uid": name}}


def of_list(*items: Manifest, kind: str = "List") -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "items": list(items)}


def told(*documents: object) -> list[tuple[str, int]]:
    objects = Objects()
    for document in documents:
        objects.add(document)
    return [(str(problem.reason), problem.pods) for problem in examine(objects)]


def event(pod: Manifest, message: str, **more: Any) -> Manifest:
    regarding = {key: pod["metadata"][key] for key in ("namespace", "name", "uid")}
    return {
        "kind": "Event",
        "involvedObject": {"kind": "Pod", **regarding},
        "type": "Warning",
        "reason": "Unhealthy",
        "message": message,
        "count": 20,
        **more,
    }


NOTREADY, BAD, HEALTHY = recorded("notready"), recorded("badimage"), recorded("healthy")
PROBE = "Readiness probe failed: HTTP probe failed with statuscode: 503"


@pytest.mark.parametrize(
    ("documents", "problems"),
    [
        ([BAD], [("ImageNotFound", 1)]),
        ([of_list(BAD, HEALTHY)], [("ImageNotFound", 1)]),
        ([of_list(BAD, kind="PodList")], [("ImageNotFound", 1)]),
        ([of_list({key: BAD[key] for key in ("metadata", "spec", "status")}, kind="PodList")], [("ImageNotFound", 1)]),
        ([BAD, named("two", BAD), recorded("oomkilled")], [("ImageNotFound", 2), ("OutOfMemory", 1)]),
        ([of_list()], []),
        ([HEALTHY], []),
        ([NOTREADY], []),
        ([of_list(NOTREADY, event(NOTREADY, PROBE))], [("NotReady", 1)]),
        ([of_list(event(NOTREADY, PROBE), NOTREADY)], [("NotReady", 1)]),
        ([of_list(NOTREADY, event(HEALTHY, PROBE))], []),
        ([{"name": "x", "final": NOTREADY, "events": [{"reason": "Unhealthy", "message": PROBE, "count": 9}]}],
         [("NotReady", 1)]),
        ([{"name": "x", "final": BAD, "events": [], "history": []}], [("ImageNotFound", 1)]),
        ([of_list(BAD, {"kind": "Service", "metadata": {"name": "x"}})], [("ImageNotFound", 1)]),
    ],
)  # fmt: skip
def test_what_is_read(documents: list[object], problems: list[tuple[str, int]]) -> None:
    assert told(*documents) == problems


def test_nodes_beside_the_pods_add_numbers() -> None:
    pending = recorded("unsched-gpu")
    node = {"kind": "Node", "metadata": {"name": "cpu-1"}, "status": {"allocatable": {"cpu": "8"}}}
    objects = Objects()
    objects.add(of_list(pending, node))
    assert "no node offers nvidia.com/gpu" in examine(objects)[0].message


def test_a_deployment_tells_why_there_are_no_pods() -> None:
    condition = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": 'pods "chat-x" is forbidden: exceeded quota: gpus, requested: pods=1',
    }
    deployment = {
        "kind": "Deployment",
        "metadata": {"name": "chat", "namespace": "ml", "generation": 1},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "conditions": [condition]},
    }
    assert told(deployment) == [("QuotaExceeded", 2)]


def test_a_failed_pod_whose_replacement_serves_is_history() -> None:
    failed = recorded("outofgpu")
    assert told(failed) == [("InsufficientAccelerators", 1)]
    created = {"creationTimestamp": failed["metadata"]["creationTimestamp"]}
    replacement = {**HEALTHY, "metadata": HEALTHY["metadata"] | created}
    assert told(failed, replacement) == []


@pytest.mark.parametrize("name", ["crashloop", "liveness-kill"])
def test_a_recording_stays_what_it_was(name: str) -> None:
    """Its container runs at the end, without a probe: whether it has recovered is judged by its own time."""
    recording: Manifest = json.loads((RECORDED / f"{name}.json").read_text())
    for step in recording["history"]:
        ready = {**recording["final"], "status": step["status"]}
        statuses = step["status"].get("containerStatuses", ())
        crashed = any({"terminated"} & (each["state"].keys() | each["lastState"].keys()) for each in statuses)
        assert told(ready) == ([("CrashLooping", 1)] if crashed else [])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "no Kubernetes object"),
        ("pods", "no Kubernetes object"),
        (7, "no Kubernetes object"),
        ({"kind": "Service"}, "is Service: pass Pods"),
        ({"a": 1}, "an object without a kind"),
    ],
)
def test_what_is_no_pod_is_refused(document: object, words: str) -> None:
    with pytest.raises(NothingToDiagnose, match=words):
        Objects().add(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_pod_however_odd_breaks_the_diagnosis(data: st.DataObject) -> None:
    """Any field of a real pod or its events, at any depth, is replaced by anything, or taken away."""
    name = data.draw(st.sampled_from(sorted(path.stem for path in RECORDED.glob("*.json"))))
    recording: Manifest = json.loads((RECORDED / f"{name}.json").read_text())
    document: Manifest = {"final": recording["final"], "events": recording["events"]}
    for _ in range(data.draw(st.integers(1, 4))):
        place: Any = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.booleans()):
                place = place[key]
                continue
            if data.draw(st.booleans()):
                place[key] = data.draw(JSON)
            else:
                del place[key]
            break
    objects = Objects()
    try:
        objects.add(document)
    except NothingToDiagnose:
        return
    for problem in examine(objects):
        assert problem.message.isprintable()
        assert problem.remedy.isprintable()
        assert len(problem.message) < 4096


def crashing(name: str, words: str) -> Manifest:
    end = {"exitCode": 1, "reason": "Error", "message": words}
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = {"containerStatuses": [{"name": "server", "state": state, "lastState": {"terminated": end}}]}
    return {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [{"name": "server"}]}, "status": status}


def test_a_command_for_a_pod_without_a_name_says_what_to_fill_in() -> None:
    objects = Objects()
    for name in ("a", ""):
        objects.add(crashing(name, "ValueError: one"))
    del objects.pods[1]["metadata"]
    (problem,) = examine(objects)
    assert problem.message.startswith("2 of 2 pods crashed")
    assert problem.remedy == "Read its output: kubectl logs -n NAMESPACE POD -c server --previous"


def test_pods_of_which_something_else_is_said_are_told_apart_and_all_are_told() -> None:
    one, same, other = crashing("a", "ValueError: one"), crashing("b", "ValueError: one"), crashing("c", "KeyError: 2")
    assert sorted(told(of_list(one, same, other))) == [("CrashLooping", 1), ("CrashLooping", 2)]
    assert len(told(of_list(*(crashing(f"p{number}", f"ValueError: {number}") for number in range(25))))) == 25
