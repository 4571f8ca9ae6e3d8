"""What others do to the children: our fields are repaired, theirs are left alone."""

from typing import Any

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl


def test_an_edited_deployment_is_repaired(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    kubectl("scale", "deployment", service.name, "--replicas=4")
    eventually(lambda: service.child("deployment")["spec"]["replicas"] == 1)
    kubectl("set", "image", f"deployment/{service.name}", "server=example.com/other:1")
    image = service.status["runtime"]["image"]

    def repaired() -> bool:
        container = service.child("deployment")["spec"]["template"]["spec"]["containers"][0]
        return bool(container["image"] == image)

    eventually(repaired)


def test_an_edited_service_is_repaired(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply()
    eventually(lambda: service.child("service"))
    patch = '{"spec":{"selector":{"modelservice.dev/component":"nobody"}}}'
    kubectl("patch", "service", service.name, "-p", patch)
    eventually(lambda: service.child("service")["spec"]["selector"]["modelservice.dev/component"] == "server")


def test_a_service_that_was_narrowed_is_repaired(operator: Operator, kubectl: Kubectl) -> None:
    """A selector with one label more selects no pod: it is a field that is ours as a whole."""
    service = Service(kubectl).apply()
    eventually(lambda: service.child("service"))
    kubectl("patch", "service", service.name, "-p", '{"spec":{"selector":{"track":"canary"}}}')
    eventually(lambda: "track" not in service.child("service")["spec"]["selector"])


def test_what_cannot_be_put_right_is_told_until_it_is_undone(
    operator: Operator, kubectl: Kubectl, audit: Audit
) -> None:
    service = Service(kubectl).apply().ready()
    replaced = '[{"op":"replace","path":"/spec/template/spec/volumes/0","value":%s}]'
    mark = audit.mark()
    kubectl(
        "patch", "deployment", service.name, "--type=json", "-p", replaced % '{"name":"cache","hostPath":{"path":"/x"}}'
    )
    service.wait_for("Stalled", "True", "ChildModified")
    problem = service.problem("ChildModified")
    assert "may not specify more than 1 volume type" in problem["message"]
    assert problem["remedy"].startswith(f"Undo that change, or delete Deployment {kubectl.namespace}/{service.name}:")
    requests = audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    assert [request.code for request in requests if request.resource == "deployments"] == [422], "tried once"
    kubectl("patch", "deployment", service.name, "--type=json", "-p", replaced % '{"name":"cache","emptyDir":{}}')
    service.wait_for("Stalled", "False")
    service.ready()


def test_deleted_children_come_back(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    uids = {kind: service.child(kind)["metadata"]["uid"] for kind in ("deployment", "service")}
    kubectl("delete", "deployment,service", service.name)

    def back() -> bool:
        return all(service.child(kind)["metadata"]["uid"] != uid for kind, uid in uids.items())

    eventually(back, why="both are there again")
    service.ready()


def test_a_child_that_lost_our_label_gets_it_back(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    kubectl("label", "deployment", service.name, "app.kubernetes.io/managed-by-")

    def labelled() -> bool:
        return "app.kubernetes.io/managed-by" in service.child("deployment")["metadata"]["labels"]

    eventually(labelled)
    service.ready()
    assert service.pods() == pods


def test_what_we_do_not_set_is_left_alone(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    service = Service(kubectl).apply().ready()
    mark = audit.mark()
    kubectl("annotate", "deployment", service.name, "example.com/note=theirs")
    kubectl("label", "service", service.name, "example.com/team=theirs")
    injected: dict[str, Any] = {"template": {"metadata": {"labels": {"example.com/injected": "theirs"}}}}
    kubectl("patch", "deployment", service.name, "-p", str({"spec": injected}).replace("'", '"'))
    eventually(lambda: service.status["ready"] == "1/1" and len(service.pods()) == 1)
    service.ready()
    children = audit.writes(user=USER, since=mark, namespace=kubectl.namespace, excluding=("events", "modelservices"))
    assert children == []
    deployment = service.child("deployment")
    assert deployment["metadata"]["annotations"]["example.com/note"] == "theirs"
    assert deployment["spec"]["template"]["metadata"]["labels"]["example.com/injected"] == "theirs"


def test_a_child_that_is_no_longer_wanted_is_deleted(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    extra = service.child("service")
    extra["metadata"] = {
        "name": "left-behind",
        "labels": extra["metadata"]["labels"],
        "ownerReferences": extra["metadata"]["ownerReferences"],
    }
    extra["spec"] = {"ports": extra["spec"]["ports"]}
    kubectl("create", "-f", "-", given=extra)
    eventually(lambda: "left-behind" not in kubectl("get", "services", "-o", "name"), why="it is pruned")
    assert service.child("service")
