"""What is read of the cluster, with whatever rights there are."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from modelservice_operator.cluster.client import Client, Page
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.resources import MODEL_SERVICE, Resource
from modelservice_operator.manifest import Manifest
from modelservice_operator.report.reading import CONCURRENCY, NotThere, Reader
from modelservice_operator.report.report import report, with_devices
from unit.diagnose.builders import NOW, ended, labelled

SERVICE: Manifest = {
    "metadata": {"namespace": "ml", "name": "chat", "uid": "u"},
    "spec": {"model": {"uri": "hf://a/b"}},
    "status": {"observedGeneration": 1},
}
DEPLOYMENT: Manifest = {
    "metadata": {"namespace": "ml", "name": "chat", "ownerReferences": [{"uid": "u", "controller": True}]},
    "spec": {"replicas": 3},
}
NOTHING: dict[str, list[Manifest]] = {
    kind: []
    for kind in ("services", "horizontalpodautoscalers", "poddisruptionbudgets", "ingresses", "controllerrevisions")
}
EVENT: Manifest = {"kind": "Event", "reason": "FailedMount", "message": "no", "type": "Warning"}
FORBIDDEN = ApiError(403, "Forbidden", "no")


def pod(name: str, **status: object) -> Manifest:
    spec = {"containers": [{"name": "server", "resources": {"limits": {"nvidia.com/gpu": "1"}}}], "nodeName": "gpu-1"}
    return labelled({"metadata": {"name": name, "uid": name}, "spec": spec, "status": status})


CRASHED = pod("chat-7d9c-a", containerStatuses=[{"name": "server", "state": {}, "lastState": ended(1)}])
READY = pod("chat-7d9c-b", conditions=[{"type": "Ready", "status": "True"}])


@dataclass
class Cluster(Client):
    """Answers from a table; what is not in it is forbidden."""

    lists: Mapping[str, list[Manifest]] = field(default_factory=dict)
    answers: Mapping[str, Manifest] = field(default_factory=dict)
    log: str | None = None
    asked: list[str] = field(default_factory=list)

    @override
    async def list_objects(
        self, resource: Resource, namespace: str | None = None, *, fields: str = "", metadata_only: bool = False
    ) -> AsyncIterator[Page]:
        self.asked.append(f"{resource.plural} {namespace} {resource.selector} {fields}")
        if resource.plural not in self.lists:
            raise FORBIDDEN
        yield Page(self.lists[resource.plural], 1)

    @override
    async def request(self, method: str, path: str, **_: object) -> Manifest:
        self.asked.append(f"{method} {path}")
        if path not in self.answers:
            raise FORBIDDEN
        return self.answers[path]

    @override
    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        if resource == MODEL_SERVICE:
            return SERVICE if name == "chat" else None
        self.asked.append(f"GET {resource.plural}")
        if resource.plural not in self.lists:
            raise FORBIDDEN
        return next(iter(self.lists[resource.plural]), None)

    @override
    async def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        self.asked.append(f"{path} {dict(query or {}).get('previous')}")
        if self.log is None:
            raise ApiUnreachable("gone")
        return self.log


async def test_everything_around_a_service() -> None:
    node = {"metadata": {"name": "gpu-1"}}
    stranger = pod("other-1")
    stranger["metadata"]["labels"] = {"modelservice.dev/name": "other"}
    cluster = Cluster(
        lists=NOTHING | {"deployments": [DEPLOYMENT], "pods": [CRASHED, READY, stranger], "nodes": [node]},
        answers={"/api/v1/namespaces/ml/events": {"items": [EVENT]}},
        log="token hf_abcdefghijkl\nValueError: bad\n",
    )
    reading = await Reader(cluster).read("ml", "chat")
    crashed, serving = reading.pods
    assert [event.reason for event in crashed.events] == ["FailedMount"]
    assert crashed.output == "token ***\nValueError: bad\n"
    assert (serving.events, serving.output) == ((), "")
    assert list(reading.nodes) == ["gpu-1"]
    assert reading.around.children == {"Deployment": DEPLOYMENT}
    assert reading.deployment is not None
    assert reading.deployment.wanted_replicas == 3
    assert reading.unreadable == []
    assert "/api/v1/namespaces/ml/pods/chat-7d9c-a/log true" in cluster.asked
    assert sum("events" in asked for asked in cluster.asked) == 1


async def test_pods_are_asked_about_a_few_at_a_time() -> None:
    busy = most = 0

    class Slow(Cluster):
        @override
        async def request(self, method: str, path: str, **_: object) -> Manifest:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1
            return {"items": [EVENT]}

    crashed = [pod(f"chat-7d9c-{number:02}") for number in range(3 * CONCURRENCY)]
    reading = await Reader(Slow(lists={"pods": crashed})).read("ml", "chat")
    assert most == CONCURRENCY
    assert [each.name for each in reading.pods] == [each["metadata"]["name"] for each in crashed]


async def test_what_may_not_be_read_is_left_out_and_named_once() -> None:
    cluster = Cluster(lists={"pods": [CRASHED, pod("chat-7d9c-c")]})
    reading = await Reader(cluster).read("ml", "chat")
    assert [each.name for each in reading.pods] == ["chat-7d9c-a", "chat-7d9c-c"]
    assert reading.pods[0].output == ""
    assert not reading.pods_unread
    assert reading.deployment is None
    assert report(reading, NOW).reason != "StatusOutdated"
    assert reading.unreadable == [
        "deployments.apps cannot be read: 403 Forbidden.",
        "services cannot be read: 403 Forbidden.",
        "horizontalpodautoscalers.autoscaling cannot be read: 403 Forbidden.",
        "poddisruptionbudgets.policy cannot be read: 403 Forbidden.",
        "ingresses.networking.k8s.io cannot be read: 403 Forbidden.",
        "controllerrevisions.apps cannot be read: 403 Forbidden.",
        "events cannot be read: 403 Forbidden.",
        "nodes cannot be read: 403 Forbidden.",
    ]


async def test_pods_that_may_not_be_read_are_not_taken_for_absent() -> None:
    reading = await Reader(Cluster(lists=NOTHING | {"deployments": [DEPLOYMENT], "nodes": []})).read("ml", "chat")
    assert reading.pods_unread
    assert reading.unreadable == ["pods cannot be read: 403 Forbidden."]


async def test_who_holds_devices_is_asked_of_the_whole_cluster() -> None:
    cluster = Cluster(lists={"pods": [CRASHED, pod("web")]})
    reader = Reader(cluster)
    reading = await reader.read("ml", "chat")
    await reader.read_tenants(reading)
    assert [each.name for each in reading.tenants or ()] == ["chat-7d9c-a", "web"]
    assert "pods None  status.phase!=Succeeded,status.phase!=Failed" in cluster.asked


async def test_who_may_not_see_all_pods_is_not_told_that_devices_are_free() -> None:
    reader = Reader(Cluster(lists={"nodes": []}))
    reading = await reader.read("ml", "chat")
    found = report(reading, NOW)
    await reader.read_tenants(reading)
    told = with_devices(found, reading)
    assert (told.devices, reading.tenants) == ((), None)
    assert told.notes == (*found.notes, "pods of all namespaces cannot be read: 403 Forbidden.")


async def test_no_such_service() -> None:
    with pytest.raises(NotThere, match="ModelService nope does not exist in namespace ml"):
        await Reader(Cluster()).read("ml", "nope")
