"""The way out: a patch on the pod template, taken as `kubectl patch` takes it, and told of where it is wrong."""

from collections import Counter
from typing import Any

import pytest

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator
from cluster.harness.requests import Api
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, KubectlError, LocalCluster
from modelservice_operator.cluster.resources import MODEL_SERVICE


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


Patch = dict[str, Any]


def server(**fields: Any) -> Patch:
    """A patch on the container of the server."""
    return {"containers": [{"name": "server", **fields}]}


HANDLERS = {"exec": {"command": ["x"]}}
SOURCES = {"hostPath": {"path": "/x"}}
REFUSED: dict[str, tuple[Patch, str]] = {
    "value": (server(imagePullPolicy="Sometimes"), "imagePullPolicy"),
    "unknown": (server(unknownField=1), "unknownField"),
    "unknown-deep": (server(resources={"limit": {}}), "limit"),
    "unknown-top": ({"unknownField": 1}, "unknownField"),
    "unknown-deepest": ({"a": {"a": {"a": {"a": {"a": 1}}}}}, "spec.a"),
    "not-list": (server(args="text"), "args"),
    "not-text": (server(args=[1]), "args"),
    "not-map": (server(securityContext="root"), "securityContext"),
    "not-number": ({"terminationGracePeriodSeconds": "long"}, "terminationGracePeriodSeconds"),
    "not-bool": ({"hostNetwork": "yes"}, "hostNetwork"),
    "not-containers": ({"containers": "text"}, "containers: must be a list"),
    "not-container": ({"containers": [1]}, "containers[0]: must be a map"),
    "not-volumes": ({"volumes": {}}, "volumes: must be a list"),
    "fraction": ({"priority": 1.5}, "cannot convert float64 to int32"),
    "beyond": (server(ports=[{"containerPort": 2**40}]), "containerPort"),
    "quantity": (server(resources={"limits": {"cpu": "many"}}), "quantities"),
    "name": ({"containers": [{"name": "a/b", "image": "x"}]}, "a/b"),
    "no-image": ({"containers": [{"name": "other"}]}, "image"),
    "no-name": ({"containers": [{"image": "x"}]}, "has no name"),
    "restart": ({"restartPolicy": "Never"}, "restartPolicy"),
    "deadline": ({"activeDeadlineSeconds": 5}, "activeDeadlineSeconds"),
    "ephemeral": ({"ephemeralContainers": [{"name": "a", "image": "x"}]}, "ephemeralContainers"),
    "two-handlers": (server(livenessProbe=HANDLERS), "more than 1 handler"),
    "two-sources": ({"volumes": [{"name": "cache", **SOURCES}]}, "more than 1 volume type"),
    "no-volume": (server(volumeMounts=[{"name": "nowhere", "mountPath": "/x"}]), "nowhere"),
    "two-hosts": ({"hostAliases": [{"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}]}, "1.1.1.1 stands twice"),
    "deleted-server": ({"containers": [{"name": "server", "$patch": "delete"}]}, "no container server"),
    "deleted-port": (server(ports=[{"containerPort": 8000, "$patch": "delete"}]), "no port is called http"),
    "deleted-all": ({"$patch": "delete"}, "no container server"),
    "replaced-all": ({"$patch": "replace"}, "no container server"),
    "replaced-list": ({"containers": [{"$patch": "replace"}]}, "no container server"),
    "retained-none": ({"$retainKeys": []}, "no container server"),
    "bad-directive": ({"$patch": "merge"}, "must be delete or replace"),
    "no-directive": ({"$drop": ["containers"]}, "is no directive"),
    "order": ({"$setElementOrder/containers": [{"name": "a"}], **server()}, "is not in $setElementOrder"),
    "primitive": ({"$deleteFromPrimitiveList/containers": ["a"]}, "is no list of single values"),
    "character": (server(env=[{"name": "A\x85\x7f", "value": "x"}]), "environment variable name"),
}


def test_what_is_refused_is_told_in_the_words_of_who_refuses_and_tried_once(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl, audit: Audit
) -> None:
    api, mark = Api(cluster), audit.mark()
    services = {name: Service(kubectl, name, podTemplate={"spec": spec}) for name, (spec, _) in REFUSED.items()}
    for service in services.values():
        assert api.create(MODEL_SERVICE.path(kubectl.namespace), service.manifest)["kind"] == "ModelService"
    all_become(kubectl, ("True", "InvalidPodTemplate"))
    for name, (_, words) in REFUSED.items():
        problem = services[name].problem("InvalidPodTemplate")
        assert words in problem["message"], name
        assert "spec.podTemplate" in problem["remedy"]
    kubectl("annotate", "modelservices", "--all", "note=look-again")
    for name in REFUSED:
        api.patch(MODEL_SERVICE.path(kubectl.namespace, name), {"spec": {"replicas": 0}})
    all_become(kubectl, ("True", "InvalidPodTemplate"))
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    applied = Counter(r.name for r in requests if (r.resource, r.verb) == ("deployments", "patch"))
    assert max(applied.values()) <= 2, f"once for each intent: {applied}"
    told = Counter(r.name for r in requests if (r.resource, r.subresource) == ("modelservices", "status"))
    assert max(told.values()) <= 3, f"once for each generation, and the first time perhaps before all is known: {told}"
    for name in REFUSED:
        api.patch(MODEL_SERVICE.path(kubectl.namespace, name), {"spec": {"podTemplate": None}})
    all_become(kubectl, ("False", None))


def all_become(kubectl: Kubectl, stalled: tuple[str, str | None]) -> None:
    """Wait until every ModelService has this status, and reason if one is given, of Stalled for its latest spec."""

    def become() -> bool:
        for live in kubectl.json("get", "modelservices")["items"]:
            of = {condition["type"]: condition for condition in live["status"]["conditions"]}
            assert live["status"].get("observedGeneration") == live["metadata"]["generation"], live["metadata"]["name"]
            assert of["Stalled"]["status"] == stalled[0], live
            assert stalled[1] in (None, of["Stalled"]["reason"]), live
        return True

    eventually(become, timeout=60, why=f"all become Stalled={stalled}")


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
