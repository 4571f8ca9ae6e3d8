from typing import Any

import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.account import with_account


def deployment(pod: Manifest) -> Manifest:
    return {"kind": "Deployment", "spec": {"replicas": 1, "template": {"metadata": {}, "spec": pod}}}


@pytest.mark.parametrize(
    ("given", "account"),
    [
        ({}, ""),
        ({"serviceAccountName": "", "serviceAccount": None}, ""),
        ({"serviceAccountName": "reader"}, "reader"),
        ({"serviceAccount": "reader"}, "reader"),
        ({"serviceAccountName": "reader", "serviceAccount": "writer"}, "reader"),
        ({"serviceAccountName": False}, False),
    ],
)
def test_under_both_names_as_the_api_server_reads_them(given: Manifest, account: Any) -> None:
    both = {"serviceAccountName": account, "serviceAccount": account}
    assert with_account(deployment({"containers": [], **given})) == deployment({"containers": [], **both})


def test_what_has_no_pods_stays() -> None:
    service: Manifest = {"kind": "Service", "spec": {"ports": []}}
    assert with_account(service) is service
