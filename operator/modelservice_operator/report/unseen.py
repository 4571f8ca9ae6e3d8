"""What the status of a ModelService knows nothing of: the operator has yet to look, or is away. Pure."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from modelservice_operator import conditions
from modelservice_operator.api.read import InvalidSpec, read_spec
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diff import differences, intent_hash
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.replicas import least_replicas, wanted_replicas
from modelservice_operator.preview.children import Child
from modelservice_operator.preview.outlook import asked_for
from modelservice_operator.preview.owned import is_ours
from modelservice_operator.preview.surroundings import Surroundings
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.fields import section
from modelservice_operator.records.parent import Parent
from modelservice_operator.report.trouble import Trouble
from modelservice_operator.runtimes.catalogue import builtin

STATUS_OUTDATED: Final = "StatusOutdated"
BEING_DELETED: Final = "BeingDeleted"

_ALWAYS: Final = frozenset({"Deployment", "Service"})
"""Kinds of the children that are there whatever the spec says."""
_MOST_PATHS: Final = 3


def unseen(parent: Parent, deployment: Deployment | None, around: Surroundings) -> Trouble | None:
    """What the status of a ModelService does not tell of; None where it is of now.

    It may be that the operator is just at work. What could not be read is taken to be as it should be.
    """
    if parent.deleting or not _seen(parent):
        return unjudged(parent)
    return _outdated(parent, [*_behind(parent), *_contradictions(parent, deployment, around)])


def unjudged(parent: Parent) -> Trouble | None:
    """The same as far as the ModelService alone shows it: it is being deleted, or the status is not about its spec."""
    if parent.deleting:
        return Trouble(
            BEING_DELETED,
            "It is being deleted: the operator does nothing for it any more.",
            f"Wait. If it stays, see which finalizers hold it: kubectl get modelservice {parent.name} "
            f"-n {parent.namespace} -o jsonpath={{.metadata.finalizers}}",
        )
    return _outdated(parent, list(_behind(parent)))


def spec_of(parent: Parent) -> ModelServiceSpec | None:
    """The spec, if it can be read."""
    try:
        return read_spec(parent.spec, parent.name)
    except InvalidSpec:
        return None


def _outdated(parent: Parent, facts: list[str]) -> Trouble | None:
    if not facts:
        return None
    if _seen(parent):
        said = conditions.find(parent.status, conditions.READY).get("reason", "nothing")
        facts = [*facts, f"The status is from before and says {said}."]
    return Trouble(
        STATUS_OUTDATED,
        " ".join(facts),
        f"Ask again in a moment. If this stays, see whether the operator runs and watches namespace {parent.namespace}"
        f": kubectl get deployments -A -l app.kubernetes.io/name={names.FIELD_MANAGER}",
        since="" if _seen(parent) else parent.created_at,
    )


def _seen(parent: Parent) -> int:
    seen: int = parent.status.get("observedGeneration") or 0
    return seen


def _behind(parent: Parent) -> Iterator[str]:
    seen = _seen(parent)
    if not seen and parent.generation:
        yield "It has no status of the operator's yet."
    elif seen < parent.generation:
        yield f"The spec is at generation {parent.generation}, and the operator has looked at generation {seen}."


def _contradictions(parent: Parent, deployment: Deployment | None, around: Surroundings) -> Iterator[str]:
    spec = spec_of(parent)
    if spec is None:
        return
    yield from _children(parent, spec, around)
    if deployment is not None:
        yield from _counts(parent, spec, deployment)


def _children(parent: Parent, spec: ModelServiceSpec, around: Surroundings) -> Iterator[str]:
    """What is missing, and what someone else changed."""
    if _is_held_up(parent.status):
        return
    try:
        found, _, stored = asked_for(parent, spec, around, builtin())
    except PlanError:
        return
    behind = any(_behind(parent))
    for child in found:
        if child.action == "create" and (not behind or child.kind in _ALWAYS):
            yield f"{child.kind} {child.name} does not exist."
        elif child.action == "blocked":
            yield child.remark
        elif child.kind in around.children and child.after is not None and not behind:
            paths = _changed(around.children[child.kind], child, stored=stored)
            if paths:
                yield f"{child.kind} {child.name} was changed by someone else: {', '.join(islice(paths, _MOST_PATHS))}."


def _is_held_up(status: Manifest) -> bool:
    """The status says what keeps the operator from applying the children."""
    ready = conditions.find(status, conditions.READY)
    of_no_pod = any(not entry.get("pods") for entry in status.get("problems") or ())
    return ready.get("status") != "True" and (of_no_pod or ready.get("reason") == Reason.WAITING_FOR_PREDECESSOR)


def _changed(live: Manifest, child: Child, *, stored: bool) -> list[str]:
    """The fields that someone else made other than the operator applied them.

    What an admission policy or the API server itself makes of every apply is as it should be. What an operator of
    another version wants otherwise is no change; a stored pod template is the same for all.
    """
    intent = child.intent or {}
    bare = {key: value for key, value in section(intent, "metadata").items() if key != "uid"}
    applied = section(section(live, "metadata"), "annotations").get(names.APPLIED_HASH)
    same_intent = intent_hash({**intent, "metadata": bare}) == applied
    paths = (path for path in differences(live, child.after) if not is_ours(live, path))
    return [path for path in paths if same_intent or (stored and path.startswith("spec.template."))]


def _counts(parent: Parent, spec: ModelServiceSpec, deployment: Deployment) -> Iterator[str]:
    """What contradicts the verdict; while pods come and go the status is a moment late, and nobody the wiser."""
    ready, wanted = deployment.ready_replicas, wanted_replicas(spec, deployment)
    least = least_replicas(spec, wanted)
    if conditions.is_true(parent.status, conditions.READY):
        wrong = ready < (wanted if least is None else least)
    else:
        wrong = deployment.complete and ready > (parent.status.get("readyReplicas") or 0)
    if wrong:
        plural, verb = "" if wanted == 1 else "s", "is" if 1 in {ready, wanted} else "are"
        yield f"{ready} of {wanted} pod{plural} {verb} ready."
