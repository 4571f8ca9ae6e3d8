"""Objects at the limits of what the API server takes: each is brought about or told of, and the others go on."""

from collections import Counter
from typing import Any, Final

import pytest

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator
from cluster.harness.requests import Api
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster
from modelservice_operator.api.rules import MAX_NAME
from modelservice_operator.cluster.resources import MODEL_SERVICE

TEXTS: Final = {
    "emoji": "x🚀\U0010ffff",
    "combining": "e\u0301\u202e\u200b\u00a0\ufeff",
    "lines": "a\x85b\u2028c\u2029d\r\ne",
    "controls": "\x00\x01\x1b[31m\x7f\x80\x9f\ufffe\uffff",
    "yaml": "~ 'a' \"b\\ {c}: [d] # e & *f !g",
    "html": "<&>",
    "blanks": "  \t ",
}
CPU: Final = {"type": "CPUUtilization", "value": "80"}


def created(cluster: LocalCluster, service: Service) -> Service:
    answer = Api(cluster).create(MODEL_SERVICE.path(service.kubectl.namespace), service.manifest)
    assert answer["kind"] == "ModelService", answer
    return service


def variables(count: int, value: str) -> list[dict[str, Any]]:
    return [{"name": f"V{number}", "value": value} for number in range(count)]


def environment(service: Service) -> dict[str, str]:
    (server,) = service.child("deployment")["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", "") for entry in server["env"]}


def test_texts_arrive_as_they_are_and_are_not_written_again(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl, audit: Audit
) -> None:
    env = [{"name": name, "value": text} for name, text in TEXTS.items()]
    runtime = {"env": env, "args": [f"--odd={text}" for text in TEXTS.values()]}
    service = created(cluster, Service(kubectl, replicas=0, runtime=runtime))
    service.wait_for("Ready", "True", "ScaledToZero")
    assert environment(service).items() >= TEXTS.items()
    (server,) = service.child("deployment")["spec"]["template"]["spec"]["containers"]
    assert server["args"][-len(TEXTS) :] == runtime["args"]
    mark = audit.mark()
    operator.restart()
    Service(kubectl, "after").apply(replicas=0).wait_for("Ready", "True")
    writes = audit.writes(user=USER, since=mark, namespace=kubectl.namespace, excluding=("events",))
    assert not [request for request in writes if not request.name.startswith("after")]


def test_the_longest_name_and_as_many_variables_as_there_may_be(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    name = "n" * MAX_NAME
    service = Service(kubectl, name, scaling={"maxReplicas": 2, "targets": [CPU]}, runtime={"env": variables(256, "x")})
    service.spec |= {"endpoint": {"ingress": {"host": "models.example.com"}}}
    service.spec |= {"podTemplate": {"spec": {"containers": [{"name": "server", "env": variables(500, "y")}]}}}
    created(cluster, service).ready()
    assert list(environment(service).values()).count("y") == 500
    assert len(service.children("hpa", "pdb", "ingress")) == 3


@pytest.mark.parametrize("size", [700_000, 1_000_000, 1_400_000])
def test_what_is_too_large_for_a_child_is_told_and_tried_once(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl, audit: Audit, size: int
) -> None:
    """The ControllerRevision holds the patch twice: as what was asked for, and in the template."""
    mark = audit.mark()
    patch = {"containers": [{"name": "server", "env": variables(1, "x" * size)}]}
    service = created(cluster, Service(kubectl, replicas=0, podTemplate={"spec": patch}))
    if size < 750_000:
        service.wait_for("Ready", "True")
        return
    service.wait_for("Stalled", "True", "InvalidSpec")
    assert service.problem("InvalidSpec")["remedy"].startswith("Make the spec smaller")
    kubectl("annotate", "modelservice", service.name, "note=look-again")
    Service(kubectl, "other", replicas=0).apply().wait_for("Ready", "True")
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    tries = Counter(request.name for request in requests if request.resource == "controllerrevisions")
    assert set(tries.values()) == {1}


def test_one_object_that_is_nested_too_deeply_harms_no_other(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl
) -> None:
    """Deeper than Python's JSON goes, in a stream and in a list."""
    deep: Any = 1
    for _ in range(400):
        deep = {"a": deep}
    created(cluster, Service(kubectl, "deep", replicas=0, podTemplate={"spec": deep}))
    text = '{"a":' * 9000 + "1" + "}" * 9000
    head = '{"apiVersion":"modelservice.dev/v1alpha1","kind":"ModelService","metadata":{"name":"deeper"},'
    body = f'{head}"spec":{{"model":{{"uri":"hf://a/b"}},"podTemplate":{{"spec":{text}}}}}}}'
    assert Api(cluster).create(MODEL_SERVICE.path(kubectl.namespace), body)["kind"] == "ModelService"
    told = "jsonpath={.items[*].status.problems[*].message}"
    eventually(lambda: kubectl("get", "modelservices", "-o", told).count("50 levels") == 2, why="both are told of")
    operator.restart()
    Service(kubectl, "after").apply(replicas=0).wait_for("Ready", "True")
    assert "RecursionError" not in operator.log
