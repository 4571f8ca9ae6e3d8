"""What the operator remembers of a pod: where it is, what its containers do, and whose it is."""

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.quantity import is_quantity, parse_quantity
from modelservice_operator.records.condition import Condition, condition_of
from modelservice_operator.records.container import Container, containers_of
from modelservice_operator.records.demands import Demands
from modelservice_operator.records.devices import Devices, devices_in
from modelservice_operator.records.fields import items, number, section, text, word
from modelservice_operator.records.pod_event import PodEvent

Amounts: TypeAlias = tuple[tuple[str, Decimal], ...]
"""Cores of `cpu`, bytes of `memory`; above zero."""

_NO_DEMANDS: Final = Demands()
_QUEUE: Final = "kueue.x-k8s.io/queue-name"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod with our labels. Times are RFC 3339, and empty where unknown."""

    namespace: str
    name: str
    uid: str
    resource_version: int
    service: str
    """Name of the ModelService, by its label."""
    revision: str
    runtime: str
    """Name of the runtime, by its label."""
    controlled: bool
    """Its controller is a ReplicaSet of the Deployment called `service`. A label alone proves nothing."""
    gone_by: str
    """When its time to end is over; empty unless it was deleted."""
    created_at: str
    scheduled_at: str
    """When it was bound to a node."""
    node: str
    """Empty while it is not bound to one."""
    phase: str
    reason: str
    message: str
    unscheduled: Condition | None
    """`PodScheduled`, while it is False."""
    ready: bool
    ready_since: str
    """When the condition Ready became what it is."""
    disruption: Condition | None
    """`DisruptionTarget`, once it is True."""
    devices: Devices
    """What the pod as a whole needs."""
    requests: Amounts
    """CPU and memory that the pod as a whole asks for, while no node takes it; empty afterwards."""
    demands: Demands
    """What it asks of a node, while no node takes it; empty afterwards."""
    scheduler: str
    """Name of the scheduler that it asks for; empty for the usual one."""
    scheduling_gates: tuple[str, ...]
    queue: str
    """The queue of Kueue that holds the gate, by the pod's label."""
    claims: tuple[str, ...]
    """PersistentVolumeClaims that it mounts."""
    service_account: str
    containers: tuple[Container, ...]
    events: tuple[PodEvent, ...] = ()
    """What others saw of it, where someone asked for that; a watch of pods does not tell."""
    output: str = ""
    """The last lines of the container that crashed, where someone asked for them and may read them."""
    first_ready: str = ""
    """When its server, in its present run, became ready for the first time. No manifest tells: empty unless watched."""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> "Pod":
        """The record of a pod as the API server gives it. Never raises on what is absent."""
        metadata = section(manifest, "metadata")
        labels = section(metadata, "labels")
        spec = section(manifest, "spec")
        status = section(manifest, "status")
        ready = condition_of(status, "Ready")
        scheduled = condition_of(status, "PodScheduled", "True")
        unscheduled = condition_of(status, "PodScheduled", "False")
        created_at = text(metadata, "creationTimestamp")
        return cls(
            namespace=word(metadata, "namespace"),
            name=text(metadata, "name"),
            uid=text(metadata, "uid"),
            resource_version=number(metadata, "resourceVersion"),
            service=word(labels, names.NAME),
            revision=word(labels, names.REVISION),
            runtime=word(labels, names.RUNTIME),
            controlled=_controlled(metadata, labels),
            gone_by=text(metadata, "deletionTimestamp"),
            created_at=created_at,
            # Mostly the same second: one text for both takes less memory.
            scheduled_at="" if scheduled is None else created_at if scheduled.since == created_at else scheduled.since,
            node=word(spec, "nodeName"),
            phase=word(status, "phase"),
            reason=word(status, "reason"),
            message=text(status, "message"),
            unscheduled=unscheduled,
            ready=ready is not None and ready.status == "True",
            ready_since=ready.since if ready is not None else "",
            disruption=condition_of(status, "DisruptionTarget", "True"),
            devices=devices_of(spec),
            requests=_requests(spec) if unscheduled is not None else (),
            demands=Demands.from_manifest(spec) if unscheduled is not None else _NO_DEMANDS,
            queue=word(labels, _QUEUE),
            scheduler=word(spec, "schedulerName"),
            scheduling_gates=tuple(word(gate, "name") for gate in items(spec, "schedulingGates")),
            claims=_claims(spec),
            service_account=word(spec, "serviceAccountName"),
            containers=containers_of(manifest),
        )

    @property
    def deleting(self) -> bool:
        """It was deleted, and is on its way out."""
        return bool(self.gone_by)

    @property
    def server(self) -> Container | None:
        """The container that serves the model: by its name or, where none has that, the last one."""
        serving = [container for container in self.containers if not container.init]
        named = [container for container in serving if container.name == names.SERVER]
        return next(reversed(named or serving), None)

    @property
    def was_ready(self) -> bool:
        """It is ready, or has been since its server was started: it became unready later than that."""
        running_since = self.server.running_since if self.server is not None else ""
        return self.ready or (bool(running_since) and self.ready_since > running_since)

    def following(self, previous: "Pod") -> "Pod":
        """This record, with what is only known from the one before it."""
        if previous.uid != self.uid:
            return self
        first_ready = self.ready_since if self.ready and not previous.was_ready else previous.first_ready
        return replace(self, first_ready=first_ready) if first_ready else self


def _controlled(metadata: Manifest, labels: Manifest) -> bool:
    replica_set = f"{labels.get(names.NAME)}-{labels.get('pod-template-hash')}"
    return any(
        owner.get("controller") is True and owner.get("kind") == "ReplicaSet" and owner.get("name") == replica_set
        for owner in items(metadata, "ownerReferences")
    )


def devices_of(spec: Manifest) -> Devices:
    """What a pod of this spec needs at once: all containers together, or the largest init container."""
    together: Counter[str] = Counter()
    for container in items(spec, "containers"):
        together.update(dict(_limits(container)))
    for container in items(spec, "initContainers"):
        together |= Counter(dict(_limits(container)))
    return tuple(sorted(together.items()))


def _requests(spec: Manifest) -> Amounts:
    """The most that runs at once: sidecars count with the containers that they outlive."""
    starting = [each for each in items(spec, "initContainers") if each.get("restartPolicy") != "Always"]
    running = [*items(spec, "containers"), *(each for each in items(spec, "initContainers") if each not in starting)]
    amounts = (
        (name, max([sum(_request(each, name) for each in running), *(_request(each, name) for each in starting)]))
        for name in ("cpu", "memory")
    )
    return tuple((name, Decimal(amount)) for name, amount in amounts if amount)


def _request(container: Manifest, name: str) -> Decimal:
    amount = str(section(section(container, "resources"), "requests").get(name, ""))
    return parse_quantity(amount) if is_quantity(amount) else Decimal(0)


def _limits(container: Manifest) -> Devices:
    return devices_in(section(section(container, "resources"), "limits"))


def _claims(spec: Manifest) -> tuple[str, ...]:
    sources = [section(volume, "persistentVolumeClaim") for volume in items(spec, "volumes")]
    return tuple(word(source, "claimName") for source in sources if source)
