"""What is made of the API server's answers to dry runs."""

import json
from collections.abc import Mapping
from typing import Final, Unpack

import pytest
from typing_extensions import override

from modelservice_operator.cluster.client import APPLY, MERGE_PATCH
from modelservice_operator.cluster.errors import ApiError, Cause
from modelservice_operator.cluster.transport import Content
from modelservice_operator.dryrun.server import Applying, Refused, Server
from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.service import LAST_APPLIED
from unit.fake_api import Failure, FakeApi, FakeClient
from unit.preview.cases import at_rest, foreseen
from unit.world import SPEC

GIVEN: Final[Manifest] = {
    "apiVersion": "modelservice.dev/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "qwen", "namespace": "ml"},
    "spec": {"model": {"uri": "hf://Qwen/Qwen3-8B"}},
}
BLOCKING: Final = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"


class Asked(FakeClient):
    """Takes whatever it is sent, and notes how; the first request may fail."""

    def __init__(self, error: ApiError | None = None) -> None:
        super().__init__(FakeApi())
        self.sent: list[tuple[str, Mapping[str, str]]] = []
        self._error = error

    @override
    async def send(self, method: str, path: str, **content: Unpack[Content]) -> tuple[int, Manifest]:
        query, content_type = content.get("query"), content["content_type"]
        assert query is not None
        assert query["dryRun"] == "All"
        self.sent.append((content_type, query))
        if self._error is not None:
            raise self._error
        return 200, {"asked": content_type}


def live(*managers: str) -> Manifest:
    """One that `kubectl apply` wrote at some time."""
    noted = {LAST_APPLIED: json.dumps(GIVEN)}
    managed = [{"manager": manager, "operation": "Update"} for manager in managers]
    return {**GIVEN, "metadata": {**GIVEN["metadata"], "annotations": noted, "managedFields": managed}}


@pytest.mark.parametrize(
    ("applying", "there", "types", "manager"),
    [
        (Applying(), None, [APPLY], "kubectl"),
        (Applying("ci"), None, [APPLY], "ci"),
        (Applying(), live("kubectl-client-side-apply"), [MERGE_PATCH], "kubectl-client-side-apply"),
        (Applying("ci"), live("kubectl"), [APPLY], "ci"),
        (Applying(force=True), live("kubectl"), [APPLY], "kubectl"),
        # What is taken over from `kubectl apply` is asked for twice: for conflicts, and for what goes.
        (Applying("ci"), live("kubectl-client-side-apply"), [APPLY, MERGE_PATCH], "ci"),
        (Applying(force=True), live("kubectl-client-side-apply"), [APPLY, MERGE_PATCH], "kubectl"),
    ],
)
async def test_the_flags_ask_for_server_side_apply(
    applying: Applying, there: Manifest | None, types: list[str], manager: str
) -> None:
    client = Asked()
    answer, remark = await Server(client, applying).applied(GIVEN, there)
    assert (answer, remark) == ({"asked": types[-1]}, "")
    assert [sent for sent, _ in client.sent] == types
    query = client.sent[0][1]
    assert query["fieldManager"] == manager
    assert query.get("force") == (None if types[0] == MERGE_PATCH else "true" if applying.force else "false")


@pytest.mark.parametrize(
    ("causes", "hint"), [((Cause("FieldManagerConflict", ".spec.replicas", ""),), True), ((), False)]
)
async def test_only_a_conflict_over_fields_can_be_forced(causes: tuple[Cause, ...], hint: bool) -> None:
    client = Asked(ApiError(409, "Conflict", "no", causes=causes))
    with pytest.raises(Refused) as refused:
        await Server(client, Applying()).applied(GIVEN, None)
    assert ("--force-conflicts" in str(refused.value)) == hint


@pytest.mark.parametrize("status", [404, 409, 410, 429, 503, 504])
async def test_a_child_that_could_not_be_judged_is_told_with_the_answer(status: int) -> None:
    world = await at_rest()
    found = foreseen(world, {**SPEC, "replicas": 3})
    world.api.fail("force Deployment", Failure(status, "Busy", "come back"))
    judged = await Server(FakeClient(world.api), Applying()).judged(found)
    assert judged.problems == ()
    assert judged.notes == (
        f"The API server could not judge the Deployment, and may the next time: {status} Busy: come back",
    )


@pytest.mark.parametrize("words", ['User "me" cannot patch resource "deployments"', BLOCKING])
async def test_a_right_that_the_person_lacks_is_no_problem_of_the_operator(words: str) -> None:
    world = await at_rest()
    found = foreseen(world, {**SPEC, "replicas": 3})
    world.api.fail("force Deployment", Failure(403, "Forbidden", words))
    judged = await Server(FakeClient(world.api), Applying()).judged(found)
    assert judged.problems == ()
    assert judged.notes == ("The API server did not judge Deployment: you lack a right to write them.",)


async def test_a_quota_and_a_policy_are_problems() -> None:
    world = await at_rest()
    found = foreseen(world, {**SPEC, "replicas": 3})
    for words in ("exceeded quota: few", "admission webhook x denied the request: no"):
        world.api.fail("force Deployment", Failure(403, "Forbidden", words))
        judged = await Server(FakeClient(world.api), Applying()).judged(found)
        assert (len(judged.problems), judged.notes) == (1, ())


async def test_what_is_refused_of_a_patched_pod_template_is_laid_to_the_patch() -> None:
    """`containers[0]` is one of the patch: what the API server says of it comes from no field of the runtime."""
    world = await at_rest()
    found = foreseen(world, {**SPEC, "podTemplate": {"spec": {"containers": [{"name": "side"}]}}})
    field = "spec.template.spec.containers[0].image"
    causes = (Cause("FieldValueRequired", field, "Required value"),)
    world.api.fail("force Deployment", Failure(422, "Invalid", f"{field}: Required value", causes))
    (problem,) = (await Server(FakeClient(world.api), Applying()).judged(found)).problems
    assert problem == (
        f"the API server refuses the Deployment: {field}: Required value. Correct spec.podTemplate, or another field "
        "of the spec that the message is about. There, containers[0] is side."
    )


async def test_nothing_is_cleaned_up_where_a_child_is_refused() -> None:
    world = await at_rest()
    found = foreseen(world, {**SPEC, "replicas": 1})
    world.api.fail("force Deployment", Failure(422, "Invalid", "no"))
    judged = await Server(FakeClient(world.api), Applying()).judged(found)
    assert {child.kind: child.action for child in judged.children}["PodDisruptionBudget"] == "keep"
    assert judged.notes == ("PodDisruptionBudget qwen is no longer wanted: it is deleted once the problem is solved.",)
