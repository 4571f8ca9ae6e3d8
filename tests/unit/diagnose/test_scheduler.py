"""The scheduler's messages, as Kubernetes 1.24 to 1.36 spell them."""

import pytest

from modelservice_operator.diagnose.scheduler import Verdict, read_verdict

MESSAGES = [
    (
        "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes "
        "are available: 1 Preemption is not helpful for scheduling.",
        Verdict(1, (("Insufficient nvidia.com/gpu", 1),), ""),
    ),
    (
        "0/5 nodes are available: 2 Insufficient cpu, 2 Insufficient nvidia.com/gpu, 3 node(s) had untolerated "
        "taint(s). preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
        Verdict(
            5,
            (("node(s) had untolerated taint(s)", 3), ("Insufficient cpu", 2), ("Insufficient nvidia.com/gpu", 2)),
            "",
        ),
    ),
    (
        "0/6 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 5 "
        "Insufficient memory. preemption: 0/6 nodes are available: 5 No preemption victims found for incoming pod..",
        Verdict(
            6,
            (
                ("Insufficient memory", 5),
                ("node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }", 1),
            ),
            "",
        ),
    ),
    (
        "0/3 nodes are available: 3 node(s) had taint {a: b}, that the pod didn't tolerate.",
        Verdict(3, (("node(s) had taint {a: b}, that the pod didn't tolerate", 3),), ""),
    ),
    (
        '0/2 nodes are available: persistentvolumeclaim "models" not found. not found',
        Verdict(2, (), 'persistentvolumeclaim "models" not found'),
    ),
    ("0/2 nodes are available:", Verdict(2, (), "")),
    ("no nodes available to schedule pods", Verdict(0, (), "no nodes available to schedule pods")),
    ("", Verdict(0, (), "")),
]


@pytest.mark.parametrize(("message", "verdict"), MESSAGES)
def test_reads(message: str, verdict: Verdict) -> None:
    assert read_verdict(message) == verdict


def test_digest_names_the_three_most_common_reasons() -> None:
    verdict = read_verdict(
        "0/9 nodes are available: 1 Insufficient memory, 2 Insufficient cpu, 3 node(s) had untolerated taint(s), 4 "
        "node(s) were unschedulable."
    )
    assert verdict.digest() == (
        "4 of 9 nodes were unschedulable; 3 of 9 nodes had untolerated taint(s); 2 of 9 nodes: Insufficient cpu"
    )
