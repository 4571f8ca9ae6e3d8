from typing import Any

import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.later import changes_in
from modelservice_operator.plan.placement import placement
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import CREATED, SPEC, at, condition, node, nodes, pod, problems, unscheduled

TAIL = " preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."
TWO_GPU_NODES = nodes(node("a", 8), node("b", 4), node("c"), node("d"), node("e"))
FREE_GPUS = nodes(node("g", 8), node("c"), node("d"), node("e"))
CORDONED = nodes(node("a", 8, cordoned=True), node("b", 4), node("c"))
UNREADY = nodes(node("a", 8, ready=False), node("b", 4), node("c"))
NO_GPUS = nodes(node("c"), node("d"))

FREE = "Free nvidia.com/gpu that others hold, or add a node with at least 8."
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
        nodes(node("a", 8), node("b", 4, taints=[("a", "b")]), *(node(c, taints=[("a", "b")]) for c in "cde")),
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
    (  # nodes may not be read, and some may be closed for another reason
        8,
        "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s).",
        {},
        "InsufficientAccelerators",
        "it needs 8 nvidia.com/gpu; too few are free on the nodes that let it in (1 of 2 nodes: Insufficient "
        "nvidia.com/gpu; 1 of 2 nodes had untolerated taint(s)).",
        FREE,
    ),
    (  # the node that has enough devices lacks memory: the other four say nothing about devices that are taken
        8,
        "0/5 nodes are available: 1 Insufficient memory, 4 Insufficient nvidia.com/gpu.",
        nodes(node("a", 8), node("b", 8), node("c", 8), node("d", 8), node("e", 8)),
        "InsufficientResources",
        "1 of 5 nodes: Insufficient memory; 4 of 5 nodes: Insufficient nvidia.com/gpu.",
        "Lower spec.resources.requests.memory, free memory that others hold, or add a node.",
    ),
    (
        8,
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient nvidia.com/gpu.",
        CORDONED,
        "NodesCordoned",
        "a is cordoned (1 of 3 nodes were unschedulable; 2 of 3 nodes: Insufficient nvidia.com/gpu).",
        "Open a node again, or add one: kubectl uncordon a",
    ),
    (
        8,
        "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 2 Insufficient "
        "nvidia.com/gpu.",
        UNREADY,
        "UntoleratedTaint",
        "1 of 3 nodes had untolerated taint {node.kubernetes.io/unreachable: }; 2 of 3 nodes: Insufficient "
        "nvidia.com/gpu.",
        "Repair these nodes, or add others: kubectl get nodes",
    ),
    (  # every node is closed before the devices are looked at
        16,
        "0/5 nodes are available: 5 node(s) had untolerated taint(s).",
        TWO_GPU_NODES,
        "InsufficientAccelerators",
        "it needs 16 nvidia.com/gpu; the largest node has 8 (5 of 5 nodes had untolerated taint(s)).",
        "Lower spec.accelerator.count to at most 8, or add a larger node.",
    ),
    (
        16,
        "0/5 nodes are available: 5 node(s) had untolerated taint(s).",
        {},
        "UntoleratedTaint",
        "5 of 5 nodes had untolerated taint(s).",
        "Add a toleration for the taint of the nodes to spec.placement.tolerations, or add nodes without it.",
    ),
    (
        1,
        "0/2 nodes are available: 1 node(s) had untolerated taint {dedicated: ml}, 1 Insufficient nvidia.com/gpu.",
        nodes(node("a", 8, taints=[("dedicated", "ml")]), node("b")),
        "UntoleratedTaint",
        "nodes that fit are tainted dedicated=ml (1 of 2 nodes had untolerated taint {dedicated: ml}; 1 of 2 nodes: "
        "Insufficient nvidia.com/gpu).",
        "Add a toleration for dedicated=ml to spec.placement.tolerations, or add nodes without it.",
    ),
    (  # newer schedulers do not name the taint; that of the device is tolerated anyway
        1,
        "0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 Insufficient nvidia.com/gpu.",
        nodes(node("a", 8, taints=[("nvidia.com/gpu", "present"), ("dedicated", "ml")]), node("b")),
        "UntoleratedTaint",
        "nodes that fit are tainted dedicated=ml (1 of 2 nodes had untolerated taint(s); 1 of 2 nodes: Insufficient "
        "nvidia.com/gpu).",
        "Add a toleration for dedicated=ml to spec.placement.tolerations, or add nodes without it.",
    ),
    (  # devices from a ResourceClaim (DRA) are not in `allocatable`
        1,
        "0/2 nodes are available: 2 cannot allocate all claims.",
        NO_GPUS,
        "DeviceClaimPending",
        "2 of 2 nodes: cannot allocate all claims.",
        "Compare the claim with the devices that there are: kubectl get resourceclaims -n ml; kubectl get "
        "resourceslices",
    ),
    (
        0,
        "0/5 nodes are available: 5 Insufficient cpu.",
        TWO_GPU_NODES,
        "InsufficientResources",
        "5 of 5 nodes: Insufficient cpu.",
        "Lower spec.resources.requests.cpu, free cpu that others hold, or add a node.",
    ),
    (
        0,
        "0/2 nodes are available: 2 Too many pods.",
        NO_GPUS,
        "TooManyPods",
        "2 of 2 nodes: Too many pods.",
        "Add a node, remove pods that nobody needs, or raise maxPods of the kubelets.",
    ),
    (
        0,
        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match pod topology spread "
        "constraints.",
        {},
        "TopologyUnsatisfiable",
        "2 of 3 nodes didn't match pod topology spread constraints; 1 of 3 nodes had untolerated taint(s).",
        "Loosen spec.placement.affinity, or topologySpreadConstraints in spec.podTemplate, or add nodes.",
    ),
    (
        0,
        "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
        {},
        "TopologyUnsatisfiable",
        "2 of 2 nodes didn't match pod anti-affinity rules.",
        "Loosen spec.placement.affinity, or topologySpreadConstraints in spec.podTemplate, or add nodes.",
    ),
    (
        1,
        "0/5 nodes are available: 2 node(s) had volume node affinity conflict, 3 Insufficient nvidia.com/gpu.",
        TWO_GPU_NODES,
        "VolumeUnavailable",
        "2 of 5 nodes had volume node affinity conflict; 3 of 5 nodes: Insufficient nvidia.com/gpu.",
        "Use a volume that the nodes with the devices reach, such as one of access mode ReadWriteMany or of the same "
        "zone: kubectl describe pvc -n ml",
    ),
    (  # a control plane is closed to everyone
        0,
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) "
        "didn't match Pod's node affinity/selector.",
        {},
        "NoMatchingNode",
        "2 of 3 nodes didn't match Pod's node affinity/selector; 1 of 3 nodes had untolerated taint "
        "{node-role.kubernetes.io/control-plane: }.",
        "Correct spec.accelerator.products, spec.accelerator.memory or spec.placement, or label a node accordingly.",
    ),
    (
        16,
        "0/8 nodes are available: 4 Insufficient cpu, 4 Insufficient memory, 7 Insufficient nvidia.com/gpu.",
        {},
        "InsufficientAccelerators",
        "it needs 16 nvidia.com/gpu; too few are free on the nodes that let it in (7 of 8 nodes: Insufficient "
        "nvidia.com/gpu; 4 of 8 nodes: Insufficient cpu; 4 of 8 nodes: Insufficient memory).",
        "Free nvidia.com/gpu that others hold, or add a node with at least 16.",
    ),
    (
        0,
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
        {},
        "NoMatchingNode",
        "2 of 2 nodes didn't match Pod's node affinity/selector.",
        "Correct spec.accelerator.products, spec.accelerator.memory or spec.placement, or label a node accordingly.",
    ),
]


