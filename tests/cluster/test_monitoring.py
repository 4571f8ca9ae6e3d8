"""Alerts and dashboard ask for what the operator exposes; monitors and rules have the Prometheus operator's shape."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cluster.harness.definitions import await_established
from cluster.harness.grants import of_kind
from cluster.harness.helm import rendered
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import ROOT, Operator
from cluster.harness.promql import Selector, selectors
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from modelservice_operator.plan import names

VALUES: Final = """
crds: {enabled: false}
monitoring: {runbookUrl: "https://docs.example.com/operating.md", monitor: KIND, interval: 1m, rules: true,
  labels: {release: prometheus}, dashboard: true}
"""
OF_THE_TARGET: Final = frozenset({"namespace", "pod"})
"""Labels that Prometheus adds when it reads a pod."""
OF_THE_MOMENT: Final = frozenset({"namespace", "status"})
"""Labels whose value depends on where it is installed, or on what goes on."""

TEXT: Final = {"type": "string"}
TEXTS: Final = {"type": "object", "additionalProperties": TEXT}
ENDPOINTS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["port"],
        "properties": {"port": TEXT, "path": TEXT, "interval": TEXT, "honorLabels": {"type": "boolean"}},
    },
}
SELECTOR: Final = {"type": "object", "properties": {"matchLabels": TEXTS}}
RULE: Final = {
    "type": "object",
    "required": ["alert", "expr"],
    "properties": {"alert": TEXT, "expr": TEXT, "for": TEXT, "labels": TEXTS, "annotations": TEXTS},
}
GROUP: Final = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": TEXT, "rules": {"type": "array", "items": RULE}},
}
SPECS: Final = {
    "PodMonitor": {"selector": SELECTOR, "podMetricsEndpoints": ENDPOINTS},
    "ServiceMonitor": {"selector": SELECTOR, "endpoints": ENDPOINTS},
    "PrometheusRule": {"groups": {"type": "array", "items": GROUP}},
}
"""The part of each kind's spec that the chart uses (prometheus-operator 0.93), all of it required."""


@pytest.fixture(scope="module")
def monitoring(installed: LocalCluster) -> Iterator[LocalCluster]:
    """The cluster with the kinds of the Prometheus operator, as far as the chart uses them."""
    crds = [f"{kind.lower()}s.monitoring.coreos.com" for kind in SPECS]
    installed.kubectl("create", "-f", "-", given=[definition(kind) for kind in SPECS])
    await_established(installed, *crds)
    yield installed
    installed.kubectl("delete", "crd", *crds)


def test_alerts_and_dashboard_ask_for_what_the_operator_exposes(
    operator: Operator, installed: LocalCluster, kubectl: Kubectl, tmp_path: Path
) -> None:
    Service(kubectl).apply().ready()
    with temporary_namespace(installed, "leased") as leased:
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": names.NAMESPACE_LEASE, "labels": {names.NAMESPACE_LEASE_LABEL: "true"}},
            "spec": {"holderIdentity": "someone/else"},
        }
        installed.kubectl("create", "-n", leased, "-f", "-", given=lease)
        eventually(lambda: "modelservice_namespace_served{" in operator.get("/metrics")[1], why="the Lease is seen")
        exposition = operator.get("/metrics")[1]
    families = text_string_to_metric_families(exposition)
    exposed = [sample for family in families for sample in family.samples]
    manifests = all_of_it(installed, tmp_path, "PodMonitor")
    expressions = [*(alert["expr"] for alert in alerts(manifests)), *queries(manifests)]
    assert len(expressions) > 20
    assert [complaint for text in expressions for complaint in unanswered(text, exposed)] == []


@pytest.mark.parametrize(
    "expression",
    [
        "modelservice_ready",
        'modelservice_replicas{kind="wanted"}',
        'workqueue_depth{queue="modelservice"}',
        'rate(modelservice_writes_total{node="a"}[5m])',
        "1",
    ],
)
def test_what_it_does_not_expose_is_noticed(expression: str) -> None:
    exposed = [
        Sample("modelservice_replicas", {"namespace": "a", "name": "b", "kind": "ready"}, 1),
        Sample("workqueue_depth", {"name": "modelservice"}, 0),
        Sample("modelservice_writes_total", {"kind": "Service", "verb": "apply"}, 1),
    ]
    assert list(unanswered(expression, exposed))
    assert not list(unanswered('sum(rate(modelservice_writes_total{namespace="x"}[5m])) > 0', exposed))


