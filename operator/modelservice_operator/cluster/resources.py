"""The kinds that the operator reads or writes, and the paths at which the API server serves them."""

import re
from dataclasses import dataclass
from typing import Final

from modelservice_operator import api
from modelservice_operator.cluster.errors import InvalidName
from modelservice_operator.plan import names

_SEGMENT: Final = re.compile(r"(?!\.{1,2}\Z)[-\w.:]+", re.ASCII)
"""What may stand between two slashes of a path. Quoting would help nobody: servers undo it before they look."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object. `selector` is the label selector under which we list and watch it; empty means all."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    selector: str = ""

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """`deployments.apps`, as in messages and metrics; only the plural for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """URL path of an object or, without a name, of the collection (of all namespaces without a namespace).

        Raises:
            InvalidName: it would be the path of something else.
        """
        for part in filter(None, (namespace, name)):
            if not _SEGMENT.fullmatch(part):
                raise InvalidName(f"{part!r} is no name of an object or namespace: letters, digits, - and . make one")
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        if namespace and self.namespaced:
            parts.append(f"namespaces/{namespace}")
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


MODEL_SERVICE: Final = Resource(api.GROUP, api.VERSION, api.PLURAL, api.KIND)
DEPLOYMENT: Final = Resource("apps", "v1", "deployments", "Deployment", selector=names.CHILD_SELECTOR)
CONTROLLER_REVISION: Final = Resource(
    "apps", "v1", "controllerrevisions", "ControllerRevision", selector=names.CHILD_SELECTOR
)
SERVICE: Final = Resource("", "v1", "services", "Service", selector=names.CHILD_SELECTOR)
AUTOSCALER: Final = Resource(
    "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", selector=names.CHILD_SELECTOR
)
DISRUPTION_BUDGET: Final = Resource(
    "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", selector=names.CHILD_SELECTOR
)
INGRESS: Final = Resource("networking.k8s.io", "v1", "ingresses", "Ingress", selector=names.CHILD_SELECTOR)
POD: Final = Resource("", "v1", "pods", "Pod", selector=names.CHILD_SELECTOR)
NODE: Final = Resource("", "v1", "nodes", "Node", namespaced=False)
LEASE: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease", selector=f"{names.NAMESPACE_LEASE_LABEL}=true")
"""Those that say which operator works in a namespace."""
EVENT: Final = Resource("", "v1", "events", "Event")
"""Those of one pod are listed; of all that are watched none is stored."""

WATCHED: Final = (
    MODEL_SERVICE,
    DEPLOYMENT,
    SERVICE,
    AUTOSCALER,
    DISRUPTION_BUDGET,
    INGRESS,
    CONTROLLER_REVISION,
    POD,
    NODE,
    LEASE,
)
"""In the order in which they are listed at first: who works where is to be known as of the last moment."""
BY_KIND: Final = {resource.kind: resource for resource in WATCHED}
