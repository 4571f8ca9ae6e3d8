"""Deletion is the garbage collector's: nothing hangs, nothing is left, with or without an operator."""

from cluster.harness.definitions import await_established
from cluster.harness.operator import Operator, chart
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster


def test_deleting_a_service_leaves_nothing(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    assert "finalizers" not in service.live["metadata"]
    service.delete()
    eventually(service.is_gone, timeout=60)


def test_foreground_deletion_ends(operator: Operator, kubectl: Kubectl) -> None:
    """The parent stays until its children are gone; recreating one then would keep it for ever."""
    service = Service(kubectl).apply().ready()
    service.delete("--cascade=foreground")
    eventually(service.is_gone, timeout=60)


def test_deleting_the_namespace_leaves_nothing_and_no_noise(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    service = Service(kubectl).apply().ready()
    logged = len(operator.log)
    cluster.kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
    eventually(lambda: kubectl.namespace not in cluster.kubectl("get", "namespaces", "-o", "name"), timeout=90)
    assert f"{kubectl.namespace}/{service.name}]: Will try again" not in operator.log[logged:]


def test_deleted_while_the_operator_is_down(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    kept = Service(kubectl, "kept").apply().ready()
    operator.process.stop()
    service.delete("--timeout=30s")
    operator.ensure_working()
    eventually(service.is_gone, timeout=60)
    kept.ready()


def test_the_crd_goes_and_comes_back(own_cluster: LocalCluster) -> None:
    manifests = chart(own_cluster)
    crd = next(manifest for manifest in manifests if manifest["kind"] == "CustomResourceDefinition")
    own_cluster.kubectl("create", "-f", "-", given=crd)
    await_established(own_cluster, crd["metadata"]["name"])
    operator = Operator(own_cluster, "operator", kubeconfig=own_cluster.kubeconfig, leader_election="off")
    operator.ensure_working()
    pid = operator.process.pid
    kubectl = own_cluster.kubectl.within("default")
    # The garbage collector looks for new kinds of owners every 30 s, and cannot ask after one that is gone again.
    first = Service(kubectl, "first").apply().ready()
    first.delete()
    eventually(first.is_gone, timeout=120)
    service = Service(kubectl).apply().ready()
    own_cluster.kubectl("delete", "crd", crd["metadata"]["name"])
    eventually(lambda: not service.children("deployments", "services", "controllerrevisions", "pods"), timeout=60)
    own_cluster.kubectl("create", "-f", "-", given=crd)
    await_established(own_cluster, crd["metadata"]["name"])
    eventually(lambda: service.apply(), why="the API server serves the kind again")
    service.ready(timeout=90)
    assert operator.process.pid == pid, "the operator was restarted"