@pytest.mark.parametrize(("gpus", "scheduler", "on", "reason", "message", "remedy"), ACCELERATORS)
def test_no_node_takes_the_pod(
    gpus: int, scheduler: str, on: dict[str, Node], reason: str, message: str, remedy: str
) -> None:
    (problem,) = problems(unscheduled(scheduler + TAIL, gpus=gpus, spec=placement("chat", SPEC)), on=on)
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


UNMATCHED = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
L4 = {"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.memory": "23034"}
H100 = {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.memory": "81559"}
CARDS = nodes(node("a", 8, labels=L4), node("b", 8, labels=L4), node("c"))

NOWHERE = [
    # the accelerator, the node selector, the nodes, reason, message, remedy
    (
        {"products": ["NVIDIA-H200"]},
        {},
        CARDS,
        "NoMatchingNode",
        "no node with nvidia.com/gpu has the label nvidia.com/gpu.product NVIDIA-H200; there is NVIDIA-L4 on 2 nodes.",
        "Correct spec.accelerator.products, or add a node with such devices.",
    ),
    (
        {"memory": "80Gi"},
        {},
        CARDS,
        "NoMatchingNode",
        "no node with nvidia.com/gpu has the label nvidia.com/gpu.memory above 79462; there is 23034 on 2 nodes.",
        "Correct spec.accelerator.memory, or add a node with such devices.",
    ),
    (
        {"partition": "3g.40gb"},
        {},
        nodes(node("a", 8, labels=H100), node("b", resources={"nvidia.com/mig-1g.10gb": "7"})),
        "InsufficientAccelerators",
        "no node offers nvidia.com/mig-3g.40gb; there is nvidia.com/gpu, nvidia.com/mig-1g.10gb.",
        "Correct spec.accelerator.partition, add a node with nvidia.com/mig-3g.40gb, or see that its device plugin "
        "runs.",
    ),
    (
        {"vendor": "amd"},
        {},
        CARDS,
        "InsufficientAccelerators",
        "no node offers amd.com/gpu.",
        "Correct spec.accelerator.vendor, add a node with amd.com/gpu, or see that its device plugin runs.",
    ),
    (
        {},
        {"disk": "fast"},
        nodes(node("a", 8, labels={"disk": "slow"}), node("b", 8)),
        "NoMatchingNode",
        "no node has the label disk=fast; there is slow on 1 node.",
        "Correct spec.placement.nodeSelector, or label a node.",
    ),
    (  # each demand is met by some node, and no node meets them all
        {"products": ["NVIDIA-L4"]},
        {"disk": "fast"},
        nodes(node("a", 8, labels=L4), node("b", 8, labels={"disk": "fast"})),
        "NoMatchingNode",
        "2 of 2 nodes didn't match Pod's node affinity/selector.",
        "Correct spec.accelerator.products, spec.accelerator.memory or spec.placement, or label a node accordingly.",
    ),
]


@pytest.mark.parametrize(("accelerator", "selector", "on", "reason", "message", "remedy"), NOWHERE)
def test_no_node_is_what_is_asked_for(
    accelerator: dict[str, Any],
    selector: dict[str, str],
    on: dict[str, Node],
    reason: str,
    message: str,
    remedy: str,
) -> None:
    spec = ModelServiceSpec.model_validate({"accelerator": accelerator, "placement": {"nodeSelector": selector}})
    (problem,) = problems(unscheduled(UNMATCHED, spec=placement("chat", spec)), on=on, spec=spec)
    assert (problem.reason, problem.message, problem.remedy) == (
        reason,
        f"1 of 1 pod cannot be scheduled: {message}",
        remedy,
    )


REQUESTS = {"resources": {"requests": {"cpu": "96", "memory": "1Ti"}}}


@pytest.mark.parametrize(
    ("lacking", "on", "message", "remedy"),
    [
        (
            "cpu",
            nodes(node("a"), node("b")),
            "it needs 96 of cpu; the largest node has 64 (2 of 2 nodes: Insufficient cpu).",
            "Lower spec.resources.requests.cpu below 64, or add a larger node.",
        ),
        (
            "memory",
            nodes(node("a"), node("b")),
            "it needs 1024Gi of memory; the largest node has 512Gi (2 of 2 nodes: Insufficient memory).",
            "Lower spec.resources.requests.memory below 512Gi, or add a larger node.",
        ),
        (
            "memory",
            {},
            "it needs 1024Gi of memory; no node has that much free (2 of 2 nodes: Insufficient memory).",
            "Lower spec.resources.requests.memory, free memory that others hold, or add a node.",
        ),
    ],
)
def test_cpu_and_memory_with_numbers(lacking: str, on: dict[str, Node], message: str, remedy: str) -> None:
    asking = unscheduled(f"0/2 nodes are available: 2 Insufficient {lacking}.", container=REQUESTS)
    (problem,) = problems(asking, on=on)
    assert (problem.reason, problem.message, problem.remedy) == (
        "InsufficientResources",
        f"1 of 1 pod cannot be scheduled: {message}",
        remedy,
    )


OTHER = [
    (
        unscheduled('0/2 nodes are available: persistentvolumeclaim "models" not found.' + TAIL),
        "VolumeClaimNotFound",
        "PersistentVolumeClaim models does not exist.",
        "Create PersistentVolumeClaim models in namespace ml, or correct spec.model.uri.",
    ),
    (
        unscheduled('0/2 nodes are available: persistentvolumeclaim "models" is being deleted.'),
        "VolumeUnavailable",
        "PersistentVolumeClaim models is being deleted.",
        "Create PersistentVolumeClaim models in namespace ml, or correct spec.model.uri.",
    ),
    (
        unscheduled(
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims." + TAIL,
            spec={"volumes": [{"persistentVolumeClaim": {"claimName": "models"}}, {"emptyDir": {}}]},
        ),
        "VolumeUnavailable",
        "PersistentVolumeClaim models is not bound to a volume.",
        "See why: kubectl describe pvc -n ml models",
    ),
    (
        unscheduled(
            "Scheduling is blocked due to non-empty scheduling gates",
            reason="SchedulingGated",
            spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]},
        ),
        "SchedulingGated",
        "scheduling gate kueue.x-k8s.io/admission is closed.",
        "Ask whoever owns the gate, usually a queue: it removes the gate when it is the pod's turn.",
    ),
    (
        unscheduled(
            "Scheduling is blocked due to non-empty scheduling gates",
            reason="SchedulingGated",
            spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]},
            labels={"kueue.x-k8s.io/queue-name": "gpus"},
        ),
        "SchedulingGated",
        "scheduling gate kueue.x-k8s.io/admission is closed (queue gpus).",
        "See why its turn has not come: kubectl get workloads.kueue.x-k8s.io -n ml",
    ),
    (
        unscheduled("no nodes available to schedule pods"),
        "Unschedulable",
        "no nodes available to schedule pods.",
        COMPARE,
    ),
    (unscheduled("", reason="SchedulerError"), "Unschedulable", "the scheduler does not say why.", COMPARE),
]


