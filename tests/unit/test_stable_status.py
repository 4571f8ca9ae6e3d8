"""A status stands still while what it says is true, however often the pods change their state."""

from typing import Final

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from unit.world import SPEC, World

IMAGE: Final = "vllm/vllm-openai:v1"
PULL: Final = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
SHORT: Final = "0/9 nodes are available: "


def waiting(reason: str, message: str = "") -> Manifest:
    return {"state": {"waiting": {"reason": reason, "message": message}}}


def crashing(code: int, reason: str = "Error", message: str = "") -> list[Manifest]:
    end = {"terminated": {"exitCode": code, "reason": reason, "message": message, "finishedAt": "2026-11-22T10:00:00Z"}}
    back_off = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
    return [{"state": end}, {"state": back_off, "lastState": end}]


def pulling(message: str) -> list[Manifest]:
    text = f'Back-off pulling image "{IMAGE}": ErrImagePull: {message}'
    return [waiting("ErrImagePull", message), waiting("ImagePullBackOff", text)]


CONTAINERS: Final[list[list[Manifest]]] = [
    # the states between which a container goes to and fro
    pulling(PULL + "404 Not Found"),
    pulling(PULL + "401 Unauthorized"),
    pulling(PULL + "429 Too Many Requests"),
    pulling(PULL + "dial tcp: lookup ghcr.io: no such host"),
    pulling("write /var/lib/containerd/x: no space left on device"),
    [waiting("InvalidImageName", "invalid reference format")],
    [waiting("CreateContainerConfigError", 'secret "a" not found')],
    [waiting("CreateContainerConfigError", 'configmap "a" not found')],
    [waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")],
    [waiting("RunContainerError", 'exec: "vlm": executable file not found in $PATH')],
    crashing(1),
    crashing(2),
    crashing(137, "OOMKilled"),
    crashing(1, message="OSError: [Errno 28] No space left on device"),
    crashing(1, message="OSError: [Errno 98] Address already in use"),
]
SCHEDULING: Final = [
    "4 Insufficient nvidia.com/gpu, 5 node(s) had untolerated taint(s)",
    "9 Insufficient cpu",
    "9 Too many pods",
    "9 node(s) didn't match pod topology spread constraints",
    "9 node(s) had volume node affinity conflict",
]
WAYS: Final = len(CONTAINERS) + len(SCHEDULING)


def status(way: int, step: int) -> Manifest:
    """The status of a pod that fails in one of 20 ways; the scheduler's numbers change with every try."""
    unready = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-22T10:00:00Z"}
    if way < len(CONTAINERS):
        states = CONTAINERS[way]
        container = {"name": "server", "restartCount": step, **states[step % len(states)]}
        return {"phase": "Running", "conditions": [unready], "containerStatuses": [container]}
    message = SHORT + SCHEDULING[way - len(CONTAINERS)]
    said = message.replace("/9", f"/{9 + step % 3}") if step else message
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": f"{said}."}
    return {"phase": "Pending", "conditions": [scheduled]}


def pod(world: World, number: int) -> Manifest:
    template = world.child("Deployment")["spec"]["template"]["metadata"]["labels"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"qwen-7d9c-{number:03}",
            "uid": f"pod-{number}",
            "labels": {**names.child_labels("qwen", "vllm"), **template, "pod-template-hash": "7d9c"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "qwen-7d9c", "controller": True}],
        },
        "spec": {
            "nodeName": "gpu-1",
            "containers": [
                {"name": "server", "image": IMAGE, "resources": {"limits": {"nvidia.com/gpu": "1"}}},
            ],
        },
        "status": status(number % WAYS, 0),
    }


async def live_through(world: World, seconds: int, first: int) -> int:
    """Let every pod change its state once a second, a quarter of them at a time; returns what that cost in writes."""
    before = len(world.api.writes())
    due, step = 0.0, first
    for _ in range(seconds * 4):
        world.seconds += 0.25
        step += 1
        for number in range(step % 4, 100, 4):
            world.api.set_status("Pod", status(number % WAYS, step // 4), f"qwen-7d9c-{number:03}")
        world.deliver()
        if world.seconds >= due:
            after = await world.turn()
            due = world.seconds + after if after is not None and after < 5 else 0.0
    return len(world.api.writes()) - before


async def test_a_hundred_pods_that_fail_in_twenty_ways_cost_few_writes() -> None:
    world = World()
    world.apply(SPEC | {"replicas": 100})
    await world.rest()
    world.roll_out(available=False)
    for number in range(100):
        world.api.put(pod(world, number))
    await world.settle()
    assert await live_through(world, 60, 0) <= 60
    problems = world.status["problems"]
    assert [(problem["reason"], problem["pods"]) for problem in problems] == [
        ("SecretNotFound", 5),
        ("ConfigMapNotFound", 5),
        ("RunsAsRoot", 5),
        ("CommandNotFound", 5),
        ("InvalidImageName", 5),
        ("ImageNotFound", 5),
        ("ImageUnauthorized", 5),
        ("DiskFull", 5),
        ("AddressInUse", 5),
        ("OutOfMemory", 5),
    ]
    assert world.condition("Ready") == ("False", "SecretNotFound")
    assert await live_through(world, 60, 240) == 0, "the picture is right, and nothing changed but the states"
