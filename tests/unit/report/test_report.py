"""What a person is told who asks about a ModelService."""

import json
from dataclasses import replace
from typing import Any

import pytest

from modelservice_operator.diagnose.moments import duration
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.node import Node
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from modelservice_operator.report.reading import Reading
from modelservice_operator.report.report import Report, is_short, report, with_devices
from modelservice_operator.report.text import report_text, table
from modelservice_operator.report.words import age
from unit.diagnose.builders import NOW, at, condition, deployment, ended, node, nodes, pod, ready, unscheduled

SPEC: Manifest = {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "accelerator": {"count": 8}, "replicas": 2}
STATUS: Manifest = {
    "observedGeneration": 1,
    "url": "http://chat.ml.svc/v1",
    "runtime": {"name": "vllm", "image": "vllm/vllm-openai:v1"},
    "revision": {"desired": "chat-2", "serving": "chat-1"},
    "conditions": [condition("Ready", "False", "InsufficientAccelerators", "no room", since=at(60))],
}
SHORT = unscheduled("0/2 nodes are available: 2 Insufficient nvidia.com/gpu.", gpus=8, name="chat-7d9c-b")
GPUS = nodes(node("gpu-1", 8), node("gpu-2", 8, cordoned=True), node("cpu-1"))


def tenant(name: str, host: str, gpus: int) -> Pod:
    return pod(name, node=host, gpus=gpus, phase="Running")


def reading(*pods: Pod, status: Manifest = STATUS, generation: int = 1, **more: Any) -> Reading:
    manifest = {
        "metadata": {"namespace": "ml", "name": "chat", "uid": "u", "generation": generation},
        "spec": SPEC,
        "status": status,
    }
    return Reading(Parent.from_manifest(manifest), deployment(2, available=1), list(pods), **more)


def test_who_may_not_see_pods_is_told_how_many_others_count() -> None:
    unseen = reading(pods_unread=True)
    unseen.deployment = replace(deployment(2), ready_replicas=1)
    assert report(unseen, NOW).there == 1
    counted = reading(pods_unread=True, status={**STATUS, "readyReplicas": 2})
    counted.deployment = None
    found = report(counted, NOW)
    assert found.there == 2
    assert "Ready     2 of 2 pods, 8 nvidia.com/gpu each" in text(found)
    assert "Pods" not in text(found)


def test_problems_of_pods_that_may_not_be_read_are_those_of_the_status() -> None:
    crashing = {"reason": "CrashLooping", "message": "1 of 2 pods crashed.", "remedy": "Look.", "pods": 1}
    found = report(reading(pods_unread=True, status={**STATUS, "problems": [crashing]}), NOW)
    assert [(problem.reason, problem.message) for problem in found.problems] == [
        ("CrashLooping", "1 of 2 pods crashed.")
    ]


def text(found: Report) -> list[str]:
    return report_text(found, NOW, 80).split("\n")


def test_a_shortage_reads_like_a_note_of_a_colleague() -> None:
    short = reading(
        ready("chat-7d9c-a", gpus=8),
        SHORT,
        nodes=GPUS,
        tenants=[tenant("chat-7d9c-a", "gpu-1", 8), tenant("other", "gpu-2", 2), tenant("cpu", "cpu-1", 0)],
    )
    found = report(short, NOW)
    assert is_short(found)
    assert text(with_devices(found, short)) == [
        "chat in ml is not ready: InsufficientAccelerators, for 4m",
        "  no room",
        "",
        "InsufficientAccelerators (for the cluster admin to repair)",
        "  1 of 2 pods cannot be scheduled: it needs 8 nvidia.com/gpu; too few are free",
        "  on the only open node with 8 or more (2 of 2 nodes: Insufficient",
        "  nvidia.com/gpu).",
        "  → Free nvidia.com/gpu that others hold, lower spec.replicas, or add a node",
        "    with at least 8.",
        "",
        "Model     hf://Qwen/Qwen3-8B",
        "Runtime   vllm (vllm/vllm-openai:v1)",
        "Ready     1 of 2 pods, 8 nvidia.com/gpu each",
        "Revision  chat-2, while chat-1 serves",
        "URL       http://chat.ml.svc/v1",
        "",
        "Pods",
        "  NAME         STATE    AGE  RESTARTS  NODE",
        "  chat-7d9c-b  Pending  5m   0         -",
        "  chat-7d9c-a  Ready    5m   0         gpu-1",
        "",
        "Start-up",
        "  chat-7d9c-b",
        "    scheduling  ██████████████████████████████  5m so far",
        "",
        "Devices",
        "  NODE   HAS  FREE  HELD BY",
        "  gpu-2  8    6     ml/other (2)        cordoned",
        "  gpu-1  8    0     ml/chat-7d9c-a (8)",
    ]