@pytest.mark.parametrize(("pending", "reason", "message", "remedy"), OTHER)
def test_causes_beside_the_nodes(pending: Pod, reason: str, message: str, remedy: str) -> None:
    (problem,) = problems(pending)
    assert (problem.reason, problem.message, problem.remedy) == (
        reason,
        f"1 of 1 pod cannot be scheduled: {message}",
        remedy,
    )


def test_a_pod_that_the_scheduler_has_not_seen_yet_is_fine() -> None:
    assert problems(pod(phase="Pending"), now=CREATED) == ()
    assert problems(pod(phase="Pending", node="a", conditions=[condition("PodScheduled", "True")])) == ()


@pytest.mark.parametrize(
    "passing",
    [
        'waiting for ephemeral volume controller to create the persistentvolumeclaim "chat-cache"',
        'pod "ml/chat": ResourceClaim not created yet',
        'running PreBind plugin "VolumeBinding": Operation cannot be fulfilled',
    ],
)
def test_what_the_scheduler_says_in_passing_is_no_problem(passing: str) -> None:
    assert problems(unscheduled(passing, reason="SchedulerError")) == ()


def test_a_closed_node_that_is_what_was_asked_for_is_the_cause() -> None:
    spec = ModelServiceSpec.model_validate({"accelerator": {"products": ["NVIDIA-H100-80GB-HBM3"]}})
    message = UNMATCHED.replace(
        "0/2 nodes are available:", "0/3 nodes are available: 1 node(s) had untolerated taint(s),"
    )
    pending = unscheduled(message, spec=placement("chat", spec))
    on = nodes(node("a", 8, labels=H100, taints=[("team", "x")]), node("b", 8, labels=L4), node("c"))
    assert [problem.reason for problem in problems(pending, on=on, spec=spec)] == ["UntoleratedTaint"]


