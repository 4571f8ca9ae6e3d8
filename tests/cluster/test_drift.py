"""What others do to the children: our fields are repaired, theirs are left alone."""

from typing import Any

import pytest

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


def variables(service: Service) -> dict[str, str]:
    container = service.child("deployment")["spec"]["template"]["spec"]["containers"][0]
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def test_a_rollout_that_was_undone_by_hand_is_taken_back(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    service.apply(runtime={"env": [{"name": "NEW", "value": "x"}]}).ready()
    template = service.child("deployment")["spec"]["template"]
    kubectl("rollout", "undo", f"deployment/{service.name}")
    told = f"Applying Deployment {service.name}: spec.template.metadata.labels.modelservice.dev/revision was changed by"
    eventually(lambda: f"[{kubectl.namespace}/{service.name}]: {told} someone else." in operator.log)
    eventually(lambda: service.child("deployment")["spec"]["template"] == template)
    service.ready()


def test_a_restart_by_hand_and_a_variable_of_theirs_stay(operator: Operator, kubectl: Kubectl) -> None:
    """Also in the next revision; what they do to a variable of ours is taken back."""
    service = Service(kubectl, runtime={"env": [{"name": "OURS", "value": "x"}]}).apply().ready()
    pods = service.pods()
    kubectl("rollout", "restart", f"deployment/{service.name}")
    eventually(lambda: len(service.pods()) == 1 and service.pods() != pods, why="the pod was replaced")
    kubectl("set", "env", f"deployment/{service.name}", "THEIRS=y", "OURS=z", "HOME-")
    ours = {"OURS": "x", "HOME": "/cache"}
    eventually(lambda: variables(service).items() >= {**ours, "THEIRS": "y"}.items())
    service.apply(rollout={"restart": "now"}).ready()
    assert variables(service).items() >= {**ours, "THEIRS": "y"}.items()
    annotations = service.child("deployment")["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations
    kubectl("set", "env", f"deployment/{service.name}", "THEIRS-")
    service.ready()
    assert "THEIRS" not in variables(service)


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


COLLISIONS = {
    "another port": ("service", '[{"op":"replace","path":"/spec/ports/0/port","value":81}]'),
    "an external name": (
        "service",
        '[{"op":"replace","path":"/spec/type","value":"ExternalName"},{"op":"add","path":"/spec/externalName",'
        '"value":"example.com"},{"op":"remove","path":"/spec/clusterIP"},{"op":"remove","path":"/spec/clusterIPs"}]',
    ),
    "another container port": (
        "deployment",
        '[{"op":"replace","path":"/spec/template/spec/containers/0/ports/0/containerPort","value":8001}]',
    ),
    "another source of a volume": (
        "deployment",
        '[{"op":"replace","path":"/spec/template/spec/volumes/0","value":{"name":"cache","hostPath":{"path":"/x"}}}]',
    ),
    "another kind of probe": (
        "deployment",
        '[{"op":"replace","path":"/spec/template/spec/containers/0/startupProbe","value":{"exec":{"command":["x"]}}}]',
    ),
    "another source of a variable": (
        "deployment",
        '[{"op":"replace","path":"/spec/template/spec/containers/0/env/0",'
        '"value":{"name":"HOME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}}]',
    ),
}


def bare(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec without what the API server chose, and what means nothing beside its type."""
    return {key: value for key, value in spec.items() if key not in {"clusterIP", "clusterIPs", "externalName"}}


@pytest.mark.parametrize(("kind", "patch"), COLLISIONS.values(), ids=COLLISIONS)
def test_what_collides_with_ours_is_replaced(operator: Operator, kubectl: Kubectl, kind: str, patch: str) -> None:
    """Apply alone cannot: it merges, and the API server refuses the two side by side."""
    service = Service(kubectl).apply().ready()
    before = bare(service.child(kind)["spec"])
    kubectl("annotate", kind, service.name, "example.com/note=theirs")
    kubectl("patch", kind, service.name, "--type=json", "-p", patch)
    eventually(lambda: bare(service.child(kind)["spec"]) == before, why="it is as it was")
    service.ready()
    assert service.child(kind)["metadata"]["annotations"]["example.com/note"] == "theirs"

    def managers() -> set[str]:
        metadata = kubectl.json("get", kind, service.name, "--show-managed-fields")["metadata"]
        return {entry["manager"] for entry in metadata["managedFields"]}

    eventually(lambda: "modelservice-operator-repair" not in managers(), why="the repair owns nothing")
    assert service.condition("Stalled")[0] == "False"


def test_what_was_replaced_can_be_changed_again(operator: Operator, kubectl: Kubectl) -> None:
    """The repair left no owner behind who would keep what is no longer wanted."""
    service = Service(kubectl, runtime={"env": [{"name": "GONE", "value": "soon"}]}).apply().ready()
    kubectl("patch", "deployment", service.name, "--type=json", "-p", COLLISIONS["another container port"][1])
    ports = "{.spec.template.spec.containers[0].ports[*].containerPort}"
    eventually(lambda: kubectl("get", "deployment", service.name, "-o", f"jsonpath={ports}") == "8000")
    service.apply(runtime={"env": [{"name": "NEW", "value": "x"}]}).ready()
    names = "{.spec.template.spec.containers[0].env[*].name}"
    variables = kubectl("get", "deployment", service.name, "-o", f"jsonpath={names}").split()
    assert "NEW" in variables
    assert "GONE" not in variables


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
    pods = service.pods()
    kubectl("patch", "deployment", service.name, "-p", str({"spec": injected}).replace("'", '"'))
    eventually(lambda: len(service.pods()) == 1 and service.pods() != pods, why="the label rolled out")
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


def test_an_account_that_is_no_longer_wanted_is_taken_away(operator: Operator, kubectl: Kubectl) -> None:
    """The API server keeps it under an old name of the field, and would bring it back from there."""
    kubectl("create", "serviceaccount", "reader")
    service = Service(kubectl, serviceAccountName="reader").apply().ready()

    def account() -> object:
        return service.child("deployment")["spec"]["template"]["spec"].get("serviceAccountName")

    assert account() == "reader"
    Service(kubectl).apply()
    eventually(lambda: account() is None, why="the spec names none any more")
    eventually(lambda: {pod["spec"]["serviceAccountName"] for pod in service.children("pods")} == {"default"})
