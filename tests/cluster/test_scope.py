"""An operator for given namespaces, with rights in those alone."""

from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import NAME, Operator, chart
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

CLUSTER_SCOPED = {"nodes", "customresourcedefinitions"}


def grant(kubectl: Kubectl, cluster: LocalCluster) -> None:
    """A ServiceAccount `operator` with a Role that has what the chart's ClusterRole grants within a namespace."""
    roles = [manifest for manifest in chart(cluster) if manifest["kind"] == "ClusterRole"]
    role = next(role for role in roles if role["metadata"]["name"] == NAME)
    rules = [
        {**rule, "resources": [resource for resource in rule["resources"] if resource not in CLUSTER_SCOPED]}
        for rule in role["rules"]
    ]
    kubectl(
        "create",
        "-f",
        "-",
        given=[
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}},
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": "operator"},
                "rules": [rule for rule in rules if rule["resources"]],
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": "operator"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"},
                "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": kubectl.namespace}],
            },
        ],
    )


def test_it_serves_its_namespaces_with_rights_in_those_alone(
    operator: Operator, installed: LocalCluster, kubectl: Kubectl
) -> None:
    operator.process.stop()
    grant(kubectl, installed)
    own = Operator(
        installed,
        "scoped",
        kubeconfig=installed.service_account_kubeconfig(kubectl.namespace, "operator"),
        namespaces=kubectl.namespace,
        watch_nodes="off",
        leader_election="off",
    )
    try:
        own.ensure_working()
        with temporary_namespace(installed, "elsewhere") as elsewhere:
            other = Service(installed.kubectl.within(elsewhere)).apply()
            service = Service(kubectl).apply().ready()
            service.apply(accelerator={"count": 16})
            # Without a look at the nodes it cannot be known how many devices the largest has.
            service.wait_for("Ready", "False", "InsufficientAccelerators")
            assert "Insufficient nvidia.com/gpu" in service.problem("InsufficientAccelerators")["message"]
            assert other.condition("Ready") == ("", ""), "a ModelService elsewhere was touched"
        assert "forbidden" not in own.log
    finally:
        own.process.stop()


def test_with_given_namespaces_it_waits_for_the_crd(own_cluster: LocalCluster) -> None:
    manifests = chart(own_cluster)
    crd = next(manifest for manifest in manifests if manifest["kind"] == "CustomResourceDefinition")
    kubectl = own_cluster.kubectl.within("default")
    admin = own_cluster.kubeconfig
    operator = Operator(own_cluster, "scoped", kubeconfig=admin, namespaces="default", leader_election="off")
    eventually(lambda: "install the CRD" in operator.log)
    assert operator.get("/readyz")[0] == 503
    pid = operator.process.pid
    for name in ("first", "again"):
        own_cluster.kubectl("create", "-f", "-", given=crd)
        service = Service(kubectl, name)
        eventually(service.apply, why="the API server serves the kind")
        service.ready(timeout=120)
        own_cluster.kubectl("delete", "crd", crd["metadata"]["name"])
    assert operator.process.pid == pid, "the operator was restarted"
