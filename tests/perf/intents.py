"""What the operator would make of a new ModelService."""

from typing import Any, Final

from modelservice_operator.api.read import read_spec
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import controller_revision, inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin

UID: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for that of the owner."""


def children(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The revision, then the others in the order in which they are applied."""
    parent = Parent.from_manifest({**manifest, "metadata": {**manifest["metadata"], "uid": UID}})
    spec = read_spec(parent.spec, parent.name)
    wanted = inputs(parent.name, spec)
    hash_ = revision_hash(wanted)
    template = render(parent.name, spec, builtin(), hash_).template
    revision = controller_revision(parent, wanted, template, hash_, 1)
    return [revision, *desired_children(parent, spec, template, intended_replicas(spec, exists=False))]
