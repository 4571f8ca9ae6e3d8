"""The objects of a namespace as the API server stores them: written to a file, and put back into another etcd.

Nothing is lost by that, neither uids nor field managers: they are put where the API server would have put them. The
times in them are moved, as if they had been recorded a moment ago.
"""

import base64
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import releases
from localcluster import Kubectl, LocalCluster

PLACES: Final = {
    "ModelService": "modelservice.dev/modelservices",
    "ControllerRevision": "controllerrevisions",
    "Deployment": "deployments",
    "ReplicaSet": "replicasets",
    "Pod": "pods",
    "Service": "services/specs",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Ingress": "ingress",
}
"""Kind -> where in etcd."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=(?:\.\d+)?Z)")
_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"


def record(kubectl: Kubectl, release: str) -> None:
    """Write every object of the namespace that a release and the cluster's controllers made."""
    found = kubectl.json("get", ",".join(PLACES), "--show-managed-fields")["items"]
    about = {"recorded": datetime.now(UTC).strftime(f"{_FORMAT}Z"), "namespace": kubectl.namespace}
    for manifest in found:
        del manifest["metadata"]["resourceVersion"]
    lines = [json.dumps(entry, separators=(",", ":"), ensure_ascii=False) for entry in (about, *found)]
    releases.path_of(release).write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def restore(cluster: LocalCluster, release: str) -> Kubectl:
    """Put a recording into a cluster; returns its namespace. Controllers see all of it at once."""
    about, manifests = releases.read(release)
    age = datetime.now(UTC) - datetime.fromisoformat(about["recorded"])
    cluster.kubectl("create", "namespace", about["namespace"])
    plane = cluster.control_plane
    plane.controller_manager.stop()
    for manifest in manifests:
        plane.etcd_request("/v3/kv/put", {"key": _encoded(_key(manifest)), "value": _encoded(_moved(manifest, age))})
    plane.controller_manager.start()
    return cluster.kubectl.within(about["namespace"])


def _key(manifest: dict[str, Any]) -> str:
    metadata = manifest["metadata"]
    return f"/registry/{PLACES[manifest['kind']]}/{metadata['namespace']}/{metadata['name']}"


def _moved(manifest: dict[str, Any], by: timedelta) -> str:
    def later(found: re.Match[str]) -> str:
        return (datetime.strptime(found[0], _FORMAT).replace(tzinfo=UTC) + by).strftime(_FORMAT)

    return _TIME.sub(later, json.dumps(manifest))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
