import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import CREATED, condition, node, nodes, pod, problems, unscheduled

TAIL = " preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."
TWO_GPU_NODES = nodes(node("a", 8), node("b", 4), node("c"), node("d"), node("e"))
CORDONED = nodes(node("a", 8, cordoned=True), node("b", 4), node("c"))
UNREADY = nodes(node("a", 8, ready=False), node("b", 4), node("c"))
NO_GPUS = nodes(node("c"), node("d"))

FREE = "Free nvidia.com/gpu that others hold, lower spec.replicas, or add a node with at least 8."
COMPARE = "Compare what the pod asks for with the nodes: kubectl describe pod -n ml chat-7d9c-a"

ACCELERATORS = [
    # devices per pod, scheduler's message, nodes, reason, message after "1 of 1 pod cannot be scheduled: ", remedy
    (
        16,
        "0/5 nodes are available: 3 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint(s).",
        TWO_GPU_NODES,
        "InsufficientAccelerators",
        "it needs 16 nvidia.com/gpu; the largest node has 8 (3 of 5 nodes: Insufficient nvidia.com/gpu).",
        "Lower spec.accelerator.count to at most 8, or add a larger node.",
    ),
    (
        8,
        "0/5 nodes are available: 5 Insufficient nvidia.com/gpu.",
        TWO_GPU_NODES,
        "InsufficientAccelerators",
        "it needs 8 nvidia.com/gpu; too few are free on the only node with 8 or more "
        "(5 of 5 nodes: Insufficient nvidia.com/gpu).",
        FREE,
    ),
    (
        8,
        "0/2 nodes are available: 2 Insufficient nvidia.com/gpu.",
        nodes(node("a", 8), node("b", 16)),
        "InsufficientAccelerators",
        "it needs 8 nvidia.com/gpu; too few are free on all 2 nodes with 8 or more "
        "(2 of 2 nodes: Insufficient nvidia.com/gpu).",
        FREE,
    ),
    (  # nodes without enough devices may be closed for other reasons as well
        8,
        "0/5 nodes are available: 1 Insufficient nvidia.com/gpu, 4 node(s) had untolerated taint {a: b}.",
        TWO_GPU_NODES,
        "InsufficientAccelerators",
        "it needs 8 nvidia.com/gpu; too few are free on the only node with 8 or more "
        "(4 of 5 nodes had untolerated taint {a: b}; 1 of 5 nodes: Insufficient nvidia.com/gpu).",
        FREE,
    ),
    (
        1,
        "0/2 nodes are available: 2 Insufficient nvidia.com/gpu.",
        NO_GPUS,
        "InsufficientAccelerators",
        "it needs 1 nvidia.com/gpu; no node offers nvidia.com/gpu.",
        "Add a node with nvidia.com/gpu, or see that its device plugin runs.",
    ),
    (  # nodes may not be read
        8,
        "0/2 nodes are available: 2 Insufficient nvidia.com/gpu.",
        {},
        "InsufficientAccelerators",
        "it needs 8 nvidia.com/gpu; no node has that many free (2 of 2 nodes: Insufficient nvidia.com/gpu).",
        FREE,
    ),
    (  # nodes may not be read, and some may be closed for another reason: nothing is claimed about devices
        8,
        "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s).",
        {},
        "Unschedulable",
        "1 of 2 nodes: Insufficient nvidia.com/gpu; 1 of 2 nodes had untolerated taint(s).",
        COMPARE,
    ),
    (  # the node that has enough devices lacks memory: the other four say nothing about devices that are taken
        8,
        "0/5 nodes are available: 1 Insufficient memory, 4 Insufficient nvidia.com/gpu.",
        nodes(node("a", 8), node("b", 8), node("c", 8), node("d", 8), node("e", 8)),
        "Unschedulable",
        "4 of 5 nodes: Insufficient nvidia.com/gpu; 1 of 5 nodes: Insufficient memory.",
        COMPARE,
    ),
    (
        8,
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu.",
        CORDONED,
        "Unschedulable",
        "2 of 3 nodes: Insufficient nvidia.com/gpu; 1 of 3 nodes were unschedulable.",
        COMPARE,
    ),
    (
        8,
        "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 2 Insufficient "
        "nvidia.com/gpu.",
        UNREADY,
        "Unschedulable",
        "2 of 3 nodes: Insufficient nvidia.com/gpu; 1 of 3 nodes had untolerated taint "
        "{node.kubernetes.io/unreachable: }.",
        COMPARE,
    ),
    (  # every node is closed before the devices are looked at
        16,
        "0/5 nodes are available: 5 node(s) had untolerated taint(s).",
        TWO_GPU_NODES,
        "Unschedulable",
        "5 of 5 nodes had untolerated taint(s).",
        COMPARE,
    ),
    (  # devices from a ResourceClaim (DRA) are not in `allocatable`
        1,
        "0/2 nodes are available: 2 cannot allocate all claims.",
        NO_GPUS,
        "Unschedulable",
        "2 of 2 nodes: cannot allocate all claims.",
        COMPARE,
    ),
    (
        0,
        "0/5 nodes are available: 5 Insufficient cpu.",
        TWO_GPU_NODES,
        "Unschedulable",
        "5 of 5 nodes: Insufficient cpu.",
        COMPARE,
    ),
]