@pytest.mark.parametrize("kind", ["PodMonitor", "ServiceMonitor"])
def test_the_api_server_takes_them(monitoring: LocalCluster, kubectl: Kubectl, tmp_path: Path, kind: str) -> None:
    manifests = all_of_it(monitoring, tmp_path, kind)
    ours = [manifest for manifest in manifests if manifest["metadata"].get("namespace") == "own"]
    here = json.loads(json.dumps(ours).replace('"namespace": "own"', f'"namespace": "{kubectl.namespace}"'))
    kubectl("create", "--validate=strict", "--dry-run=server", "-f", "-", given=here)
    (monitor,), (service,) = of_kind(manifests, kind), of_kind(manifests, "Service")
    (pod,) = (deployment["spec"]["template"] for deployment in of_kind(manifests, "Deployment"))
    selected = service if kind == "ServiceMonitor" else pod
    assert monitor["spec"]["selector"]["matchLabels"].items() <= selected["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert [manifest["metadata"]["labels"].get("release") for manifest in of_kind(manifests, "PrometheusRule")] == [
        "prometheus"
    ]


def test_alerts_speak_only_of_labels_that_they_have(installed: LocalCluster, tmp_path: Path) -> None:
    for alert in alerts(all_of_it(installed, tmp_path, "PodMonitor")):
        kept = {label for labels in re.findall(r"by \(([\w, ]+)\)", alert["expr"]) for label in labels.split(", ")}
        assert set(re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values()))) == kept, alert["alert"]


def test_the_docs_say_what_to_do_on_each_alert(installed: LocalCluster, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    section = page.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^### (\w+)\n\n(Critical|Warning): ", section, re.MULTILINE)
    chart = alerts(all_of_it(installed, tmp_path, "PodMonitor"))
    assert documented == [(alert["alert"], alert["labels"]["severity"].capitalize()) for alert in chart]
    for alert in chart:
        anchor = alert["alert"].lower()
        assert alert["annotations"]["runbook_url"] == f"https://docs.example.com/operating.md#{anchor}"


def all_of_it(cluster: LocalCluster, home: Path, monitor: str) -> list[dict[str, Any]]:
    """The chart with everything for monitoring."""
    values = home / "values.yaml"
    values.write_text(VALUES.replace("KIND", monitor))
    return rendered(cluster, home, "own", "--skip-tests", "-f", values)


def alerts(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alerts of the PrometheusRule."""
    (rules,) = of_kind(manifests, "PrometheusRule")
    return [rule for group in rules["spec"]["groups"] for rule in group["rules"]]


def queries(manifests: list[dict[str, Any]]) -> Iterator[str]:
    """What the dashboard asks Prometheus, for its panels and for its variables."""
    (board,) = of_kind(manifests, "ConfigMap")
    dashboard = json.loads(board["data"]["modelservices.json"])
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"].removeprefix("label_values(").rpartition(",")[0]


def unanswered(expression: str, exposed: Iterable[Sample]) -> Iterator[str]:
    """What of an expression can never be answered. A value that depends on what goes on is not looked for."""
    read = selectors(expression)
    if not read:
        yield f"{expression} reads nothing"
    for selector in read:
        if not any(answers(sample, selector) for sample in exposed):
            yield f"{expression}: nothing is exposed for {selector}"


def answers(sample: Sample, selector: Selector) -> bool:
    """It is one of the series that the selector could mean."""
    fixed = {label: value for label, value in selector.equal if label not in OF_THE_MOMENT | OF_THE_TARGET}
    known = sample.labels.keys() | OF_THE_TARGET
    return sample.name == selector.metric and selector.labels <= known and fixed.items() <= sample.labels.items()


def definition(kind: str) -> dict[str, Any]:
    """A CRD of the Prometheus operator's group, as far as the chart uses it."""
    plural = f"{kind.lower()}s"
    spec = {"type": "object", "properties": SPECS[kind], "required": list(SPECS[kind])}
    schema = {"type": "object", "properties": {"spec": spec}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.monitoring.coreos.com"},
        "spec": {
            "group": "monitoring.coreos.com",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
