"""What is read of the cluster for one report. Only the ModelService itself must be readable."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final

from modelservice_operator.around import around, cannot
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.evidence import BYTES, EVENT_LIMIT, LINES
from modelservice_operator.cluster.resources import EVENT, MODEL_SERVICE, NODE, POD, Resource
from modelservice_operator.diagnose.masking import masked
from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.children import KINDS
from modelservice_operator.preview.surroundings import Surroundings
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.node import Node
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import Pod
from modelservice_operator.records.pod_event import pod_event

CONCURRENCY: Final = 8
"""Pods about which more is asked at the same time."""


class NotThere(Exception):
    """There is no such ModelService; the message says where it was looked for."""


@dataclass(slots=True)
class Reading:
    """A ModelService and what is around it, as of one moment."""

    parent: Parent
    deployment: Deployment | None = None
    pods: list[Pod] = field(default_factory=list)
    """With their events, and the last lines of those that crashed."""
    pods_unread: bool = False
    """They may be there, and could not be read."""
    nodes: dict[str, Node] = field(default_factory=dict)
    tenants: list[Pod] | None = None
    """All pods of the cluster that hold devices; None where that is not known."""
    around: Surroundings = field(default_factory=lambda: Surroundings(unread=frozenset(KINDS)))
    """The children, and the stored revisions."""
    unreadable: list[str] = field(default_factory=list)
    """What could not be read, and why."""


class Reader:
    """Reads with the rights of whoever asks: what they may not see is left out, and named."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def services(self, namespace: str | None) -> list[Parent]:
        """The ModelServices of a namespace, or of all.

        Raises:
            ApiError, ApiUnreachable: they cannot be read.
        """
        pages = self._client.list_objects(MODEL_SERVICE, namespace)
        return [Parent.from_manifest(item) async for page in pages for item in page.items]

    async def read(self, namespace: str, name: str) -> Reading:
        """One ModelService with everything around it.

        Raises:
            NotThere: it does not exist.
            ApiError, ApiUnreachable: it cannot be read.
        """
        manifest = await self._client.get(MODEL_SERVICE, namespace, name)
        if manifest is None:
            raise NotThere(f"ModelService {name} does not exist in namespace {namespace}.")
        reading = Reading(Parent.from_manifest(manifest))
        reading.around, unread = await around(self._client, namespace, name)
        reading.unreadable += unread
        reading.deployment = reading.around.deployment(reading.parent)
        listed = await self._all(reading, POD, namespace)
        reading.pods_unread = listed is None
        pods = map(Pod.from_manifest, listed or ())
        room = asyncio.Semaphore(CONCURRENCY)
        ours = (self._with_evidence(reading, pod, room) for pod in pods if pod.service == name)
        reading.pods = await asyncio.gather(*ours)
        nodes = map(Node.from_manifest, await self._all(reading, NODE, None) or ())
        reading.nodes = {node.name: node for node in nodes}
        return reading

    async def read_tenants(self, reading: Reading) -> None:
        """Add all pods of the cluster that hold devices, if they may be read."""
        everyone = replace(POD, selector="")
        alive = "status.phase!=Succeeded,status.phase!=Failed"
        listed = await self._all(reading, everyone, None, alive, " of all namespaces")
        if listed is not None:
            pods = map(Pod.from_manifest, listed)
            reading.tenants = [pod for pod in pods if pod.devices and pod.node]

    async def _with_evidence(self, reading: Reading, pod: Pod, room: asyncio.Semaphore) -> Pod:
        if pod.ready:
            return pod
        query = {"fieldSelector": f"involvedObject.uid={pod.uid}", "limit": str(EVENT_LIMIT)}
        async with room:
            answer = await self._try(reading, EVENT, pod.namespace, query)
            events = (pod_event(event) for event in (answer or {}).get("items") or ())
            return replace(pod, events=tuple(events), output=await self._output(pod))

    async def _output(self, pod: Pod) -> str:
        """The last lines of the first container that ended by a failure; of its last run, or of the one before."""
        for container in pod.containers:
            if container.terminated is None and container.last_terminated is None:
                continue
            path = POD.path(pod.namespace, pod.name, "log")
            query = {"container": container.name, "tailLines": str(LINES), "limitBytes": str(BYTES)}
            if container.terminated is None:
                query["previous"] = "true"
            try:
                return masked(await self._client.text(path, query))
            except (ApiError, ApiUnreachable):
                # The container may be gone. Its termination message stays.
                continue
        return ""

    async def _all(
        self, reading: Reading, resource: Resource, namespace: str | None, fields: str = "", of: str = ""
    ) -> list[Manifest] | None:
        """Every object of a kind; None, and a remark, where it may not be read."""
        try:
            pages = self._client.list_objects(resource, namespace, fields=fields)
            return [item async for page in pages for item in page.items]
        except (ApiError, ApiUnreachable) as error:
            _remark(reading, resource, error, of)
            return None

    async def _try(
        self, reading: Reading, resource: Resource, namespace: str, query: dict[str, str]
    ) -> Manifest | None:
        try:
            return await self._client.request("GET", resource.path(namespace), query=query)
        except (ApiError, ApiUnreachable) as error:
            _remark(reading, resource, error)
            return None


def _remark(reading: Reading, resource: Resource, error: ApiError | ApiUnreachable, of: str = "") -> None:
    remark = cannot(resource, error, of)
    if remark not in reading.unreadable:
        reading.unreadable.append(remark)
