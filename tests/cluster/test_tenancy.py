"""An operator for one namespace beside the one for all: each namespace has one that works there, whatever happens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cluster.harness.audit import Audit, Request, settled
from cluster.harness.grants import of_kind
from cluster.harness.helm import BESIDE_ANOTHER, RELEASE, helm, rendered
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import CHART, USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from modelservice_operator.settings import PREFIX

SERVED: Final = "modelservice_namespace_served"
NOT_OURS_TO_COUNT: Final = ("leases",)


class Tenant:
    """A release of the chart that lives in the namespace that it serves, and its operator."""

    def __init__(self, cluster: LocalCluster, kubectl: Kubectl, home: Path) -> None:
        self.cluster, self.kubectl = cluster, kubectl
        self.namespace = kubectl.namespace
        self.user = f"system:serviceaccount:{self.namespace}:{RELEASE}"
        self.holder = f"{self.namespace}/{RELEASE}"
        flags = (*BESIDE_ANOTHER, "--set", "watchNodes=false,aggregateClusterRoles=false")
        manifests = rendered(
            cluster, home, self.namespace, "--skip-tests", "--set", f"namespaces={{{self.namespace}}}", *flags
        )
        container = of_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
        self._environment = {entry["name"]: entry["value"] for entry in container["env"]}
        self._manifests = [manifest for manifest in manifests if manifest["kind"] != "Deployment"]
        (self.lease,) = of_kind(manifests, "Lease")
        self.operator: Operator | None = None

    def install(self) -> None:
        """All but the process."""
        self.kubectl("create", "-f", "-", given=self._manifests)

    def start(self) -> Operator:
        """The process."""
        self.operator = Operator(
            self.cluster,
            f"tenant-{self.namespace}",
            kubeconfig=self.cluster.service_account_kubeconfig(self.namespace, RELEASE),
            leader_election_namespace=self.namespace,
            **{name.removeprefix(PREFIX).lower(): value for name, value in self._environment.items()},
        )
        return self.operator.ensure_working()

    def uninstall(self) -> None:
        """As Helm does it: the Lease goes last, and the process is told to end at about that time."""
        self.kubectl("delete", "-f", "-", given=[one for one in self._manifests if one["kind"] != "Lease"])
        self.kubectl("delete", "-f", "-", given=self.lease)
        self.stop()

    def stop(self) -> None:
        if self.operator is not None:
            self.operator.process.stop()


@pytest.fixture
def tenant(installed: LocalCluster, kubectl: Kubectl, tmp_path: Path) -> Iterator[Tenant]:
    """Nothing of it is installed yet."""
    tenant = Tenant(installed, kubectl, tmp_path)
    yield tenant
    tenant.stop()


def served(operator: Operator, namespace: str) -> dict[str, float]:
    """What the operator says of a namespace that a Lease gives to someone: by holder, whether it works there."""
    lines = [line for line in operator.get("/metrics")[1].splitlines() if line.startswith(f"{SERVED}{{")]
    return {
        line.partition('holder="')[2].partition('"')[0]: float(line.rpartition(" ")[2])
        for line in lines
        if f'namespace="{namespace}"' in line
    }


def writers(audit: Audit, since: int, namespace: str) -> list[Request]:
    """What either operator wrote in a namespace, Leases apart."""
    writes = audit.writes(since=since, namespace=namespace, excluding=NOT_OURS_TO_COUNT)
    return [request for request in writes if request.user in {USER, f"system:serviceaccount:{namespace}:{RELEASE}"}]


def scaled(service: Service, replicas: int) -> bool:
    """Somebody looks after it."""
    return bool(service.status.get("ready") == f"{replicas}/{replicas}")


def test_beside_each_other_each_writes_in_its_own_namespaces_alone(
    operator: Operator, installed: LocalCluster, tenant: Tenant, audit: Audit
) -> None:
    mark = audit.mark()
    tenant.install()
    theirs = tenant.start()
    with temporary_namespace(installed, "elsewhere") as elsewhere:
        inside = Service(tenant.kubectl).apply().ready()
        outside = Service(installed.kubectl.within(elsewhere)).apply().ready()
        inside.apply(runtime={"args": ["--max-model-len=8192"]}).ready()
        outside.apply(runtime={"args": ["--max-model-len=8192"]}).ready()
        assert {request.user for request in writers(audit, mark, tenant.namespace)} == {tenant.user}
        assert audit.writes(user=tenant.user, since=mark, namespace=elsewhere) == []
    assert [request for request in audit.requests(user=tenant.user, since=mark) if request.code == 403] == []
    assert served(operator, tenant.namespace) == {tenant.holder: 0}
    assert served(theirs, tenant.namespace) == {tenant.holder: 1}
    assert f"Namespace {tenant.namespace} is left alone" in operator.log


def test_a_namespace_changes_hands_both_ways_without_a_restart_or_a_write(
    operator: Operator, tenant: Tenant, audit: Audit
) -> None:
    service = Service(tenant.kubectl).apply().ready()
    pods = service.pods()
    mark = settled(audit)
    tenant.install()
    eventually(lambda: served(operator, tenant.namespace) == {tenant.holder: 0}, why="the Lease is seen")
    theirs = tenant.start()
    eventually(lambda: served(theirs, tenant.namespace) == {tenant.holder: 1}, why="the tenant has begun")
    eventually(lambda: theirs.metric("controller_runtime_reconcile_total", result="success") > 0)
    assert writers(audit, mark, tenant.namespace) == [], "changing hands wrote something"
    tenant.kubectl("scale", "modelservice", service.name, "--replicas=2")
    eventually(lambda: scaled(service, 2))
    assert {request.user for request in writers(audit, mark, tenant.namespace)} == {tenant.user}

    mark = audit.mark()
    tenant.uninstall()
    eventually(lambda: served(operator, tenant.namespace) == {}, why="the Lease is gone")
    tenant.kubectl("scale", "modelservice", service.name, "--replicas=3")
    eventually(lambda: scaled(service, 3), timeout=60)
    writes = writers(audit, mark, tenant.namespace)
    assert {request.user for request in writes} == {USER}
    assert {request.resource for request in writes} <= {"deployments", "modelservices", "events"}, "more than asked"
    assert set(pods) <= set(service.pods()), "a pod was replaced"


def test_a_lease_that_goes_while_the_tenant_works_ends_its_work_before_the_other_begins(
    operator: Operator, tenant: Tenant, audit: Audit
) -> None:
    tenant.install()
    theirs = tenant.start()
    service = Service(tenant.kubectl).apply().ready()
    mark = audit.mark()
    tenant.kubectl("delete", "-f", "-", given=tenant.lease)
    eventually(lambda: not theirs.ready, why="the tenant says that it may not work")
    assert "is not there or names nobody" in theirs.get("/readyz")[1]
    tenant.kubectl("scale", "modelservice", service.name, "--replicas=2")
    eventually(lambda: scaled(service, 2), timeout=60)
    assert {request.user for request in writers(audit, mark, tenant.namespace)} == {USER}
    assert served(theirs, tenant.namespace) == {tenant.holder: 0}


def test_the_lease_counts_before_the_first_write_of_an_operator_that_starts(
    operator: Operator, tenant: Tenant, audit: Audit
) -> None:
    """Nobody looks after the namespace then, and the operator that leaves it alone shows it."""
    operator.process.stop()
    tenant.kubectl("create", "-f", "-", given=tenant.lease)
    lonely = Service(tenant.kubectl).apply()
    mark = audit.mark()
    operator.ensure_working()
    with temporary_namespace(tenant.cluster, "elsewhere") as elsewhere:
        Service(tenant.cluster.kubectl.within(elsewhere)).apply().ready()
    assert writers(audit, mark, tenant.namespace) == []
    assert lonely.condition("Ready") == ("", "")
    assert served(operator, tenant.namespace) == {tenant.holder: 0}
    assert lonely.live["metadata"]["name"], "it is there all the same"


def test_two_releases_cannot_have_one_namespace(tenant: Tenant, tmp_path: Path) -> None:
    flags = (
        *BESIDE_ANOTHER,
        "--set",
        f"watchNodes=false,aggregateClusterRoles=false,namespaces={{{tenant.namespace}}}",
    )
    place = ("--namespace", tenant.namespace, *flags)
    helm(tenant.cluster, "install", "first", CHART, *place, home=tmp_path)
    with pytest.raises(AssertionError, match=r'Lease "modelservice-operator-namespace" .* invalid ownership metadata'):
        helm(tenant.cluster, "install", "second", CHART, *place, home=tmp_path)
    helm(tenant.cluster, "uninstall", "first", "--namespace", tenant.namespace, home=tmp_path)
    assert tenant.kubectl("get", "leases", "-l", "modelservice.dev/namespace-lease=true", "-o", "name") == ""
