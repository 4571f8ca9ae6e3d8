"""The chart: what it installs is accepted, suffices for the operator, and grants nothing that it does not use."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cluster.harness.audit import Audit
from cluster.harness.grants import Grant, granted, of_kind, used
from cluster.harness.helm import RELEASE, helm, rendered
from cluster.harness.operator import CHART, NAME, NAMESPACE, ROOT, USER, Operator, chart
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator import __version__
from modelservice_operator.settings import PREFIX, Settings

MODEL: Final = "modelservice.modelservice.dev/qwen3-8b"
"""What the chart's notes offer."""
BESIDE_ANOTHER: Final = ("--set", "crds.enabled=false")
"""A release beside one that brought the CRD."""
CHANGED: Final = """
replicas: 1
watchNodes: false
diagnosis: {podLogs: true}
aggregateClusterRoles: false
image: {repository: registry.example.com/team/operator, tag: v1, pullPolicy: Always}
imagePullSecrets: [{name: registry}]
serviceAccount: {name: models}
log: {format: text, level: debug}
env: [{name: MODELSERVICE_WORKERS, value: "32"}]
resources: {requests: {cpu: 1, memory: 256Mi}, limits: {memory: 1Gi}}
podAnnotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}]
affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm:
  {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app.kubernetes.io/instance: own}}}}]}}
priorityClassName: system-cluster-critical
"""
"""Every value of the chart but `namespaces` and `crds`, none as it is by default."""


def test_helm_finds_nothing_to_complain_about(cluster: LocalCluster, tmp_path: Path) -> None:
    assert "[WARNING]" not in helm(cluster, "lint", "--strict", CHART, home=tmp_path)


def test_its_version_is_that_of_the_operator() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert (about["version"], about["appVersion"]) == (__version__, __version__)


@pytest.mark.parametrize(
    ("flag", "complaint"),
    [
        ("replica=3", "additional properties 'replica' not allowed"),
        ("watchNodes=perhaps", "at '/watchNodes'"),
        ("namespaces={team-*}", "at '/namespaces/0'"),
        ("log.level=loud", "at '/log/level'"),
    ],
)
def test_a_wrong_value_is_refused(cluster: LocalCluster, tmp_path: Path, flag: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        rendered(cluster, tmp_path, "default", "--set", flag)


@pytest.mark.parametrize("values", ["", CHANGED, "namespaces: [HERE]"], ids=["default", "changed", "scoped"])
def test_the_api_server_takes_it_and_its_pods_pass_the_restricted_level(
    installed: LocalCluster, kubectl: Kubectl, tmp_path: Path, values: str
) -> None:
    kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
    with pytest.raises(KubectlError, match="violates PodSecurity"):
        kubectl("run", "careless", "--image=example.com/careless:1", "--dry-run=server")
    (tmp_path / "values.yaml").write_text(values.replace("HERE", kubectl.namespace))
    manifests = rendered(installed, tmp_path, kubectl.namespace, *BESIDE_ANOTHER, "-f", tmp_path / "values.yaml")
    kubectl("create", "--validate=strict", "--dry-run=server", "-f", "-", given=manifests)
    kubectl("create", "--validate=strict", "-f", "-", given=manifests)
    try:
        kubectl("rollout", "status", f"deployment/{RELEASE}", "--timeout=60s")
        wanted = of_kind(manifests, "Deployment")[0]["spec"]["replicas"]
        assert len(kubectl.json("get", "pods")["items"]) == wanted
    finally:
        kubectl("delete", "-f", "-", "--wait=false", given=manifests)


def test_the_operator_understands_what_the_chart_tells_it(cluster: LocalCluster, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(CHANGED)
    flags = ("--set", "namespaces={team-a,team-b}", "-f", tmp_path / "values.yaml")
    container = _operator(rendered(cluster, tmp_path, "own", *flags))
    environment = {entry["name"]: entry["value"] for entry in container["env"]}
    assert environment.keys() <= {setting.variable for setting in Settings.declared()}
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "own"}
    settings = Settings.from_env(environment | pod)
    assert settings.namespaces == ("team-a", "team-b")
    assert settings.watch_nodes is False
    assert settings.pod_logs is True
    assert (settings.log_format, settings.log_level, settings.workers) == ("text", "debug", 32)
    assert container["ports"] == [{"name": "http", "containerPort": settings.http_port}]
    assert container["command"] == ["modelservice", "run"]


def test_it_grants_little(cluster: LocalCluster, tmp_path: Path) -> None:
    everywhere = granted(chart(cluster))
    assert len(everywhere) <= 55
    assert not {grant for grant in everywhere if grant.resource.startswith("secrets") or "*" in grant}
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
        "Role",
        "RoleBinding",
        "Deployment",
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
    manifests = rendered(installed, tmp_path, namespace, "--set", f"namespaces={{{namespace}}}", *flags)
    environment = {entry["name"]: entry["value"] for entry in _operator(manifests)["env"]}
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


def test_installing_upgrading_and_uninstalling(own_cluster: LocalCluster, tmp_path: Path) -> None:
    def release(*arguments: str) -> str:
        return helm(own_cluster, *arguments, "--namespace", NAMESPACE, "--wait", "--timeout=60s", home=tmp_path)

    def models() -> list[str]:
        return own_cluster.kubectl("get", "modelservices", "-A", "-o", "name").split()

    notes = release("install", NAME, str(CHART), "--create-namespace")
    script = re.search(r"^kubectl apply.*?^YAML$", notes, re.MULTILINE | re.DOTALL)
    assert script is not None, notes
    path = f"{own_cluster.programs.kubectl.parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"KUBECONFIG": str(own_cluster.kubeconfig), "PATH": path}
    subprocess.run(["bash", "-c", script[0]], env=environment, check=True, capture_output=True)
    assert models() == [MODEL]

    release("upgrade", NAME, str(CHART), "--set", "replicas=1")
    assert own_cluster.kubectl.json("get", "deployment", NAME, "-n", NAMESPACE)["status"]["replicas"] == 1
    release("uninstall", NAME)
    kinds = "deployments,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings"
    assert not own_cluster.kubectl("get", kinds, "-A", "-l", f"app.kubernetes.io/instance={NAME}", "-o", "name")
    assert models() == [MODEL], "uninstalling took the models away"
    release("install", NAME, str(CHART))
    assert models() == [MODEL]


LOGS: Final = Grant("", "pods/log", "get")
CRASH: Final = {"env": [{"name": "SIMULATE_FAILURE", "value": "crash"}]}
SCALING = {"maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}


def _operator(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    """The operator's container."""
    container: dict[str, Any] = of_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    return container


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