@pytest.mark.parametrize(("gpus", "scheduler", "on", "reason", "message", "remedy"), ACCELERATORS)
def test_no_node_takes_the_pod(
    gpus: int, scheduler: str, on: dict[str, Node], reason: str, message: str, remedy: str
) -> None:
    (problem,) = problems(unscheduled(scheduler + TAIL, gpus=gpus), on=on)
    assert (problem.reason, problem.message, problem.remedy, problem.since) == (
        reason,
        f"1 of 1 pod cannot be scheduled: {message}",
        remedy,
        CREATED,
    )


def test_a_limit_that_is_not_from_the_spec_is_named_as_such() -> None:
    pod_asking = unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", gpus=16)
    (problem,) = problems(pod_asking, on=nodes(node("a", 8)), spec=ModelServiceSpec())
    assert problem.remedy == "Lower the limit of nvidia.com/gpu to at most 8, or add a larger node."


def test_many_pods_are_counted() -> None:
    message = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
    (problem,) = problems(
        unscheduled(message, gpus=16), unscheduled(message, gpus=16, name="chat-7d9c-b"), on=nodes(node("a", 8))
    )
    assert problem.message == (
        "2 of 2 pods cannot be scheduled: each needs 16 nvidia.com/gpu; the largest node has 8 "
        "(1 of 1 nodes: Insufficient nvidia.com/gpu)."
    )
    assert problem.pods == 2


OTHER = [
    (
        unscheduled('0/2 nodes are available: persistentvolumeclaim "models" not found.' + TAIL),
        "PersistentVolumeClaim models does not exist.",
        "Create PersistentVolumeClaim models in namespace ml, or correct spec.model.uri.",
    ),
    (
        unscheduled('0/2 nodes are available: persistentvolumeclaim "models" is being deleted.'),
        "PersistentVolumeClaim models is being deleted.",
        "Create PersistentVolumeClaim models in namespace ml, or correct spec.model.uri.",
    ),
    (
        unscheduled(
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims." + TAIL,
            spec={"volumes": [{"persistentVolumeClaim": {"claimName": "models"}}, {"emptyDir": {}}]},
        ),
        "PersistentVolumeClaim models is not bound to a volume.",
        "See why: kubectl describe pvc -n ml models",
    ),
    (
        unscheduled(
            "Scheduling is blocked due to non-empty scheduling gates",
            reason="SchedulingGated",
            spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]},
        ),
        "scheduling gate kueue.x-k8s.io/admission is closed.",
        "Ask whoever owns the gate, usually a queue: it removes the gate when it is the pod's turn.",
    ),
    (unscheduled("no nodes available to schedule pods"), "no nodes available to schedule pods.", COMPARE),
    (unscheduled("", reason="SchedulerError"), "the scheduler does not say why.", COMPARE),
]


@pytest.mark.parametrize(("pending", "message", "remedy"), OTHER)
def test_causes_beside_the_nodes(pending: Pod, message: str, remedy: str) -> None:
    (problem,) = problems(pending)
    assert (problem.reason, problem.message, problem.remedy) == (
        "Unschedulable",
        f"1 of 1 pod cannot be scheduled: {message}",
        remedy,
    )


def test_a_pod_that_the_scheduler_has_not_seen_yet_is_fine() -> None:
    assert problems(pod(phase="Pending")) == ()
    assert problems(pod(phase="Pending", node="a", conditions=[condition("PodScheduled", "True")])) == ()


def test_a_claim_without_a_name_of_its_own_is_described() -> None:
    message = "0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    (problem,) = problems(unscheduled(message))
    assert problem.message.endswith("PersistentVolumeClaim of an ephemeral volume is not bound to a volume.")
    assert problem.remedy == "See why: kubectl describe pvc -n ml"
