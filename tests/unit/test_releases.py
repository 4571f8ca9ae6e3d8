"""What stands in clusters since earlier releases is what we still make of the same specs, but for the templates."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from modelservice_operator import diff
from modelservice_operator.api import KIND
from modelservice_operator.api.read import read_spec
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.replicas import intended_replicas
from modelservice_operator.plan.revision import inputs, revision_hash
from modelservice_operator.records.parent import Parent
from releases import RECORDED, allowed, read


class Case(NamedTuple):
    parent: Parent
    revision: Manifest
    """The newest."""
    children: dict[tuple[str, str], Manifest]


def cases(release: str) -> Iterator[Case]:
    _, manifests = read(release)
    for parent in (Parent.from_manifest(manifest) for manifest in manifests if manifest["kind"] == KIND):
        owned = [
            manifest
            for manifest in manifests
            if parent.uid in [owner["uid"] for owner in manifest["metadata"].get("ownerReferences") or ()]
        ]
        revisions = [manifest for manifest in owned if manifest["kind"] == "ControllerRevision"]
        yield Case(
            parent,
            max(revisions, key=lambda revision: int(revision["revision"])),
            {(child["kind"], child["metadata"]["name"]): child for child in owned if child not in revisions},
        )


@pytest.mark.parametrize("release", RECORDED)
def test_every_revision_is_found_by_its_inputs(release: str) -> None:
    for case in cases(release):
        wanted = inputs(case.parent.name, read_spec(case.parent.spec, case.parent.name))
        assert wanted == case.revision["data"]["inputs"]
        assert revision_hash(wanted) == case.revision["metadata"]["labels"][names.REVISION]


@pytest.mark.parametrize("release", RECORDED)
def test_every_child_holds_what_is_wanted(release: str) -> None:
    differing = []
    for case in cases(release):
        spec = read_spec(case.parent.spec, case.parent.name)
        template = case.revision["data"]["template"]
        for intent in desired_children(case.parent, spec, template, intended_replicas(spec, exists=True)):
            child = case.children.pop((intent["kind"], intent["metadata"]["name"]), None)
            applied = (child or {"metadata": {}})["metadata"].get("annotations", {}).get(names.APPLIED_HASH)
            written = allowed(release, BY_KIND[intent["kind"]].plural, case.parent.name)
            if not written and applied != diff.intent_hash(intent):
                differing.append(f"{intent['kind']} {case.parent.name}")
        assert case.children == {}, "nothing of what is there would be deleted"
    # The name is taken, the rollout waits, the API server refused it.
    assert set(differing) <= {"Service beside-a-namesake", "Deployment paused", "Deployment refused"}
