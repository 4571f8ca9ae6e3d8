"""The chart: wrong values are refused, and what it renders is accepted and understood."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cluster.harness.grants import of_kind
from cluster.harness.helm import BESIDE_ANOTHER, RELEASE, helm, rendered
from cluster.harness.operator import CHART
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator import __version__
from modelservice_operator.settings import Settings

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
monitoring: {interval: 1m, runbookUrl: "https://docs.example.com/operating", labels: {release: prometheus},
  dashboard: true, dashboardLabels: {grafana: here}}
networkPolicy: {enabled: true, apiServerPorts: [16443], metricsFrom: [{ipBlock: {cidr: 10.0.0.0/8}}]}
"""
"""Every value of the chart but `namespaces` and `crds`, and those that need the Prometheus operator; none as it is by
default.
"""


def test_helm_finds_nothing_to_complain_about(cluster: LocalCluster, either_helm: Path, tmp_path: Path) -> None:
    for values in ("", CHANGED):
        (tmp_path / "values.yaml").write_text(values)
        arguments = ("lint", "--strict", CHART, "-f", tmp_path / "values.yaml")
        assert "[WARNING]" not in helm(cluster, *arguments, home=tmp_path, program=either_helm)


@pytest.mark.parametrize("values", ["", CHANGED, "namespaces: [team-a]"], ids=["default", "changed", "scoped"])
def test_helm_3_renders_the_same(cluster: LocalCluster, helm_3: Path, tmp_path: Path, values: str) -> None:
    (tmp_path / "values.yaml").write_text(values)
    flags = ("-f", tmp_path / "values.yaml", "--kube-version", "1.33.0")
    old, new = (rendered(cluster, tmp_path, "own", *flags, program=program) for program in (helm_3, None))
    assert old == new


def test_without_leases_of_namespaces_nothing_speaks_of_them(cluster: LocalCluster, tmp_path: Path) -> None:
    flags = ("--set", "namespaces={team-a},namespaceLeases=false")
    manifests = rendered(cluster, tmp_path, "own", *flags)
    assert of_kind(manifests, "Lease") == []
    (container,) = of_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"]["containers"]
    assert "MODELSERVICE_NAMESPACE_HOLDER" not in {entry["name"] for entry in container["env"]}
    (role,) = [role for role in of_kind(manifests, "Role") if role["metadata"]["namespace"] == "team-a"]
    assert "leases" not in {resource for rule in role["rules"] for resource in rule["resources"]}


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
        ("image.pullpolicy=Always", "additional properties 'pullpolicy' not allowed"),
        ("resources.limit.memory=1Gi", "additional properties 'limit' not allowed"),
        ("imagePullSecrets={registry}", "at '/imagePullSecrets/0'"),
        ("env[0].name=A,env[0].valuefrom=x", "additional properties 'valuefrom' not allowed"),
        ("monitoring.monitor=podmonitor", "at '/monitoring/monitor'"),
        ("monitoring.runbookUrl=docs", "at '/monitoring/runbookUrl'"),
        ("monitoring.interval=30", "at '/monitoring/interval'"),
        ("networkPolicy.apiServerPorts={https}", "at '/networkPolicy/apiServerPorts/0'"),
        ("networkPolicy.metricsFrom[0].namespace=monitoring", "additional properties 'namespace' not allowed"),
    ],
)
def test_a_wrong_value_is_refused(
    cluster: LocalCluster, either_helm: Path, tmp_path: Path, flag: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        rendered(cluster, tmp_path, "default", "--set", flag, program=either_helm)


def test_the_schema_knows_every_value_and_no_other() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    known = {name: about.get("properties", {}).keys() for name, about in schema["properties"].items()}
    assert known.pop("global") == set(), "Helm's own"
    assert known.keys() == values.keys()
    for name in ("crds", "diagnosis", "image", "log", "monitoring", "networkPolicy", "serviceAccount"):
        assert known[name] == values[name].keys()
    assert values["resources"].keys() <= known["resources"]


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
        deployment = of_kind(manifests, "Deployment")[0]["spec"]
        selector = ",".join(f"{key}={value}" for key, value in deployment["selector"]["matchLabels"].items())
        pods = kubectl.json("get", "pods", "-l", selector)["items"]
        assert len(pods) == len({pod["spec"]["nodeName"] for pod in pods}) == deployment["replicas"]
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


def _operator(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    """The operator's container."""
    container: dict[str, Any] = of_kind(manifests, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    return container
