"""Which pods a namespace takes that enforces a Pod Security level: what docs/using.md says of each runtime."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import ROOT
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator.runtimes.catalogue import builtin

GOLDENS: Final = ROOT / "tests" / "golden"
NEED_BASELINE: Final = {"tgi", "custom"}
"""With a device of NVIDIA or none."""


@pytest.fixture(scope="module")
def restricted(cluster: LocalCluster) -> Iterator[Kubectl]:
    """kubectl in a namespace that enforces the level `restricted`."""
    yield from enforcing(cluster, "restricted")


@pytest.fixture(scope="module")
def baseline(cluster: LocalCluster) -> Iterator[Kubectl]:
    """kubectl in a namespace that enforces the level `baseline`."""
    yield from enforcing(cluster, "baseline")


@pytest.mark.parametrize("runtime", [*builtin()])
def test_a_model_pod(restricted: Kubectl, baseline: Kubectl, runtime: str) -> None:
    golden = "quickstart" if runtime == "vllm" else runtime
    children = yaml.safe_load_all((GOLDENS / golden / "children.yaml").read_text("utf-8"))
    template = next(child for child in children if child["kind"] == "Deployment")["spec"]["template"]
    assert template["metadata"]["labels"]["app.kubernetes.io/name"] == runtime
    pod = template | {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "model"}}
    assert takes(restricted, pod) == (runtime not in NEED_BASELINE)
    assert takes(baseline, pod)


def enforcing(cluster: LocalCluster, level: str) -> Iterator[Kubectl]:
    """kubectl in a namespace that enforces a level."""
    with temporary_namespace(cluster, level) as name:
        cluster.kubectl("label", "namespace", name, f"pod-security.kubernetes.io/enforce={level}")
        yield cluster.kubectl.within(name)


def takes(kubectl: Kubectl, pod: dict[str, Any]) -> bool:
    """The namespace takes the pod; nothing but its Pod Security level may speak against it."""
    try:
        kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", given=pod)
    except KubectlError as error:
        assert "violates PodSecurity" in str(error), error
        return False
    return True
