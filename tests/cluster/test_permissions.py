"""What the chart lets the operator do is what the operator does, and what users may do is what their roles say."""

import re
from pathlib import Path
from typing import Final

import pytest

from cluster.harness.audit import Audit
from cluster.harness.grants import Grant, granted, of_kind, used
from cluster.harness.helm import BESIDE_ANOTHER, RELEASE, rendered
from cluster.harness.operator import NAME, NAMESPACE, ROOT, USER, Operator, chart
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator.settings import PREFIX

LOGS: Final = Grant("", "pods/log", "get")
CRASH: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "crash"}]}
SCALING = {"maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}


def test_it_grants_little(cluster: LocalCluster, tmp_path: Path) -> None:
    everywhere = granted(chart(cluster))
    assert len(everywhere) <= 55
    assert not {grant for grant in everywhere if grant.resource.startswith("secrets") or "*" in grant}
    assert {grant.verb for grant in everywhere if grant.resource.startswith("nodes")} <= {"get", "list", "watch"}
    flags = ("--set", "namespaces={team-a,team-b}")
    scoped = rendered(cluster, tmp_path, "own", *flags)
    assert granted(scoped) < everywhere
    operators_own = [role for role in of_kind(scoped, "ClusterRole") if role["metadata"]["name"] == RELEASE]
    assert [rule["resources"] for role in operators_own for rule in role["rules"]] == [["nodes"]]
    only_namespaced = rendered(
        cluster, tmp_path, "own", *flags, *BESIDE_ANOTHER, "--set", "watchNodes=false,aggregateClusterRoles=false"
    )
    assert {manifest["kind"] for manifest in only_namespaced} == {
        "ServiceAccount",
        "Lease",
        "Role",
        "RoleBinding",
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "Pod",
    }


def test_the_docs_say_what_is_granted(cluster: LocalCluster) -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    rows = re.findall(r"^\| `?([\w.]+)`? \| `([a-z/]+)` \| ([a-z, ]+) \|", page, re.MULTILINE)
    documented = {
        Grant("" if group == "core" else group, resource, verb)
        for group, resource, verbs in rows
        for verb in verbs.split(", ")
    }
    assert documented == granted(chart(cluster))


def test_every_grant_is_needed_and_suffices(
    operator: Operator, installed: LocalCluster, kubectl: Kubectl, audit: Audit
) -> None:
    operator.process.stop()
    installed.kubectl("delete", "lease", "modelservice-operator", "-n", NAMESPACE)
    mark = audit.mark()
    operator.ensure_working()
    _journey(operator, kubectl)
    requests = [
        request
        for request in audit.requests(user=USER, since=mark)
        if request.namespace in {"", NAMESPACE, kubectl.namespace}
    ]
    assert [request for request in requests if request.code == 403] == []
    assert used(requests) == granted(chart(installed))


def test_given_namespaces_need_no_right_outside_of_them(
    operator: Operator, installed: LocalCluster, kubectl: Kubectl, audit: Audit, tmp_path: Path
) -> None:
    """The release serves the namespace that it lives in: one namespace is all that it knows of the cluster.

    It may read what containers printed, which is granted in the namespaces too.
    """
    operator.process.stop()
    namespace = kubectl.namespace
    flags = (*BESIDE_ANOTHER, "--set", "watchNodes=false,aggregateClusterRoles=false,diagnosis.podLogs=true")
    manifests = rendered(installed, tmp_path, namespace, "--skip-tests", "--set", f"namespaces={{{namespace}}}", *flags)
    container = of_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    kubectl("create", "-f", "-", given=[manifest for manifest in manifests if manifest["kind"] != "Deployment"])
    own = Operator(
        installed,
        "scoped-by-chart",
        kubeconfig=installed.service_account_kubeconfig(namespace, RELEASE),
        leader_election_namespace=namespace,
        **{name.removeprefix(PREFIX).lower(): value for name, value in environment.items()},
    )
    try:
        own.ensure_working()
        _journey(own, kubectl)
        user = f"system:serviceaccount:{namespace}:{RELEASE}"
        eventually(lambda: LOGS in used(audit.requests(user=user)), timeout=60, why="the output of the crash is read")
    finally:
        own.process.stop()
    requests = audit.requests(user=user)
    assert LOGS in granted(manifests)
    assert [request for request in requests if request.code == 403] == []
    assert used(requests) == granted(manifests)


@pytest.mark.parametrize(
    ("role", "reads", "writes"), [("view", True, False), ("edit", True, True), ("admin", True, True)]
)
def test_the_roles_of_the_cluster_cover_model_services(
    installed: LocalCluster, kubectl: Kubectl, role: str, reads: bool, writes: bool
) -> None:
    kubectl("create", "rolebinding", role, f"--clusterrole={role}", "--user=someone")

    def may(verb: str, subresource: str = "") -> bool:
        try:
            kubectl("auth", "can-i", verb, "modelservices", f"--subresource={subresource}", "--as=someone")
        except KubectlError:
            return False
        return True

    eventually(lambda: may("get") == reads, why="the roles are aggregated")
    assert [may("list"), may("watch"), may("get", "status"), may("get", "scale")] == [reads] * 4
    assert [may(verb) for verb in ("create", "update", "patch", "delete", "deletecollection")] == [writes] * 5
    assert [may("update", "scale"), may("patch", "scale")] == [writes] * 2
    assert not may("patch", "status"), "only the operator writes it"


def test_who_may_view_writes_nothing_and_who_may_edit_offers_a_model(
    operator: Operator, installed: LocalCluster, kubectl: Kubectl
) -> None:
    for role in ("view", "edit"):
        kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user=may-{role}")
    service = Service(kubectl)
    viewer, editor = (Service(kubectl.impersonating(f"may-{role}")) for role in ("view", "edit"))
    with pytest.raises(KubectlError, match='"may-view" cannot patch resource "modelservices"'):
        viewer.apply()
    eventually(lambda: editor.apply(), why="the roles are aggregated")
    service.ready()
    assert viewer.status["ready"] == "1/1"
    editor.kubectl("scale", "modelservice", service.name, "--replicas=2")
    eventually(lambda: service.status["ready"] == "2/2")
    with pytest.raises(KubectlError, match=r'cannot (patch|update) resource "modelservices/scale"'):
        viewer.kubectl("scale", "modelservice", service.name, "--replicas=3")
    editor.kubectl("delete", "modelservice", service.name)
    editor.kubectl("auth", "can-i", "create", "leases")  # as docs/operating.md says


def test_what_is_added_to_the_roles_of_the_cluster_is_about_model_services_alone(cluster: LocalCluster) -> None:
    """No Secrets among it; and the operator is not bound to it."""
    manifests = chart(cluster)
    added = [
        role
        for role in of_kind(manifests, "ClusterRole")
        if any(label.startswith("rbac.authorization.k8s.io/aggregate-to-") for label in role["metadata"]["labels"])
    ]
    assert [role["metadata"]["name"] for role in added] == ["modelservice-view", "modelservice-edit"]
    assert {group for role in added for rule in role["rules"] for group in rule["apiGroups"]} == {"modelservice.dev"}
    bound = {binding["roleRef"]["name"] for binding in of_kind(manifests, "ClusterRoleBinding")}
    assert bound == {NAME}


def _journey(operator: Operator, kubectl: Kubectl) -> None:
    """Everything that can happen to a ModelService and makes the operator read or write something of its own kind."""
    _in_someone_elses_way(kubectl)
    Service(kubectl, "crashes", runtime=CRASH).apply().wait_for("Ready", "False", "CrashLooping")
    service = Service(kubectl, endpoint={"ingress": {"host": "models.example.com"}}).apply().ready()
    _scale_by_itself(service)
    kubectl("scale", "modelservice", service.name, "--replicas=2")
    eventually(lambda: service.status["ready"] == "2/2")
    _suspend_and_resume(service)
    operator.restart()
    _suspend_and_resume(service)  # an Event that this process did not make is counted up
    service.apply(runtime={"args": ["--max-model-len=8192"]}).ready()
    service.apply(runtime={"args": []}).ready()  # the stored revision comes back
    service.apply(rollout={"revisionHistoryLimit": 0}).ready()
    eventually(lambda: len(service.revisions()) == 1, why="old revisions are deleted")
    kubectl("delete", "deployment", service.name)  # is the ModelService still there?
    service.ready()
    _have_copies_pruned(service)
    _take_the_label_off_a_revision(service)
    service.delete()
    eventually(service.is_gone, timeout=60)


def _suspend_and_resume(service: Service) -> None:
    service.apply(suspend=True).wait_for("Ready", "True", "Suspended")
    service.apply(suspend=False).wait_for("Ready", "True", "ReplicasReady")


def _in_someone_elses_way(kubectl: Kubectl) -> None:
    """Foreign objects are read, to say whose they are."""
    kubectl("create", "deployment", "taken", "--image=example.com/theirs:1")
    kubectl("create", "service", "clusterip", "taken", "--tcp=80")
    kubectl("autoscale", "deployment", "taken", "--min=1", "--max=2")
    kubectl("create", "poddisruptionbudget", "taken", "--selector=app=theirs", "--max-unavailable=2")
    kubectl("create", "ingress", "taken", "--rule=theirs.example.com/=taken:80")
    endpoint = {"ingress": {"host": "models.example.com"}}
    Service(kubectl, "taken", scaling=SCALING, endpoint=endpoint).apply().wait_for("Stalled", "True", "NameConflict")
    kubectl("delete", "modelservice,deployment,service,hpa,pdb,ingress", "taken")


def _scale_by_itself(service: Service) -> None:
    service.apply(scaling=SCALING).ready()
    eventually(lambda: service.children("horizontalpodautoscalers", "poddisruptionbudgets"))
    service.kubectl("patch", "modelservice", service.name, "--type=merge", "-p", '{"spec":{"scaling":null}}')
    eventually(lambda: not service.children("horizontalpodautoscalers", "poddisruptionbudgets"), why="they are deleted")


def _have_copies_pruned(service: Service) -> None:
    """Children under other names, as left by an operator with other children, are deleted."""
    for kind in ("deployment", "service"):
        child = service.child(kind)
        metadata = {key: child["metadata"][key] for key in ("labels", "ownerReferences")} | {"name": f"old-{kind}"}
        spec = {key: value for key, value in child["spec"].items() if not key.startswith("clusterIP")}
        copy = {"apiVersion": child["apiVersion"], "kind": child["kind"], "metadata": metadata, "spec": spec}
        service.kubectl("create", "-f", "-", given=copy)
    eventually(lambda: len(service.children("deployments", "services")) == 2, why="the copies are deleted")
    service.kubectl(
        "patch", "modelservice", service.name, "--type=json", "-p", '[{"op":"remove","path":"/spec/endpoint"}]'
    )
    eventually(lambda: not service.children("ingresses"), why="the Ingress is deleted")


def _take_the_label_off_a_revision(service: Service) -> None:
    """It then seems to be gone, and is found when it is to be made again."""
    revision = service.revisions()[0]
    service.kubectl("label", "controllerrevision", revision, "app.kubernetes.io/managed-by-", "modelservice.dev/name-")
    eventually(lambda: service.revisions() == [revision], why="the revision has its labels again")
