"""What becomes of a child follows from its intent alone, not from what it was before.

Server-side apply takes away what an intent no longer names. What the API server added to it by itself stays: a default
of an earlier value, or the other name of a field.
"""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from cluster.harness.requests import Api
from golden.conftest import RENDERED
from localcluster import Kubectl, LocalCluster
from modelservice_operator.api.read import read_spec
from modelservice_operator.cluster.resources import BY_KIND
from modelservice_operator.documents import read_documents
from modelservice_operator.plan.account import without_leftover
from modelservice_operator.plan.children import desired_children
from modelservice_operator.plan.revision import inputs, revision_hash
from modelservice_operator.plan.template import render
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin

NAME: Final = "changed"
ALLOCATED: Final = {"clusterIP", "clusterIPs"}
ROUNDS: Final = 3


def image(reference: str) -> dict[str, Any]:
    return {"model": {"uri": "hf://org/repo"}, "runtime": {"image": reference}}


def given(case: Path) -> dict[str, Any]:
    """The spec of a golden case."""
    (manifest,) = read_documents((case / "input.yaml").read_text("utf-8"))
    assert isinstance(manifest, dict)
    spec: dict[str, Any] = manifest["spec"]
    return spec


def patched(**pod: Any) -> dict[str, Any]:
    return {"model": {"uri": "hf://org/repo"}, "podTemplate": {"spec": pod}}


OF_ANOTHER_REVISION: Final = Deployment.from_manifest({})
DIGEST: Final = "sha256:" + "0a" * 32
SPECS: Final[dict[str, dict[str, Any]]] = {
    "account": {"model": {"uri": "hf://org/repo"}, "serviceAccountName": "reader"},
    "account of the template": patched(serviceAccountName="writer"),
    "account by its old name": patched(serviceAccount="lister"),
    "tag": image("example.com:5000/server:1"),
    "latest": image("example.com:5000/server:latest"),
    "no tag": image("example.com:5000/server"),
    "digest": image(f"example.com:5000/server@{DIGEST}"),
    "latest with digest": image(f"example.com:5000/server:latest@{DIGEST}"),
    "never": patched(containers=[{"name": "server", "imagePullPolicy": "Never"}]),
    "sidecar": patched(containers=[{"name": "proxy", "image": "proxy:1"}]),
    "latest sidecar": patched(containers=[{"name": "proxy", "image": "proxy"}]),
    "init": patched(initContainers=[{"name": "prepare", "image": "prepare:1"}]),
    "latest init": patched(initContainers=[{"name": "prepare", "image": "prepare:latest"}]),
    "model": {"model": {"uri": "oci://example.com/model:1"}, "accelerator": {}},
    "latest model": {"model": {"uri": "oci://example.com/model:latest"}, "accelerator": {}},
    "host network": patched(hostNetwork=True, hostPID=True),
} | {case.name: given(case) for case in RENDERED}


def children_of(spec: dict[str, Any], namespace: str) -> list[dict[str, Any]]:
    parent = Parent.from_manifest({"metadata": {"name": NAME, "namespace": namespace, "uid": "u"}})
    read = read_spec(spec, NAME)
    template = render(NAME, read, builtin(), revision_hash(inputs(NAME, read))).template
    children = [without_owner(child) for child in desired_children(parent, read, template, 0)]
    return [without_leftover(child, OF_ANOTHER_REVISION) for child in children]


def without_owner(child: dict[str, Any]) -> dict[str, Any]:
    """The garbage collector would take away what belongs to nothing."""
    return child | {"metadata": {key: part for key, part in child["metadata"].items() if key != "ownerReferences"}}


def spec_of(answer: dict[str, Any]) -> dict[str, Any]:
    assert "spec" in answer, answer
    return {key: part for key, part in answer["spec"].items() if key not in ALLOCATED}


def paths(changed: Any, new: Any, path: str = "") -> Iterator[str]:
    """Where the two differ."""
    if isinstance(changed, dict) and isinstance(new, dict):
        for key in sorted(changed.keys() | new.keys()):
            yield from paths(changed.get(key), new.get(key), f"{path}.{key}")
    elif isinstance(changed, list) and isinstance(new, list) and len(changed) == len(new):
        for index, (left, right) in enumerate(zip(changed, new, strict=True)):
            yield from paths(left, right, f"{path}[{index}]")
    elif changed != new:
        yield f"{path}: {changed!r} instead of {new!r}"


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_changed_child_is_as_a_new_one(cluster: LocalCluster, kubectl: Kubectl, seed: int) -> None:
    api = Api(cluster)
    order = random.Random(seed).sample(sorted(SPECS), len(SPECS))  # noqa: S311
    found = []
    for before, after in pairwise(order):
        for child in children_of(SPECS[after], kubectl.namespace):
            resource, name = BY_KIND[child["kind"]], child["metadata"]["name"]
            changed = api.apply(resource.path(kubectl.namespace, name), child)
            elsewhere = child | {"metadata": child["metadata"] | {"namespace": "default"}}
            new = api.apply_dry_run(resource.path("default", name), elsewhere)
            differing = paths(spec_of(changed), spec_of(new), "spec")
            found += [f"{child['kind']} of {after}, after {before}: {path}" for path in differing]
    assert not found, "\n".join(found)
