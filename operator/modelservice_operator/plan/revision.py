"""The identity of a revision, and the ControllerRevision that stores its pod template."""

from typing import Final

from modelservice_operator.api.accelerator import Accelerator
from modelservice_operator.api.placement import Placement
from modelservice_operator.api.pod_template import PodTemplate
from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest, digest
from modelservice_operator.plan import names
from modelservice_operator.plan.compact import compact, without_empty_lists
from modelservice_operator.plan.environment import variable
from modelservice_operator.plan.metadata import child_metadata
from modelservice_operator.plan.resources import amounts
from modelservice_operator.quantity import canonical_quantity
from modelservice_operator.records.parent import Parent

RECORD_VERSION: Final = 1
"""Of the shape of a ControllerRevision's data."""

_HASH_LENGTH: Final = 10
_LETTERS: Final = str.maketrans("0123456789abcdef", "bcdfghjkmnpqrstv")
"""Consonants: the hash can be read neither as a number, which YAML would do, nor as a word."""


def inputs(parent_name: str, spec: ModelServiceSpec) -> Manifest:
    """Everything in a spec that shapes the pods, in normal form: two specs with equal inputs are one revision.

    Defaults and empty fields are left out, quantities are canonical. Nothing depends on the version of the
    operator: not the runtime that it would choose, nor what it would render. Frozen, as the hash is.
    """
    shaping = {"model", "runtime", "service_account_name", "rollout"}
    given = spec.model_dump(by_alias=True, exclude_defaults=True, include=shaping)
    normal = {
        "model": _model(parent_name, given.get("model") or {}),
        "runtime": _runtime(spec, given.get("runtime") or {}),
        "rollout": {"restart": spec.rollout.restart},
        "serviceAccountName": spec.service_account_name,
        "resources": {"requests": amounts(spec.resources.requests), "limits": amounts(spec.resources.limits)},
    }
    # An accelerator that says nothing but defaults is still one: without it the model runs on CPUs.
    accelerator = {"accelerator": _accelerator(spec.accelerator)} if spec.accelerator else {}
    open_parts = {"placement": _placement(spec.placement), "podTemplate": _pod_template(spec.pod_template)}
    return compact(normal) | accelerator | {field: part for field, part in open_parts.items() if part}


def _accelerator(asked: Accelerator) -> Manifest:
    given = without_empty_lists(asked.model_dump(by_alias=True, exclude_defaults=True))
    if asked.memory is not None:
        given["memory"] = canonical_quantity(asked.memory)
    if asked.products:
        # Any of them: their order says nothing.
        given["products"] = sorted(asked.products)
    return given


def _pod_template(asked: PodTemplate | None) -> Manifest:
    """The spec as it is written: in a patch an empty value says something."""
    if asked is None:
        return {}
    metadata = asked.metadata.model_dump(by_alias=True, exclude_none=True) if asked.metadata else {}
    metadata = {field: texts for field, texts in metadata.items() if texts}
    return {field: part for field, part in (("metadata", metadata), ("spec", asked.spec)) if part}


def _placement(asked: Placement) -> Manifest:
    given = without_empty_lists(asked.model_dump(by_alias=True, exclude_defaults=True))
    if asked.topology_spread == "None":
        del given["topologySpread"]
    return {field: value for field, value in given.items() if value}


def _model(parent_name: str, given: Manifest) -> Manifest:
    model = {**given}
    if model.get("name") == parent_name:
        del model["name"]
    if model.get("size"):
        model["size"] = canonical_quantity(model["size"])
    return model


def _runtime(spec: ModelServiceSpec, given: Manifest) -> Manifest:
    return {**given, "env": [variable(entry) for entry in spec.runtime.env]}


def revision_hash(revision_inputs: Manifest, collisions: int = 0) -> str:
    """The name of a revision: 40 bits over its inputs, as ten letters.

    `collisions` counts the other inputs that were found under the name; it is a name, not a proof of equality.
    Frozen: a changed result would restart every model.
    """
    identity: object = [revision_inputs, collisions] if collisions else revision_inputs
    return digest(identity)[:_HASH_LENGTH].translate(_LETTERS)


def controller_revision(
    parent: Parent, revision_inputs: Manifest, template: Manifest, hashed: str, number: int
) -> Manifest:
    """The ControllerRevision that stores a revision; created by POST, because server-side apply reorders its data."""
    metadata = child_metadata(parent, names.revision_name(parent.name, hashed), template)
    metadata["labels"][names.REVISION] = hashed
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "data": {"version": RECORD_VERSION, "inputs": revision_inputs, "template": template},
        "revision": number,
    }
