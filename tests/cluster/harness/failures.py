"""Ways to fail on a real node, and what is said of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from localcluster.realnode import WORKLOAD

LITTLE: Final = {"cpu": "10m", "memory": "16Mi"}
SERVE: Final = ["serve", "8000"]


@dataclass(frozen=True)
class Case:
    """A way to fail: what differs from a server that runs, and what is said of it."""

    reason: str
    message: str
    args: list[str] = field(default_factory=lambda: SERVE)
    image: str = WORKLOAD
    runtime: Mapping[str, Any] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)
    """Patched into the container."""
    pod: Mapping[str, Any] = field(default_factory=dict)
    """Patched into the pod's spec."""

    def spec(self) -> dict[str, Any]:
        """Of the ModelService."""
        server = {"name": "server", "startupProbe": {"periodSeconds": 1}, **self.server}
        template = {"spec": {"terminationGracePeriodSeconds": 10, "containers": [server], **self.pod}}
        runtime = {"name": "custom", "image": self.image, "port": 8000, "healthPath": "/", "args": self.args}
        return {
            "runtime": {**runtime, **self.runtime},
            "resources": {"requests": LITTLE},
            "podTemplate": template,
        }


def environment(kind: str, name: str, key: str = "TOKEN") -> dict[str, Any]:
    return {"env": [{"name": "TOKEN", "valueFrom": {f"{kind}KeyRef": {"name": name, "key": key}}}]}


MOUNTED: Final = {"volumeMounts": [{"name": "weights", "mountPath": "/weights"}]}


def volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "weights", **source}]}


CASES: Final = {
    "absent": Case(
        "ImageNotFound",
        'cannot get the image "registry.test/team/server:v1": registry registry.test does not have it.',
        image="registry.test/team/server:v1",
    ),
    "denied": Case(
        "ImageUnauthorized",
        (
            'cannot get the image "registry.test/denied/server:v1": registry registry.test '
            "says that credentials are missing or wrong (401 Unauthorized)."
        ),
        image="registry.test/denied/server:v1",
    ),
    "forbidden": Case(
        "ImageUnauthorized",
        (
            'cannot get the image "registry.test/forbidden/server:v1": registry '
            "registry.test denies access (403 Forbidden)."
        ),
        image="registry.test/forbidden/server:v1",
    ),
    "busy": Case(
        "RegistryRateLimited",
        (
            'cannot get the image "registry.test/busy/server:v1": registry registry.test '
            "limits the rate of requests (429)."
        ),
        image="registry.test/busy/server:v1",
    ),
    "broken": Case(
        "RegistryUnreachable",
        (
            'cannot get the image "registry.test/broken/server:v1": registry registry.test '
            "has an error of its own (5xx)."
        ),
        image="registry.test/broken/server:v1",
    ),
    "nameless": Case(
        "RegistryUnreachable",
        (
            'cannot get the image "nobody.test/team/server:v1": the node cannot resolve the '
            "name of registry nobody.test."
        ),
        image="nobody.test/team/server:v1",
    ),
    "closed": Case(
        "RegistryUnreachable",
        'cannot get the image "closed.test/team/server:v1": registry closed.test refuses connections.',
        image="closed.test/team/server:v1",
    ),
    "misspelt": Case(
        "InvalidImageName",
        (
            'cannot get the image "registry.test/UPPER/Case:v1": the name is no image '
            "reference: repository name (UPPER/Case) must be lowercase."
        ),
        image="registry.test/UPPER/Case:v1",
    ),
    "never-pulled": Case(
        "ImageNeverPulled",
        'cannot get the image "registry.test/team/server:v2": it is not on the node, and imagePullPolicy is Never.',
        image="registry.test/team/server:v2",
        server={"imagePullPolicy": "Never"},
    ),
    "crash": Case(
        "CrashLooping",
        'crashed: container server exited with code 3; its last words: "ValueError: nobody knows this text".',
        args=["exit", "3", "ValueError: nobody knows this text"],
    ),
    "no-room": Case(
        "KVCacheTooSmall",
        (
            "crashed: the weights and activations leave no memory of the device for the KV "
            "cache (container server exited with code 1)."
        ),
        args=["exit", "1", "ValueError: No available memory for the cache blocks."],
    ),
    "greedy": Case(
        "OutOfMemory",
        'ran out of host memory: container server was killed at its memory limit of 32Mi; its last words: "…',
        args=["oom"],
        server={"resources": {"limits": {"memory": "32Mi"}}},
    ),
    "deaf": Case(
        "LivenessProbeFailed",
        "restarted: container server was killed by its liveness probe; the probe finds nobody listening on port 9.",
        server={"livenessProbe": {"httpGet": {"port": 9}, "periodSeconds": 1, "failureThreshold": 2}},
    ),
    "slow": Case(
        "StartupTooSlow",
        "restarted: container server was not up within its start-up budget; the probe gets HTTP 503.",
        args=[*SERVE, "600"],
        server={"startupProbe": {"periodSeconds": 1, "failureThreshold": 5}},
    ),
    "unready": Case(
        "NotReady",
        "failed the readiness check: the readiness probe of container server finds nobody listening on port 9.",
        server={"readinessProbe": {"httpGet": {"port": 9}, "periodSeconds": 1}},
    ),
    "secret": Case(
        "SecretNotFound",
        "cannot start: Secret nowhere does not exist in namespace {namespace}.",
        runtime=environment("secret", "nowhere"),
    ),
    "key": Case(
        "SecretNotFound",
        "cannot start: Secret keyless in namespace {namespace} has no key TOKEN.",
        runtime=environment("secret", "keyless"),
    ),
    "config-map": Case(
        "ConfigMapNotFound",
        "cannot start: ConfigMap nowhere does not exist in namespace {namespace}.",
        runtime=environment("configMap", "nowhere"),
    ),
    "root": Case(
        "RunsAsRoot",
        "cannot start: image modelservice.test/workload:1 of container server runs as root: runAsNonRoot forbids it.",
        pod={"securityContext": {"runAsNonRoot": True}},
    ),
    "command": Case(
        "CommandNotFound",
        (
            'cannot start: the command "/usr/bin/vlm" of container server cannot be '
            "executed: stat /usr/bin/vlm: no such file or directory."
        ),
        runtime={"command": ["/usr/bin/vlm"]},
    ),
    "mount": Case(
        "VolumeMountFailed",
        'cannot start: volume "weights": hostPath type check failed: /nowhere is not a directory.',
        server=MOUNTED,
        pod=volume(hostPath={"path": "/nowhere", "type": "Directory"}),
    ),
    "secret-volume": Case(
        "SecretNotFound",
        "cannot start: Secret nowhere does not exist in namespace {namespace}.",
        server=MOUNTED,
        pod=volume(secret={"secretName": "nowhere"}),
    ),
    "claim": Case(
        "VolumeClaimNotFound",
        "cannot be scheduled: PersistentVolumeClaim nowhere does not exist.",
        server=MOUNTED,
        pod=volume(persistentVolumeClaim={"claimName": "nowhere"}),
    ),
    # A pod has 25 Events at once and then one in five minutes: those of a probe are not to use them up.
    "full": Case(
        "Evicted",
        'got evicted: Usage of EmptyDir volume "weights" exceeds the limit "16Mi".',
        args=["fill", "/weights/data", "64"],
        server=MOUNTED | {"startupProbe": {"periodSeconds": 10}},
        pod=volume(emptyDir={"sizeLimit": "16Mi"}),
    ),
}
