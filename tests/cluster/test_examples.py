"""Every file in examples/ works as it stands: applied by a user, and reviewed as what `modelservice render` prints."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.harness.examples import SLICED, add_sliced_node, surroundings
from cluster.harness.operator import ROOT, Operator
from cluster.harness.service import Service
from localcluster import Kubectl, LocalCluster
from modelservice_operator.render import render_file

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
OVERLAYS = sorted((ROOT / "examples" / "gitops" / "overlays").iterdir())


@pytest.fixture(scope="module", autouse=True)
def slices(cluster: LocalCluster) -> Iterator[None]:
    """A node with MIG slices, which one of the examples is for."""
    add_sliced_node(cluster.kubectl)
    yield
    cluster.kubectl("delete", "node", SLICED)


def wanted(spec: dict[str, Any]) -> int:
    """How many pods there are at first."""
    replicas: int = spec.get("replicas", 1)
    least: int = (spec.get("scaling") or {}).get("minReplicas", 0)
    return 0 if spec.get("suspend") else max(replicas, least)


def keeps(live: Any, given: Any) -> bool:
    """Everything that was given is there as it was given, which is all that Argo CD compares; more may be there."""
    if isinstance(given, dict):
        return all(key in live and keeps(live[key], value) for key, value in given.items())
    if isinstance(given, list):
        return len(live) == len(given) and all(map(keeps, live, given))
    return bool(live == given)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_becomes_ready(operator: Operator, kubectl: Kubectl, path: Path) -> None:
    manifest: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    with surroundings(kubectl, [manifest]):
        kubectl("apply", "--server-side", "--validate=strict", "-f", path)
        service = Service(kubectl, manifest["metadata"]["name"]).ready()
        assert "problems" not in service.status
        pods = wanted(manifest["spec"])
        assert service.status["ready"] == f"{pods}/{pods}"
        devices = manifest["spec"].get("accelerator")
        assert service.status["accelerators"] == pods * (devices.get("count", 1) if devices else 0)
        assert keeps(service.live, manifest)


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.name)
def test_an_overlay_becomes_ready(operator: Operator, kubectl: Kubectl, path: Path) -> None:
    kubectl("apply", "--server-side", "--validate=strict", "-k", path)
    service = Service(kubectl, "chat").ready()
    replicas = service.live["spec"]["replicas"]
    assert service.status["ready"] == f"{replicas}/{replicas}"
    if path.name == "production":
        nodes = {pod["spec"]["nodeName"] for pod in service.children("pods")}
        assert all(name.startswith("h100-") for name in nodes)
        assert len(nodes) == replicas == 3, "one in each zone"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_what_render_prints_is_accepted(kubectl: Kubectl, path: Path) -> None:
    rendered = render_file(path.read_text("utf-8"))
    name = yaml.safe_load(path.read_text("utf-8"))["metadata"]["name"]
    answer = kubectl("create", "--dry-run=server", "--validate=strict", "-o", "name", "-f", "-", given=rendered)
    assert answer.split()[:2] == [f"deployment.apps/{name}", f"service/{name}"]
    assert len(answer.split()) == len(list(yaml.safe_load_all(rendered)))
