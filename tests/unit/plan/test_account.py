import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.account import by_one_name, without_leftover
from modelservice_operator.records.deployment import Deployment

NONE: Manifest = {"serviceAccountName": "", "serviceAccount": ""}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, {}),
        ({"serviceAccountName": "reader"}, {"serviceAccountName": "reader"}),
        ({"serviceAccount": "reader"}, {"serviceAccountName": "reader"}),
        ({"serviceAccountName": "", "serviceAccount": "reader"}, {"serviceAccountName": "reader"}),
        ({"serviceAccountName": "reader", "serviceAccount": "writer"}, {"serviceAccountName": "reader"}),
    ],
)
def test_by_the_name_that_counts(given: Manifest, read: Manifest) -> None:
    assert by_one_name({"metadata": {}, "spec": {"containers": [], **given}}) == {
        "metadata": {},
        "spec": {"containers": [], **read},
    }


def deployment(pod: Manifest, revision: str = "new") -> Manifest:
    template = {"metadata": {"labels": {"modelservice.dev/revision": revision}}, "spec": pod}
    return {"kind": "Deployment", "spec": {"replicas": 1, "template": template}}


OLD, NEW = (Deployment.from_manifest(deployment({}, revision)) for revision in ("old", "new"))


def test_an_account_goes_with_the_revision_that_had_it() -> None:
    assert without_leftover(deployment({"containers": []}), OLD) == deployment({"containers": [], **NONE})


@pytest.mark.parametrize(
    ("intent", "live"),
    [
        (deployment({"serviceAccountName": "reader"}), OLD),
        (deployment({"containers": []}), NEW),
        (deployment({"containers": []}), None),
        ({"kind": "Service", "spec": {}}, OLD),
    ],
)
def test_else_nothing_is_added(intent: Manifest, live: Deployment | None) -> None:
    """The account of the same revision is someone else's matter: taking it away would replace pods."""
    assert without_leftover(intent, live) is intent
