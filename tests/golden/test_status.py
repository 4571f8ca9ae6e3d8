"""From a spec and what the cluster shows to the status, by the whole operator over an API server in memory."""

from pathlib import Path

import pytest

from golden.conftest import OBSERVED, Golden
from modelservice_operator.api.status import ModelServiceStatus
from modelservice_operator.documents import read_documents, write_documents
from modelservice_operator.manifest import Manifest
from unit.world import World


@pytest.mark.parametrize("case", OBSERVED, ids=lambda case: case.name)
async def test_status(case: Path, golden: Golden) -> None:
    (given,), observed = documents(case / "input.yaml"), documents(case / "observed.yaml")
    world = World(given["metadata"]["name"])
    before = case / "before.yaml"
    if before.exists():
        world.apply(documents(before)[0]["spec"])
        await world.rest()
        assert world.condition("Ready")[0] == "True"
    for manifest in observed:
        if manifest["kind"] in {"Deployment", "Service"} and "spec" in manifest:
            world.api.put(manifest)
    world.seconds += 5.0
    world.apply(given["spec"])
    await world.settle()
    for manifest in observed:
        show(world, manifest)
    world.seconds += 5.0
    await world.settle()
    in_order = ModelServiceStatus.model_validate(world.status).model_dump(
        by_alias=True, exclude_unset=True, mode="json"
    )
    assert in_order == world.status, "the API has no such fields"
    golden.check(case / "status.yaml", write_documents([in_order]))


def documents(path: Path) -> list[Manifest]:
    found = read_documents(path.read_text("utf-8"))
    return [manifest for manifest in found if isinstance(manifest, dict)]


def show(world: World, manifest: Manifest) -> None:
    """The cluster says so."""
    name = manifest["metadata"]["name"]
    if manifest["kind"] in {"Pod", "Node"} and world.api.live(manifest["kind"], name) is None:
        world.api.put(manifest)
    elif manifest["kind"] in {"Pod", "Node"}:
        world.api.set_status(manifest["kind"], manifest["status"], name)
    elif "status" in manifest:
        world.api.set_status(manifest["kind"], manifest["status"], name)
        live = world.api.live(manifest["kind"], name)
        assert live is not None
        assert manifest["status"]["observedGeneration"] == live["metadata"]["generation"], "or else it is out of date"


def test_cases_are_found() -> None:
    assert len(OBSERVED) >= 9