def test_a_claim_without_a_name_of_its_own_is_described() -> None:
    message = "0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    (problem,) = problems(unscheduled(message))
    assert problem.message.endswith("PersistentVolumeClaim of an ephemeral volume is not bound to a volume.")
    assert problem.remedy == "See why: kubectl describe pvc -n ml"


def test_fewer_replicas_are_advised_where_there_are_several() -> None:
    short = unscheduled("0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", gpus=8)
    (problem,) = problems(short, on=nodes(node("a", 8)), spec=SPEC.model_copy(update={"replicas": 2}))
    assert problem.remedy == "Free nvidia.com/gpu that others hold, lower spec.replicas, or add a node with at least 8."


@pytest.mark.parametrize(
    ("scheduler", "called", "remedy"),
    [
        (
            "volcano",
            "volcano",
            "Correct spec.placement.schedulerName, or leave it out for the usual one, or see that this one runs.",
        ),
        ("", "default-scheduler", "See that the scheduler of the cluster runs: kubectl get pods -n kube-system"),
    ],
)
def test_a_pod_that_no_scheduler_looks_at(scheduler: str, called: str, remedy: str) -> None:
    alone = pod(spec={"schedulerName": scheduler}, phase="Pending")
    assert problems(alone, now=at(29)) == ()
    assert changes_in([alone], at(29)) == 2.0
    (problem,) = problems(alone, now=at(30))
    assert changes_in([alone], at(30)) is None
    assert (problem.reason, problem.message, problem.remedy, problem.since) == (
        "SchedulerNotFound",
        f"1 of 1 pod cannot be scheduled: nothing is heard of scheduler {called}.",
        remedy,
        CREATED,
    )
    bound = pod(conditions=[condition("PodScheduled", "True")], phase="Pending")
    assert problems(bound, now=at(30)) == ()


