"""What the examples ask for, as their comments say: Secrets, claims, and a node with MIG slices."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from cluster.harness.wait import eventually
from localcluster import Kubectl
from localcluster.nodes import RARE, node

SLICED = "mig-1"


def add_sliced_node(kubectl: Kubectl) -> None:
    """A node with MIG slices."""
    kubectl("create", "-f", "-", given=node(SLICED, RARE[SLICED], "local-a", 100))
    kubectl("wait", "--for=condition=Ready", "node", SLICED, "--timeout=30s")


@contextmanager
def surroundings(kubectl: Kubectl, manifests: Iterable[Mapping[str, Any]]) -> Iterator[None]:
    """The Secrets and the claims that these ModelServices name."""
    models = [manifest["spec"].get("model") or {} for manifest in manifests]
    for secret in sorted({(model.get("credentials") or {}).get("secretName", "") for model in models} - {""}):
        kubectl("create", "secret", "generic", secret, "--from-literal=HF_TOKEN=hf_example")
    uris = [model.get("uri", "").partition("://") for model in models]
    with ExitStack() as stack:
        for claim in sorted({rest.partition("/")[0] for scheme, _, rest in uris if scheme == "pvc"}):
            stack.enter_context(_volume_with_a_claim(kubectl, claim))
        yield


@contextmanager
def _volume_with_a_claim(kubectl: Kubectl, claim: str) -> Iterator[None]:
    """A claim that is bound, as a user would have it who put a model there."""
    name = f"{kubectl.namespace}-{claim}"
    spec = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    size = {"storage": "100Gi"}
    volume: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": spec | {"capacity": size, "hostPath": {"path": "/models"}},
    }
    kubectl("create", "-f", "-", given=volume)
    try:
        bound = spec | {"volumeName": name, "resources": {"requests": size}}
        manifest = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": claim},
            "spec": bound,
        }
        kubectl("create", "-f", "-", given=manifest)
        eventually(lambda: kubectl.json("get", "pvc", claim)["status"]["phase"] == "Bound", why="the claim is bound")
        yield
    finally:
        kubectl("delete", "persistentvolume", name, "--wait=false")
