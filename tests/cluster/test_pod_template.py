"""The way out: a patch on the pod template, taken as `kubectl patch` takes it, and told of where it is wrong."""

from typing import Any

import pytest

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from localcluster import Kubectl, KubectlError


def test_a_patch_reaches_the_pods(operator: Operator, kubectl: Kubectl) -> None:
    spec = {
        "containers": [
            {"name": "server", "env": [{"name": "EXTRA", "value": "x"}]},
            {"name": "proxy", "image": "example.com/proxy:1"},
        ],
        "terminationGracePeriodSeconds": 7,
    }
    service = Service(kubectl, podTemplate={"metadata": {"labels": {"team": "search"}}, "spec": spec}).apply().ready()
    (pod,) = service.children("pods")
    assert pod["metadata"]["labels"]["team"] == "search"
    assert [container["name"] for container in pod["spec"]["containers"]] == ["server", "proxy"]
    assert pod["spec"]["terminationGracePeriodSeconds"] == 7
    assert len(service.revisions()) == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"containers": [{"name": "server", "imagePullPolicy": "Sometimes"}]}, "imagePullPolicy"),
    ({"containers": [{"name": "server", "unknownField": 1}]}, "unknownField"),
    ({"containers": [{"name": "server", "args": "text"}]}, "args"),
    ({"containers": [{"name": "server", "resources": {"limits": {"cpu": "many"}}}]}, "quantities"),
    ({"containers": [{"name": "a/b", "image": "x"}]}, "a/b"),
    ({"restartPolicy": "Never"}, "restartPolicy"),
    ({"containers": [{"name": "server", "livenessProbe": {"exec": {"command": ["x"]}}}]}, "more than 1 handler"),
]


@pytest.mark.parametrize(("spec", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_the_api_server_refuses_is_told_in_its_words_and_tried_once(
    operator: Operator, kubectl: Kubectl, audit: Audit, spec: dict[str, Any], words: str
) -> None:
    mark = audit.mark()
    service = Service(kubectl, podTemplate={"spec": spec}).apply()
    service.wait_for("Stalled", "True", "InvalidPodTemplate")
    problem = service.problem("InvalidPodTemplate")
    assert words in problem["message"]
    assert "spec.podTemplate" in problem["remedy"]
    kubectl("annotate", "modelservice", service.name, "note=look-again")
    service.apply(replicas=0).wait_for("Stalled", "True", "InvalidPodTemplate")
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    applied = [request for request in requests if request.resource == "deployments" and request.verb == "patch"]
    assert len(applied) <= 2, "once for each intent"
    kubectl("patch", "modelservice", service.name, "--type=merge", "-p", '{"spec":{"podTemplate":null}}')
    service.wait_for("Stalled", "False")


def test_a_patch_that_cannot_be_merged_is_told_without_a_request(
    operator: Operator, kubectl: Kubectl, audit: Audit
) -> None:
    mark = audit.mark()
    service = Service(kubectl, podTemplate={"spec": {"containers": [{"image": "x"}]}}).apply()
    service.wait_for("Stalled", "True", "InvalidPodTemplate")
    assert "spec.podTemplate: spec.containers[0]" in service.problem("InvalidPodTemplate")["message"]
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    assert {request.resource for request in requests} <= {"modelservices", "events"}


def test_null_is_refused(operator: Operator, kubectl: Kubectl) -> None:
    """By whatever client it gets through."""
    manifest = Service(kubectl).manifest
    manifest["spec"]["podTemplate"] = {"spec": {"securityContext": None}}
    kubectl("create", "-f", "-", given=manifest)
    service = Service(kubectl)
    service.wait_for("Stalled", "True", "InvalidSpec")
    assert "spec.podTemplate.spec.securityContext: may not be null" in service.problem("InvalidSpec")["message"]


def test_a_misspelt_section_is_refused_at_once(kubectl: Kubectl, operator: Operator) -> None:
    with pytest.raises(KubectlError, match='unknown field "sepc"'):
        kubectl("create", "--validate=strict", "-f", "-", given=Service(kubectl, podTemplate={"sepc": {}}).manifest)
