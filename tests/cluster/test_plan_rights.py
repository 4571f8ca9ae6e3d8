"""`modelservice plan` for someone who lacks a right, or whose cluster lacks what it takes."""

import json
from pathlib import Path
from typing import Final

import pytest

from cluster.harness.operator import Operator
from cluster.harness.person import Person, actions, plan
from cluster.harness.service import Service
from localcluster import Kubectl, KubectlError, LocalCluster

NOBODY: Final = "https://127.0.0.1:1"


def test_who_may_not_change_is_told_what_the_schema_says(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    reader = Person(cluster, kubectl).may("get", "modelservices.modelservice.dev")
    service = Service(kubectl).apply().ready()
    told = reader.plan(service)
    assert told.returncode == 0, told
    assert "The API server was not asked" in told.stdout
    told = reader.plan(Service(kubectl, replicas=-1))
    assert told.returncode == 2
    assert "should be greater than or equal to 0" in told.stderr
    service.spec["replicas"] = 2
    assert reader.foresees(service)["pods"]["then"] == 2


def test_who_may_not_read_is_told(operator: Operator, cluster: LocalCluster, kubectl: Kubectl) -> None:
    stranger = Person(cluster, kubectl)
    kubectl("delete", "rolebinding", "looks")
    told = stranger.plan(Service(kubectl))
    assert (told.returncode, told.stdout) == (2, "")
    assert 'cannot get resource "modelservices"' in told.stderr
    stranger.may("get,patch,create", "modelservices.modelservice.dev")
    found = stranger.foresees(Service(kubectl))
    assert set(actions(found).values()) == {"unknown"}
    assert "deployments.apps cannot be read: 403 Forbidden." in found["notes"]


def test_an_api_server_that_does_not_answer(cluster: LocalCluster, kubectl: Kubectl, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
    config["clusters"][0]["cluster"]["server"] = NOBODY
    nowhere.write_text(json.dumps(config))
    told = plan(nowhere, given=json.dumps(Service(kubectl).manifest))
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("Error: the API server does not answer; does kubectl get an answer? GET /apis/")


def test_a_cluster_without_the_definition(bare_cluster: LocalCluster, kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError):
        bare_cluster.kubectl("get", "crd", "modelservices.modelservice.dev")
    told = plan(bare_cluster.kubeconfig, given=json.dumps(Service(kubectl).manifest))
    assert (told.returncode, told.stdout) == (2, "")
    assert "The CustomResourceDefinition is not installed" in told.stderr
