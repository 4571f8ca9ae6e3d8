"""What a change of one ModelService would do."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest, digest
from modelservice_operator.plan import names
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import clamped, intended_replicas, scale, wanted_replicas
from modelservice_operator.plan.revision import inputs
from modelservice_operator.plan.template import render
from modelservice_operator.preview.children import Child, children
from modelservice_operator.preview.devices import Change
from modelservice_operator.preview.notes import notes
from modelservice_operator.preview.service import written
from modelservice_operator.preview.surroundings import Surroundings
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.fields import section
from modelservice_operator.records.parent import Parent
from modelservice_operator.records.pod import devices_of
from modelservice_operator.runtimes.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Pods:
    """What becomes of the pods."""

    before: int
    after: int
    """Once the autoscaler, if there is one, has brought them within its bounds."""
    replaced: bool
    """Each one that stays is replaced by one of another revision."""
    waits: bool
    """The rollout is paused: they will be replaced once it is not."""
    strategy: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a change of one ModelService would do."""

    before: Manifest | None
    """The ModelService as it is written now; None if it is new."""
    after: Manifest
    children: tuple[Child, ...] = ()
    revision: str = ""
    """Name of the revision that is asked for; empty where none can be rendered."""
    stored: bool = False
    """That revision is there already."""
    pods: Pods | None = None
    """None where nothing is known of them."""
    devices: Change | None = None
    most_pods: int | None = None
    """How many the autoscaler may ask for."""
    problems: tuple[str, ...] = ()
    """What the ModelService would stall on."""
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Something is written, the ModelService itself or a child."""
        return self.before != self.after or any(child.changes for child in self.children)


def outlook(live: Manifest | None, wanted: Manifest, around: Surroundings, runtimes: Mapping[str, Runtime]) -> Outlook:
    """What follows when the live ModelService, or none, becomes the wanted one, which the API server has completed."""
    before, after = written(live) if live is not None else None, written(wanted)
    parent = _parent(live, wanted)
    if parent.deleting:
        return Outlook(before, after, problems=("It is being deleted: nothing is done for it any more.",))
    try:
        spec = read_spec(parent.spec, parent.name)
        return _planned(before, after, parent, spec, around, runtimes)
    except (InvalidSpec, PlanError) as error:
        refusal = f"{error} The API server takes it, and the operator leaves the children as they are."
        return Outlook(before, after, problems=(refusal,))


def _parent(live: Manifest | None, wanted: Manifest) -> Parent:
    """A new ModelService has the uid of a dry run, by which nothing goes."""
    metadata = {key: value for key, value in wanted["metadata"].items() if live is not None or key != "uid"}
    return Parent.from_manifest({**wanted, "metadata": metadata})


def _planned(
    before: Manifest | None,
    after: Manifest,
    parent: Parent,
    spec: ModelServiceSpec,
    around: Surroundings,
    runtimes: Mapping[str, Runtime],
) -> Outlook:
    found, template, stored = asked_for(parent, spec, around, runtimes)
    pods, devices = _of_the_deployment(spec, found, template)
    return Outlook(
        before,
        after,
        tuple(found),
        names.revision_name(parent.name, template["metadata"]["labels"][names.REVISION]),
        stored,
        pods,
        devices,
        spec.scaling.max_replicas if spec.scaling and not spec.suspend else None,
        tuple(child.remark for child in found if child.remark),
        tuple(notes(before, parent, spec, found, around, runtimes, stored=stored)),
    )


def asked_for(
    parent: Parent, spec: ModelServiceSpec, around: Surroundings, runtimes: Mapping[str, Runtime]
) -> tuple[list[Child], Manifest, bool]:
    """What becomes of the children, the pod template of the revision that is asked for, and whether that is stored.

    Raises:
        PlanError: the operator refuses the spec.
    """
    asked = inputs(parent.name, spec)
    stored = around.stored(parent, digest(asked)) or around.running(parent, asked)
    template = stored or render(parent.name, spec, runtimes, around.free_hash(parent, asked)).template
    held = around.template_of(parent, parent.serving_revision) if spec.rollout.paused else None
    deployment = around.deployment(parent)
    replicas = _replicas(spec, deployment)
    intents = desired_children(parent, spec, held or template, intended_replicas(spec, exists=deployment is not None))
    return children(parent, intents, around, replicas), template, stored is not None


def _replicas(spec: ModelServiceSpec, deployment: Deployment | None) -> int:
    """How many pods the operator lets the Deployment have: the autoscaler's number, again after a suspension."""
    handed = scale(spec, deployment) if deployment is not None else None
    if handed is not None and handed.replicas is not None:
        return handed.replicas
    return wanted_replicas(spec, deployment)


def _of_the_deployment(
    spec: ModelServiceSpec, found: list[Child], template: Manifest
) -> tuple[Pods | None, Change | None]:
    """What becomes of the pods and their devices; nothing where the Deployment is not known, or not written."""
    child = next(child for child in found if child.kind == "Deployment")
    if child.after is None or child.action in {"unknown", "blocked"}:
        return None, None
    new = child.after["spec"]
    then = _settled(spec, found, new["replicas"])
    old = child.before["spec"] if child.before is not None else {"replicas": 0, "template": new["template"]}
    exchanged = old["template"] != new["template"] and old["replicas"] > 0 and new["replicas"] > 0
    paused = spec.rollout.paused
    running = section(section(old["template"], "metadata"), "labels").get(names.REVISION)
    waits = paused and running != template["metadata"]["labels"][names.REVISION]
    pods = Pods(old["replicas"], then, exchanged and not paused, waits, spec.rollout.strategy)
    devices = Change(
        pods.before,
        pods.after,
        dict(devices_of(old["template"]["spec"])),
        dict(devices_of(new["template"]["spec"])),
        replaced=pods.replaced,
        surge=spec.rollout.strategy == "Surge",
        late=then != new["replicas"],
    )
    return pods, devices


def _settled(spec: ModelServiceSpec, found: list[Child], replicas: int) -> int:
    """How many pods there are once the autoscaler has looked: it keeps to its bounds before it asks for any metric."""
    blocked = any(child.kind == "HorizontalPodAutoscaler" and child.action == "blocked" for child in found)
    return replicas if spec.scaling is None or spec.suspend or blocked else clamped(replicas, spec.scaling)
