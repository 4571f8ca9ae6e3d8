"""A ModelService in an API server in memory, and an operator process that a test steps through."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from typing_extensions import override

from modelservice_operator import api
from modelservice_operator.api.read import read_spec
from modelservice_operator.cluster.errors import ApiError, ApiUnreachable
from modelservice_operator.cluster.evidence import Gatherer
from modelservice_operator.cluster.freshness import Freshness
from modelservice_operator.cluster.queue import KeyQueue
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.cluster.resync import Resync
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.cluster.watch import Watch
from modelservice_operator.events import Event as ModelServiceEvent
from modelservice_operator.events import Recorder
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import inputs
from modelservice_operator.publish import Publisher
from modelservice_operator.reconcile import Reconciler
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.runtimes.runtime import Runtime
from unit.fake_api import NAMESPACE, Event, FakeApi, FakeClient

KEY: Final = Key(NAMESPACE, "qwen")
START: Final = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)
SPEC: Final[Manifest] = {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "accelerator": {"count": 1}, "replicas": 2}
TURNS: Final = 60
"""More turns than anything needs to come to rest."""


class Recorded(Recorder):
    """Keeps the Events that it is given."""

    def __init__(self, client: FakeClient) -> None:
        super().__init__(client, clock=lambda: 0.0)
        self.events: list[ModelServiceEvent] = []

    @override
    def record(self, regarding: Parent, event: ModelServiceEvent, now: datetime) -> None:
        self.events.append(event)


class Process:
    """One operator process: a store, and a reconciler over it."""

    def __init__(self, world: "World") -> None:
        clock = world.clock
        client = FakeClient(world.api)
        self.dirty: dict[Key, None] = {}
        self.store = Store(lambda key: self.dirty.setdefault(key))
        self.recorder = Recorded(client)
        self.gatherer = Gatherer(client, lambda key: self.dirty.__setitem__(key, None), clock=clock, output=True)
        self.publisher = Publisher(
            client, self.store, world.runtimes, self.recorder, self.gatherer, clock=clock, now=world.now
        )
        self.reconciler = Reconciler(client, self.store, world.runtimes, self.publisher)
        freshness = Freshness(1.0, clock=clock)
        queue: KeyQueue[Key] = KeyQueue(clock=clock)
        self.resync = Resync(client, self.store, queue, BY_KIND.values(), (), period=600.0)
        self.watch = Watch(client, self.store, (), (), freshness, on_relist=self.resync.relisted, on_start=lambda: None)

    def take(self, event: Event) -> None:
        """A watch tells."""
        self.watch._take(event.resource, event.type, event.manifest)


class World:
    """The API server, the time, the operator, and what its watches have not told it yet."""

    def __init__(self, name: str = KEY.name) -> None:
        self.api = FakeApi()
        self.key = Key(NAMESPACE, name)
        self.runtimes: Mapping[str, Runtime] = builtin()
        self.seconds = 0.0
        self.pending: list[Event] = []
        self.process = Process(self)
        self._rolled_out: object = None

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def apply(self, spec: Manifest = SPEC, *, uid: str = "uid-ms") -> None:
        """The user creates the ModelService, or changes its spec."""
        manifest = {
            "apiVersion": api.API_VERSION,
            "kind": api.KIND,
            "metadata": {"name": self.key.name, **({"uid": uid} if uid else {})},
            "spec": {**spec},
        }
        if self.api.live(api.KIND, self.key.name) is None:
            self.api.now = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            self.api.put(manifest)
        else:
            self.api.edit(api.KIND, lambda live: live.update(spec={"replicas": 1, **spec}), self.key.name)

    async def restart(self) -> None:
        """The operator ends, and another begins with fresh lists."""
        self.gather()
        self.pending.clear()
        self.process = Process(self)
        await self.process.resync.prime()

    async def ask(self) -> None:
        """Whatever evidence is due now is gathered."""
        gatherer = self.process.gatherer
        for uid, dossier in list(gatherer._dossiers.items()):
            await gatherer._ask(uid, dossier)

    def gather(self) -> list[Event]:
        """Events that were not delivered yet, in the order in which they happened."""
        self.pending += self.api.events
        self.api.events.clear()
        return self.pending

    def deliver(self) -> None:
        """The watches tell everything there is to tell, in order."""
        for event in self.gather():
            self.process.take(event)
        self.pending.clear()

    async def heal(self) -> None:
        """What a relist and the sweep after it bring about: everything that is there, and nothing that is not."""
        self.gather()
        self.pending.clear()
        for kind, resource in BY_KIND.items():
            for manifest in self.api.objects(kind):
                if watched(manifest, resource.selector):
                    self.process.take(Event(resource, None, manifest))
        await self.process.resync.sweep(BY_KIND.values())

    async def turn(self) -> float | None:
        """One reconcile of the ModelService; a failure that is worth a retry is one second of waiting."""
        self.process.dirty.clear()
        try:
            return await self.process.reconciler.reconcile(self.key)
        except (ApiError, ApiUnreachable):
            return 1.0

    async def settle(self, *, patience: float = 5.0) -> None:
        """Deliver and reconcile until there is nothing to do within `patience` seconds.

        A process that only polls for what it cannot watch is at rest. The clock moves on as delays ask.
        """
        self.process.dirty[self.key] = None
        for _ in range(TURNS):
            self.deliver()
            if not self.process.dirty:
                return
            after = await self.turn()
            if after is not None and after <= patience:
                self.seconds += after
                self.process.dirty[self.key] = None
        raise AssertionError(f"does not come to rest; lately: {self.api.writes()[-12:]}")

    async def rest(self, *, patience: float = 5.0) -> None:
        """Everything comes about: reconciled, rolled out by the Deployment controller, reconciled again."""
        for _ in range(TURNS):
            await self.settle(patience=patience)
            self.seconds += 1.0
            if not self.roll_out():
                return
        raise AssertionError("the rollout does not end")

    def roll_out(self, *, available: bool = True) -> bool:
        """The Deployment controller does its work at once; returns whether there was any.

        While paused it scales what is there, and replaces nothing.
        """
        live = self.api.live("Deployment", self.key.name)
        if live is None:
            self._rolled_out = None
            return False
        paused = live["spec"].get("paused", False)
        if not paused:
            self._rolled_out = live["spec"]["template"]
        wanted: int = live["spec"]["replicas"]
        count = wanted if self._rolled_out is not None else 0
        serving = count if available else 0
        reason = "DeploymentPaused" if paused else "NewReplicaSetAvailable" if available else "ReplicaSetUpdated"
        status = {
            "observedGeneration": live["metadata"]["generation"],
            "replicas": count,
            "updatedReplicas": count if self._rolled_out == live["spec"]["template"] else 0,
            "readyReplicas": serving,
            "availableReplicas": serving,
            "conditions": [{"type": "Progressing", "status": "True", "reason": reason}],
        }
        self.api.set_status("Deployment", status, self.key.name)
        return self.api.live("Deployment", self.key.name) != live

    @property
    def status(self) -> Manifest:
        """The status of the ModelService, as stored."""
        live = self.api.live(api.KIND, self.key.name)
        assert live is not None
        status: Manifest = live["status"]
        return status

    def condition(self, condition_type: str) -> tuple[str, str]:
        """Status and reason of a condition."""
        found = next(entry for entry in self.status["conditions"] if entry["type"] == condition_type)
        return found["status"], found["reason"]

    def child(self, kind: str) -> Manifest:
        """A live child."""
        live = self.api.live(kind, self.key.name)
        assert live is not None, f"there is no {kind}"
        return live

    def parent(self) -> Parent:
        """The live ModelService."""
        live = self.api.live(api.KIND, self.key.name)
        assert live is not None
        return Parent.from_manifest(live)

    def revisions(self) -> list[Manifest]:
        """The live ControllerRevisions, the oldest first."""
        return sorted(self.api.objects("ControllerRevision"), key=lambda live: int(live["revision"]))

    def desired(self) -> Manifest:
        """The live ControllerRevision of what the spec asks for."""
        parent = self.parent()
        wanted = inputs(parent.name, read_spec(parent.spec, parent.name))
        (found,) = (live for live in self.revisions() if live["data"]["inputs"] == wanted)
        return found

    def intents(self) -> list[Manifest]:
        """The children that the live spec asks for, with the stored template of its revision."""
        parent = self.parent()
        spec = read_spec(parent.spec, parent.name)
        return desired_children(parent, spec, self.desired()["data"]["template"], intended_replicas(spec, exists=True))


def owned_by(uid: str, name: str = "qwen") -> list[Manifest]:
    """The owner references of a child of the ModelService with this uid."""
    return [{"apiVersion": api.API_VERSION, "kind": api.KIND, "name": name, "uid": uid, "controller": True}]


def our_labels(name: str = "qwen") -> dict[str, str]:
    """The labels of a child."""
    return names.child_labels(name, "vllm")


def kinds(manifests: Iterable[Manifest]) -> list[str]:
    """Kind and name of each."""
    return [f"{manifest['kind']} {manifest['metadata']['name']}" for manifest in manifests]


def watched(manifest: Manifest, selector: str) -> bool:
    """The object has the label by which it is watched."""
    key, _, value = selector.partition("=")
    return not selector or (manifest["metadata"].get("labels") or {}).get(key) == value
