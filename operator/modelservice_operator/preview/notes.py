"""What else to know of a change."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diff import differences
from modelservice_operator.manifest import Manifest, digest
from modelservice_operator.plan import names
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.pull_policy import with_pull_policies
from modelservice_operator.plan.revision import inputs
from modelservice_operator.plan.template import render
from modelservice_operator.preview.children import Child
from modelservice_operator.preview.surroundings import Surroundings
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.runtime import Runtime

_MOST_PATHS: Final = 3


def notes(
    before: Manifest | None,
    parent: Parent,
    spec: ModelServiceSpec,
    found: Collection[Child],
    around: Surroundings,
    runtimes: Mapping[str, Runtime],
    *,
    stored: bool,
) -> Iterator[str]:
    """Sentences on who has the number of pods, on children without an owner, and on where a pod template comes from.

    `stored` says that the revision which is asked for is there already.
    """
    yield from still_there(found)
    for child in found:
        if child.action == "adopt":
            yield f"{child.kind} {child.name} has no owner and the labels of this ModelService: it is adopted."
        elif child.action == "unknown":
            yield f"What changes in {child.kind} {child.name} is not known: it cannot be read."
    was = _spec_of(before, parent.name)
    if was is None:
        return
    if spec.scaling and not was.scaling:
        yield (
            f"From now on the autoscaler says how many pods there are, from {spec.scaling.min_replicas} to "
            f"{spec.scaling.max_replicas}; spec.replicas no longer counts."
        )
    elif was.scaling and not spec.scaling:
        yield f"The autoscaler goes, and spec.replicas counts again: {spec.replicas}."
    old, new = inputs(parent.name, was), inputs(parent.name, spec)
    if old == new:
        return
    if stored:
        yield "This revision is stored: its pods will be exactly what they were."
    elif rest := _since_rendered(parent, was, old, around, runtimes):
        yield (
            "The pods that run were rendered by another version of the operator, and the new revision also brings what "
            f"has changed since then, as in {rest}."
        )


def still_there(found: Iterable[Child]) -> Iterator[str]:
    """Sentences on children that would go if nothing were in the way."""
    for child in found:
        if child.action == "keep" and child.after is None:
            yield f"{child.kind} {child.name} is no longer wanted: it is deleted once the problem is solved."


def _spec_of(before: Manifest | None, name: str) -> ModelServiceSpec | None:
    try:
        return read_spec(before["spec"], name) if before is not None else None
    except InvalidSpec:
        return None


def _since_rendered(
    parent: Parent, spec: ModelServiceSpec, asked: Manifest, around: Surroundings, runtimes: Mapping[str, Runtime]
) -> str:
    """Fields of the stored template that would be rendered otherwise today; empty if there are none.

    A pull policy that it leaves out is the API server's default, which is what is written out today.
    """
    template = around.stored(parent, digest(asked)) or around.running(parent, asked)
    if template is None:
        return ""
    try:
        fresh = render(parent.name, spec, runtimes, template["metadata"]["labels"][names.REVISION]).template
    except PlanError:
        return ""
    return ", ".join(islice(differences(with_pull_policies(template), fresh), _MOST_PATHS))