CRASHED = pod(
    "chat-7d9c-c",
    statuses=[
        {
            "name": "server",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": ended(1, message="loading\nValueError: bad\n"),
            "restartCount": 4,
        }
    ],
    init_containers=[{"name": "fetch"}],
    init_statuses=[{"name": "fetch", "state": ended(0, "Completed", "fetched")}],
    conditions=[condition("Ready", "False")],
    phase="Running",
    node="gpu-1",
)


def test_the_last_lines_of_a_crash_are_shown() -> None:
    lines = text(report(reading(CRASHED), NOW))
    assert lines[-3:] == [
        "Last lines of container server in pod chat-7d9c-c",
        "  | loading",
        "  | ValueError: bad",
    ]
    assert "  chat-7d9c-c  CrashLoopBackOff  5m   4         gpu-1" in lines
    assert "    kubectl logs -n ml chat-7d9c-c -c server --previous" in lines
    assert not is_short(report(reading(CRASHED), NOW))


def test_what_only_the_operator_knows_comes_first() -> None:
    conflict = {"reason": "NameConflict", "message": "Service ml/chat exists.", "remedy": "Delete it.", "pods": 0}
    newer = {"reason": "OfANewerOperator", "message": "New.", "pods": 0}
    stale = {"reason": "OutOfMemory", "message": "1 of 1 pod …", "pods": 1}
    found = report(reading(CRASHED, status=STATUS | {"problems": [conflict, newer, stale]}), NOW)
    assert [problem.reason for problem in found.problems] == ["NameConflict", "OfANewerOperator", "CrashLooping"]
    assert "OfANewerOperator" in text(found)


@pytest.mark.parametrize(
    ("nodes", "observed", "detail"),
    [
        ({}, 1, "the largest node has 8."),
        (GPUS, 1, "too few are free on the only open node"),
        ({}, 0, "no node has that many free"),
    ],
)
def test_who_may_not_read_nodes_is_told_what_the_operator_read_of_them(
    nodes: dict[str, Node], observed: int, detail: str
) -> None:
    entry = {
        "reason": "InsufficientAccelerators",
        "message": "1 of 2 pods cannot be scheduled: it needs 16 nvidia.com/gpu; the largest node has 8.",
        "remedy": "Lower spec.accelerator.count to at most 8, or add a larger node.",
        "pods": 1,
    }
    status = {**STATUS, "observedGeneration": observed, "problems": [entry]}
    problems = report(reading(SHORT, status=status, nodes=nodes), NOW).problems
    (problem,) = (each for each in problems if each.reason == "InsufficientAccelerators")
    assert detail in problem.message


def test_what_could_not_be_read_is_named() -> None:
    found = report(reading(unreadable=["nodes cannot be read: 403 Forbidden."]), NOW)
    assert text(found)[-1] == "Note: nodes cannot be read: 403 Forbidden."


def test_programs_get_the_same() -> None:
    found = json.loads(json.dumps(report(reading(CRASHED), NOW).as_json()))
    assert found["problems"][0]["reason"] == "CrashLooping"
    assert found["pods"][0]["restarts"] == 4
    assert found["output"]["lines"] == ["loading", "ValueError: bad"]


def test_colour_is_only_around_the_first_line() -> None:
    painted = report_text(report(reading(), NOW), NOW, 80, lambda line, colour: f"<{colour}>{line}</>")
    assert painted.startswith("<red>chat in ml is not ready")
    assert painted.count("</>") == 1


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (95, "1m35s"), (3600, "1h"), (93_784, "1d2h"), (86_400, "1d")],
)
def test_duration(seconds: int, written: str) -> None:
    assert duration(seconds) == written


def test_age() -> None:
    assert age(at(0), at(95)) == "1m35s"
    assert age("", at(95)) == ""


def test_a_long_table_is_cut_and_says_so() -> None:
    lines = table("T", ("A", "B"), [(str(number), "x") for number in range(25)]).split("\n")
    assert lines[-1] == "  … and 5 more"
    assert len(lines) == 1 + 1 + 20 + 1
    assert table("T", ("A",), []) == ""
    assert table("", ("A",), [("x",)]) == "A\nx"


def test_devices_are_not_called_free_where_nobody_knows_who_holds_them() -> None:
    short = reading(SHORT, nodes=GPUS, tenants=[])
    assert len(with_devices(report(short, NOW), short).devices) == 2
    short.tenants = None
    assert with_devices(report(short, NOW), short).devices == ()


def test_many_nodes() -> None:
    many: dict[str, Node] = nodes(*(node(f"gpu-{number:03}", 8) for number in range(100)))
    short = reading(SHORT, nodes=many, tenants=[])
    assert text(with_devices(report(short, NOW), short))[-1] == "  … and 80 more"
