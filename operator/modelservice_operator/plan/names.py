"""Every name, label, annotation and field manager that the operator puts on an object.

Selectors and names are immutable in live clusters: nothing here may change once released.
"""

from typing import Final

FIELD_MANAGER: Final = "modelservice-operator"
SCALE_MANAGER: Final = "modelservice-operator-scale"
"""Who holds the replicas of a Deployment for an autoscaler, until that writes them itself."""
REPAIR_MANAGER: Final = "modelservice-operator-repair"
"""Who puts a list right that apply cannot; it owns nothing afterwards."""
OUR_MANAGERS: Final = frozenset({FIELD_MANAGER, SCALE_MANAGER, REPAIR_MANAGER})

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
RUNTIME: Final = "app.kubernetes.io/name"
NAME: Final = "modelservice.dev/name"
COMPONENT: Final = "modelservice.dev/component"
REVISION: Final = "modelservice.dev/revision"

SERVER: Final = "server"
"""Value of the component label on the pods that serve the model."""

FETCH: Final = "fetch"
"""Name of the init container that fetches the model."""

APPLIED_HASH: Final = "modelservice.dev/applied-hash"
"""Annotation on a child: the hash of the intent that was last applied to it."""

RESUME_REPLICAS: Final = "modelservice.dev/resume-replicas"
"""Annotation on a Deployment that is suspended: how many pods its autoscaler wanted before."""

NAMESPACE_LEASE: Final = "modelservice-operator-namespace"
"""Name of the Lease that says which operator works in its namespace."""
NAMESPACE_LEASE_LABEL: Final = "modelservice.dev/namespace-lease"
"""Label of that Lease, with the value `true`, by which it is watched."""

CHILD_SELECTOR: Final = f"{MANAGED_BY}={FIELD_MANAGER}"
"""Label selector of everything that the operator watches beside the ModelServices and the Leases of namespaces."""


def selector(name: str) -> dict[str, str]:
    """Labels that select the serving pods of the ModelService called `name`."""
    return {NAME: name, COMPONENT: SERVER}


def child_labels(name: str, runtime: str) -> dict[str, str]:
    """Labels of every child of the ModelService called `name`."""
    return {MANAGED_BY: FIELD_MANAGER, RUNTIME: runtime, NAME: name}


def revision_name(name: str, revision_hash: str) -> str:
    """Name of the ControllerRevision that stores the pod template of one revision."""
    return f"{name}-{revision_hash}"
