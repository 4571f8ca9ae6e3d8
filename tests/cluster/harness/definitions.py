"""CustomResourceDefinitions on the control plane."""

from typing import Any

from cluster.harness.wait import eventually
from localcluster import LocalCluster


def await_established(cluster: LocalCluster, *crds: str) -> None:
    """Wait until the objects of CRDs can be created. `kubectl wait` fails where one has no status yet."""
    these = [f"crd/{crd}" for crd in crds]
    eventually(lambda: cluster.kubectl("wait", "--for=condition=Established", *these, "--timeout=30s"))


def install_definition(cluster: LocalCluster, definition: dict[str, Any]) -> None:
    """Apply a CRD, and wait until its objects can be created and explained."""
    names, group = definition["spec"]["names"], definition["spec"]["group"]
    crd = definition["metadata"]["name"]
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=definition)
    await_established(cluster, crd)
    eventually(
        lambda: cluster.kubectl("explain", names["plural"], "--api-version", f"{group}/v1alpha1"),
        why=f"{crd} is in the OpenAPI document",
    )
