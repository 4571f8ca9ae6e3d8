"""Whether a namespace is as a fresh plan of everything wants it: read from the API server, with nothing remembered."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final, Unpack

from typing_extensions import override

from modelservice_operator import diff
from modelservice_operator.api.read import read_spec
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.credentials import load_access
from modelservice_operator.cluster.evidence import Gatherer
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import (
    AUTOSCALER,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    INGRESS,
    MODEL_SERVICE,
    SERVICE,
    WATCHED,
    Resource,
)
from modelservice_operator.cluster.resync import Resync
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.cluster.transport import Content
from modelservice_operator.events import Recorder
from modelservice_operator.manifest import Manifest, digest
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.publish import Publisher
from modelservice_operator.reconcile import Reconciler
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin

CHILDREN: Final = (DEPLOYMENT, SERVICE, AUTOSCALER, DISRUPTION_BUDGET, INGRESS)
PATIENCE: Final = 20.0


class _WouldWrite(Exception):
    """A fresh operator has something to write."""


class _Reader(Client):
    """Reads, and refuses to write."""

    @override
    async def send(self, method: str, path: str, **content: Unpack[Content]) -> tuple[int, Manifest]:
        if method != "GET":
            raise _WouldWrite(f"{method} {path}, {content}")
        return await super().send(method, path, **content)


def unconverged(kubeconfig: Path, namespace: str) -> list[str]:
    """What is not as it should be, one line each; empty when every ModelService of the namespace has converged."""
    return asyncio.run(_unconverged(kubeconfig, namespace))


async def _unconverged(kubeconfig: Path, namespace: str) -> list[str]:
    client = _Reader(await load_access(str(kubeconfig)))
    try:
        async with asyncio.timeout(PATIENCE):
            planned = await _planned(client, namespace)
            return planned or await _to_write(client, namespace)
    except TimeoutError:
        return ["the API server does not answer"]
    finally:
        await client.close()


async def _to_write(client: Client, namespace: str) -> list[str]:
    """What an operator that starts now would write."""
    clock = time.monotonic
    store, queue = Store(), KeyQueue[Key](clock=clock)
    await Resync(client, store, queue, WATCHED, (namespace,), period=600).prime()
    gatherer = Gatherer(client, queue.add, clock=clock, output=False)
    publisher = Publisher(client, store, builtin(), Recorder(client, clock=clock), gatherer, clock=clock)
    reconciler = Reconciler(client, store, builtin(), publisher)
    found = []
    for key in store.services():
        try:
            await reconciler.reconcile(key)
        except _WouldWrite as write:
            found.append(f"{key.name}: {write}")
    return found


async def _planned(client: Client, namespace: str) -> list[str]:
    """Children that are lost, double, another's, or not as planned."""
    parents = [Parent.from_manifest(manifest) async for manifest in _objects(client, MODEL_SERVICE, namespace)]
    live = {
        (resource.kind, manifest["metadata"]["name"]): manifest
        for resource in CHILDREN
        async for manifest in _objects(client, resource, namespace)
    }
    revisions = [manifest async for manifest in _objects(client, CONTROLLER_REVISION, namespace)]
    found: list[str] = []
    for parent in parents:
        found += _missing(parent, live, revisions)
    uids = {parent.uid for parent in parents}
    left = [*live.items(), *((("ControllerRevision", _name(revision)), revision) for revision in revisions)]
    return found + [f"{kind} {name} is left over" for (kind, name), child in left if _owner(child) not in uids]


def _missing(parent: Parent, live: dict[tuple[str, str], Manifest], revisions: list[Manifest]) -> Iterator[str]:
    spec = read_spec(parent.spec, parent.name)
    wanted = inputs(parent.name, spec)
    ours = [revision for revision in revisions if _owner(revision) == parent.uid]
    stored = [revision for revision in ours if digest(revision["data"]["inputs"]) == digest(wanted)]
    if len(stored) != 1:
        yield f"{parent.name} has {len(stored)} revisions of its spec"
        return
    if stored[0]["revision"] != max(revision["revision"] for revision in ours):
        yield f"the newest revision of {parent.name} is not that of its spec"
    template = render(parent.name, spec, builtin(), revision_hash(wanted)).template
    if stored[0]["data"]["template"] != template:
        yield f"the stored template of {parent.name} is not what is rendered from its spec"
    planned = desired_children(parent, spec, template, intended_replicas(spec, exists=True))
    for intent in planned:
        child = live.get((intent["kind"], intent["metadata"]["name"]))
        if child is None:
            yield f"{_called(intent)} is missing"
        elif _owner(child) != parent.uid:
            yield f"{_called(intent)} is not {parent.name}'s"
        elif path := diff.difference(child, intent):
            yield f"{_called(intent)} differs at {path}"
    expected = {(intent["kind"], intent["metadata"]["name"]) for intent in planned}
    for (kind, name), child in live.items():
        if _owner(child) == parent.uid and (kind, name) not in expected:
            yield f"{kind} {name} is one too many"


async def _objects(client: Client, resource: Resource, namespace: str) -> AsyncIterator[Manifest]:
    async for page in client.list_objects(resource, namespace):
        for item in page.items:
            if "deletionTimestamp" not in item["metadata"]:
                yield item


def _owner(manifest: Manifest) -> str:
    """uid of the controller."""
    owners = manifest["metadata"].get("ownerReferences") or ()
    return next((owner["uid"] for owner in owners if owner.get("controller")), "")


def _name(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name


def _called(manifest: Manifest) -> str:
    return f"{manifest['kind']} {_name(manifest)}"
