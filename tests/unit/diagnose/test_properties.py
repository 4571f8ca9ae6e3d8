"""No pod, however odd, stops the diagnosis, and its answer does not depend on the order in which pods are known."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from modelservice_operator.api.status import MAX_PROBLEMS
from modelservice_operator.diagnose.explain import explain
from modelservice_operator.manifest import Manifest
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod
from unit.diagnose.builders import NOW, SPEC, labelled

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TIMES = st.sampled_from(
    ["2026-11-22T10:00:00Z", "2026-11-22T10:04:00Z", "2026-11-15T10:00:00Z", "", "soon", "9999-99-99"]
)
WORDS = st.text(max_size=60) | st.sampled_from(
    [
        "0/3 nodes are available: 2 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint(s). preemption: no.",
        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
        'secret "" not found',
        'secret "s" not found',
        "couldn't find key k in Secret ns/s",
        'Back-off pulling image "x": ErrImagePull: 401 Unauthorized',
        'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
        'violates PodSecurity "restricted": everything',
        "The node was low on resource: memory. Container c was using 2Gi, request is 1Gi, has larger consumption",
        "OutOfnvidia.com/gpu",
    ]
)


def mostly(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is due at a place; in one case of twenty nothing, or anything at all."""
    return st.sampled_from(range(20)).flatmap(lambda number: strategy if number else JSON)


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return mostly(st.fixed_dictionaries({name: mostly(strategy) for name, strategy in fields.items()}))


def condition(kind: str, *reasons: str) -> st.SearchStrategy[Any]:
    return record(
        type=st.just(kind),
        status=st.sampled_from(["True", "False", "Unknown"]),
        reason=st.sampled_from(reasons or ("",)),
        message=WORDS,
        lastTransitionTime=TIMES,
    )


def state() -> st.SearchStrategy[Any]:
    reasons = [
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "RunContainerError",
        "CrashLoopBackOff",
    ]
    ends = ["Error", "OOMKilled", "StartError", "Completed", "Unknown"]
    waiting = record(reason=st.sampled_from(reasons), message=WORDS)
    end = record(exitCode=st.integers(), reason=st.sampled_from(ends), message=WORDS, finishedAt=TIMES)
    return record(waiting=waiting) | record(running=record(startedAt=TIMES)) | record(terminated=end)


NAMES = st.sampled_from(["server", "proxy"])
CONTAINER = record(
    name=NAMES,
    image=st.sampled_from(["", "x", "ghcr.io/x:v1"]),
    resources=record(
        limits=record(**{"nvidia.com/gpu": st.sampled_from(["8", 8, "1k", "much"]), "memory": st.just("1Gi")})
    ),
    readinessProbe=st.just({}),
    restartPolicy=st.just("Always"),
)
STATUS = record(name=NAMES, ready=st.booleans(), restartCount=st.integers(), state=state(), lastState=state())
METADATA = st.fixed_dictionaries(
    {"name": st.text(max_size=5), "creationTimestamp": TIMES}, optional={"deletionTimestamp": TIMES}
)
POD = st.fixed_dictionaries(
    {"metadata": METADATA},
    optional={
        "spec": record(
            containers=st.lists(CONTAINER, max_size=2),
            initContainers=st.lists(CONTAINER, max_size=2),
            nodeName=st.sampled_from(["", "a", "b"]),
            volumes=st.lists(record(persistentVolumeClaim=record(claimName=st.just("models"))), max_size=1),
            schedulingGates=st.lists(record(name=st.text(max_size=5)), max_size=1),
        ),
        "status": record(
            phase=st.sampled_from(["Pending", "Running", "Failed", "Succeeded", "Unknown"]),
            reason=st.sampled_from(["", "Evicted", "NodeLost", "OutOfnvidia.com/gpu", "OutOfcpu"]),
            message=WORDS,
            conditions=st.lists(
                condition("Ready") | condition("PodScheduled", "Unschedulable", "SchedulingGated")
                | condition("DisruptionTarget", "DeletionByTaintManager"),
                max_size=3,
            ),
            containerStatuses=st.lists(STATUS, max_size=2),
            initContainerStatuses=st.lists(STATUS, max_size=2),
        ),
    },
)  # fmt: skip
NODE = record(
    metadata=record(name=st.just("a")),
    spec=record(unschedulable=st.booleans()),
    status=record(
        conditions=st.lists(condition("Ready"), max_size=1),
        allocatable=record(**{"nvidia.com/gpu": st.sampled_from(["8", "16", "0", "-1", "x"])}),
    ),
)
DEPLOYMENT = record(
    metadata=record(generation=st.integers(0, 3), namespace=st.just("ml")),
    spec=record(
        replicas=st.integers(0, 3),
        template=record(metadata=record(labels=record(**{"modelservice.dev/revision": st.sampled_from(["r0", "r1"])}))),
    ),
    status=record(
        observedGeneration=st.integers(0, 3),
        replicas=st.integers(0, 3),
        availableReplicas=st.integers(0, 3),
        conditions=st.lists(
            condition("ReplicaFailure", "FailedCreate") | condition("Progressing", "ProgressDeadlineExceeded"),
            max_size=2,
        ),
    ),
)


def manifest(value: Any) -> Manifest:
    return value if isinstance(value, dict) else {}


@given(st.lists(POD, max_size=4), DEPLOYMENT, NODE, st.booleans(), st.randoms(use_true_random=False))
def test_any_pods_in_any_order(pods: list[Manifest], deployment: Any, node: Any, readable: bool, random: Any) -> None:
    records = [Pod.from_manifest(labelled(each)) for each in pods]
    on = {"a": Node.from_manifest(manifest(node))} if readable else {}
    of = Deployment.from_manifest(manifest(deployment))
    told = explain(SPEC, records, of, on, NOW)
    assert len(told) <= MAX_PROBLEMS
    assert all(0 < problem.pods <= max(1, of.wanted_replicas) for problem in told)
    assert all(problem.message.isprintable() and len(problem.message) < 1500 for problem in told)
    random.shuffle(records)
    assert explain(SPEC, records, of, on, NOW) == told


@given(JSON, JSON, JSON)
def test_any_json(pod: Any, node: Any, deployment: Any) -> None:
    of = Deployment.from_manifest(manifest(deployment))
    on = {"": Node.from_manifest(manifest(node))}
    assert explain(SPEC, [Pod.from_manifest(manifest(pod))], of, on, NOW) == ()
