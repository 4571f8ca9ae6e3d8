"""The CPU of a reconcile that has nothing to do, in this process, over what a real cluster holds."""

import asyncio
import time
from typing import Final, Unpack

from typing_extensions import override

from localcluster import LocalCluster
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.credentials import load_access
from modelservice_operator.cluster.evidence import Gatherer
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import WATCHED
from modelservice_operator.cluster.resync import Resync
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.cluster.transport import Content
from modelservice_operator.events import Recorder
from modelservice_operator.manifest import Manifest
from modelservice_operator.publish import Publisher
from modelservice_operator.reconcile import Reconciler
from modelservice_operator.runtimes.catalogue import builtin

PASSES: Final = 7


class Idle(Client):
    """A client that may read lists, and nothing else: whoever reconciles has nothing to do."""

    listed = False

    @override
    async def send(self, method: str, path: str, **content: Unpack[Content]) -> tuple[int, Manifest]:
        assert not self.listed, f"{method} {path}: this reconcile had something to do"
        return await super().send(method, path, **content)


async def idle_reconciler(cluster: LocalCluster) -> tuple[Reconciler, Store, Idle]:
    """A reconciler whose store was filled from a cluster that has come to rest."""
    loop = asyncio.get_running_loop()
    client = Idle(await load_access(str(cluster.kubeconfig), None))
    store = Store()
    queue: KeyQueue[Key] = KeyQueue(clock=loop.time)
    await Resync(client, store, queue, WATCHED, (), period=600).prime()
    client.listed = True
    recorder = Recorder(client, clock=loop.time, on_drop=lambda: None)
    gatherer = Gatherer(client, lambda _: None, clock=loop.time, output=False)
    publisher = Publisher(client, store, builtin(), recorder, gatherer, clock=loop.time)
    return Reconciler(client, store, builtin(), publisher), store, client


def cpu_microseconds(cluster: LocalCluster) -> float:
    """CPU time per reconcile: the best of several passes over all ModelServices, after one that warms up."""
    return asyncio.run(_best_pass(cluster))


async def _best_pass(cluster: LocalCluster) -> float:
    reconciler, store, client = await idle_reconciler(cluster)
    keys = store.services()
    times = []
    for _ in range(1 + PASSES):
        before = time.process_time()
        for key in keys:
            await reconciler.reconcile(key)
        times.append(time.process_time() - before)
    await client.close()
    return min(times[1:]) / len(keys) * 1e6
