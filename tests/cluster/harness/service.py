"""One ModelService in a test: apply it, and read what became of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cluster.harness.wait import eventually
from localcluster import Kubectl
from localcluster.client import Client

REVISION = "modelservice.dev/revision"


class Service:
    """A ModelService by its name, in the namespace of `kubectl`. The default spec is the quickstart's."""

    def __init__(self, kubectl: Kubectl, name: str = "qwen", **spec: Any) -> None:
        self.kubectl = kubectl
        self.name = name
        self.spec: dict[str, Any] = {
            "model": {"uri": "hf://Qwen/Qwen3-8B"},
            "accelerator": {"count": 1},
        } | spec

    @property
    def manifest(self) -> dict[str, Any]:
        """As a user writes it."""
        return {
            "apiVersion": "modelservice.dev/v1alpha1",
            "kind": "ModelService",
            "metadata": {"name": self.name},
            "spec": self.spec,
        }

    def apply(self, **spec: Any) -> "Service":
        """`kubectl apply` it, with these fields of the spec changed."""
        self.spec |= spec
        self.kubectl("apply", "--server-side", "-f", "-", given=self.manifest)
        return self

    def delete(self, *flags: str) -> None:
        """Delete it."""
        self.kubectl("delete", "modelservice", self.name, *flags)

    @property
    def live(self) -> dict[str, Any]:
        """The object."""
        return self.kubectl.json("get", "modelservice", self.name)

    @property
    def status(self) -> dict[str, Any]:
        """Its status."""
        status: dict[str, Any] = self.live.get("status") or {}
        return status

    def condition(self, kind: str) -> tuple[str, str]:
        """Status and reason of a condition, if it is about the latest spec; else two empty texts."""
        live = self.live
        if live["status"].get("observedGeneration") != live["metadata"]["generation"]:
            return "", ""
        found: Mapping[str, str] = next((c for c in live["status"]["conditions"] if c["type"] == kind), {})
        return found.get("status", ""), found.get("reason", "")

    def wait_for(self, kind: str, status: str, reason: str | None = None, timeout: float = 60) -> None:
        """Wait until a condition is what it should be, for the latest spec."""

        def reached() -> bool:
            seen = self.condition(kind)
            assert seen[0] == status, self.status
            assert reason is None or seen[1] == reason, self.status
            return True

        eventually(reached, timeout=timeout, why=f"{self.name} becomes {kind}={status} ({reason or 'any reason'})")

    def ready(self, timeout: float = 60) -> "Service":
        """Wait until it is Ready."""
        self.wait_for("Ready", "True", timeout=timeout)
        return self

    def child(self, kind: str) -> dict[str, Any]:
        """The child of its name."""
        return self.kubectl.json("get", kind, self.name)

    def children(self, *kinds: str) -> list[dict[str, Any]]:
        """All objects of these kinds with its label."""
        selector = f"modelservice.dev/name={self.name}"
        items: list[dict[str, Any]] = self.kubectl.json("get", ",".join(kinds), "-l", selector)["items"]
        return items

    def pods(self) -> set[str]:
        """uids of its pods that are not being deleted."""
        return {pod["metadata"]["uid"] for pod in self.children("pods") if "deletionTimestamp" not in pod["metadata"]}

    def revisions(self) -> list[str]:
        """Names of its ControllerRevisions, oldest first."""
        found = sorted(self.children("controllerrevisions"), key=lambda revision: revision["revision"])
        return [revision["metadata"]["name"] for revision in found]

    def problem(self, reason: str) -> dict[str, Any]:
        """The problem with that reason in its status."""
        problems: list[dict[str, Any]] = self.status.get("problems") or []
        return {problem["reason"]: problem for problem in problems}[reason]

    def client(self) -> Client:
        """One that asks at `status.url`, whose host, for want of a DNS, becomes the address of the Service."""
        url = urlsplit(self.status["url"])
        assert url.hostname == f"{self.name}.{self.kubectl.namespace}.svc"
        address = self.child("service")["spec"]["clusterIP"]
        return Client(address, self.name, port=url.port or 80, base=url.path)

    def is_gone(self) -> bool:
        """Neither it nor anything of it is left."""
        left = self.children("deployments", "services", "controllerrevisions", "replicasets", "pods")
        return not left and self.name not in self.kubectl("get", "modelservices", "-o", "name")