@pytest.mark.parametrize(
    ("other", "reason"), [("1 Insufficient memory", "InsufficientResources"), ("1 Too many pods", "TooManyPods")]
)
def test_nodes_without_devices_do_not_make_free_ones_short(other: str, reason: str) -> None:
    """They lack them for certain, so the other reason is that of the node that has them."""
    scheduler = f"0/4 nodes are available: 3 Insufficient nvidia.com/gpu, {other}."
    waiting = unscheduled(scheduler + TAIL, gpus=1, spec=placement("chat", SPEC))
    (problem,) = problems(waiting, on=FREE_GPUS)
    assert problem.reason == reason


@pytest.mark.parametrize(
    ("taints", "remedy"),
    [
        (
            [[("role", "gpu"), ("team", "x")]],
            "Add a toleration for role=gpu and team=x to spec.placement.tolerations, or add nodes without it.",
        ),
        (
            [[("role", "gpu")], [("team", "x")]],
            "Add a toleration for role=gpu or team=x to spec.placement.tolerations, or add nodes without it.",
        ),
        (
            [[("node.kubernetes.io/unreachable", ""), ("team", "x")]],
            "Repair these nodes, or add others: kubectl get nodes",
        ),
    ],
)
def test_all_taints_of_a_node_keep_the_pod_off(taints: list[list[tuple[str, str]]], remedy: str) -> None:
    closed = nodes(*(node(f"g{number}", 8, taints=of) for number, of in enumerate(taints)))
    scheduler = f"0/{len(closed)} nodes are available: {len(closed)} node(s) had untolerated taint(s)."
    (problem,) = problems(unscheduled(scheduler + TAIL, gpus=1, spec=placement("chat", SPEC)), on=closed)
    assert (problem.reason, problem.remedy) == ("UntoleratedTaint", remedy)
