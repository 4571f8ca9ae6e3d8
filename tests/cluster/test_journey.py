"""The main job: a ModelService becomes a running model service, with few requests and a true status."""

from collections import Counter
from typing import Any

from cluster.harness.audit import Audit
from cluster.harness.operator import ROOT, USER, Operator
from cluster.harness.service import REVISION, Service
from cluster.harness.wait import eventually
from localcluster import Kubectl


def test_the_quickstart_becomes_ready(operator: Operator, kubectl: Kubectl) -> None:
    kubectl("apply", "-f", str(ROOT / "examples" / "quickstart.yaml"))
    service = Service(kubectl, "qwen3-8b")
    service.ready()
    status = service.status
    assert status["ready"] == "1/1"
    assert (status["replicas"], status["readyReplicas"], status["accelerators"]) == (1, 1, 1)
    assert status["url"] == f"http://qwen3-8b.{kubectl.namespace}.svc/v1"
    assert status["revision"]["serving"] == status["revision"]["desired"] == service.revisions()[0]
    assert status["runtime"]["name"] == "vllm"
    assert service.condition("Available") == ("True", "ReplicaServing")
    assert service.condition("Reconciling")[0] == "False"
    assert service.condition("Stalled")[0] == "False"
    assert "problems" not in status
    pod = service.children("pods")[0]
    assert pod["spec"]["nodeName"].startswith(("h100", "l4"))
    deployment = service.child("deployment")
    owner = deployment["metadata"]["ownerReferences"]
    assert [(o["kind"], o["uid"], o["controller"]) for o in owner] == [
        ("ModelService", service.live["metadata"]["uid"], True)
    ]


def test_before_the_operator_has_seen_it_it_is_unknown(operator: Operator, kubectl: Kubectl) -> None:
    created = kubectl.json("create", "-f", str(ROOT / "examples" / "quickstart.yaml"))
    assert [(c["type"], c["status"], c["reason"]) for c in created["status"]["conditions"]] == [
        ("Ready", "Unknown", "Pending")
    ]


def test_a_new_service_costs_one_write_a_child_and_no_read(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    mark = audit.mark()
    env = [{"name": "SIMULATE_START_DELAY", "value": "6s"}]
    service = Service(kubectl).apply(runtime={"env": env})
    service.wait_for("Reconciling", "True", "Starting")
    pods_changed = eventually(lambda: service.children("pods"), why="the pod exists")
    assert pods_changed[0]["status"]["phase"] == "Pending"
    counted = Counter(
        (request.verb, request.resource, request.subresource)
        for request in audit.requests(user=USER, since=mark, namespace=kubectl.namespace)
    )
    status_writes = counted.pop(("patch", "modelservices", "status"))
    assert counted == {
        ("create", "controllerrevisions", ""): 1,
        ("patch", "deployments", ""): 1,
        ("patch", "services", ""): 1,
    }
    assert 1 <= status_writes <= 2
    service.ready()


def test_replicas_follow_the_scale_subresource(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    kubectl("scale", "modelservice", service.name, "--replicas=3")
    eventually(lambda: service.status["ready"] == "3/3", timeout=60)
    assert service.status["accelerators"] == 3
    assert len(service.revisions()) == 1, "scaling made a revision"


def test_suspend_stops_the_pods_and_keeps_the_rest(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply(replicas=2).ready()
    service.apply(suspend=True)
    service.wait_for("Ready", "True", "Suspended")
    assert service.condition("Available") == ("False", "Suspended")
    assert service.pods() == set()
    assert service.child("service")
    service.apply(suspend=False)
    service.wait_for("Ready", "True", "ReplicasReady")
    assert service.status["ready"] == "2/2"


def test_zero_replicas_are_a_wish_that_is_granted(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply(replicas=0)
    service.wait_for("Ready", "True", "ScaledToZero")
    assert service.condition("Available")[0] == "False"


def test_a_rollout_waits_while_paused(operator: Operator, kubectl: Kubectl) -> None:
    service = Service(kubectl).apply().ready()
    pods = service.pods()
    service.apply(rollout={"paused": True}, runtime={"args": ["--max-model-len=8192"]})
    service.wait_for("Ready", "Unknown", "RolloutPaused")
    assert service.pods() == pods
    service.apply(rollout={"paused": False})
    service.ready()
    assert service.pods().isdisjoint(pods)


def test_a_paused_service_comes_back_with_the_revision_that_served(operator: Operator, kubectl: Kubectl) -> None:
    """Also where the ReplicaSet that was made last is of a revision that was given up."""
    service = Service(kubectl).apply().ready()
    good = service.child("deployment")["spec"]["template"]["metadata"]["labels"][REVISION]
    service.apply(runtime={"args": ["--max-model-len=4096"]}).ready()
    service.apply(runtime={"args": []}).ready()
    service.apply(rollout={"paused": True}, runtime={"args": ["--max-model-len=8192"]})
    service.wait_for("Ready", "Unknown", "RolloutPaused")
    service.apply(suspend=True)
    service.wait_for("Ready", "True", "Suspended")
    service.apply(suspend=False)
    eventually(lambda: service.status["ready"] == "1/1", why="it serves again")
    (pod,) = service.children("pods")
    assert pod["metadata"]["labels"][REVISION] == good
    assert service.condition("Ready") == ("Unknown", "RolloutPaused")
    service.apply(rollout={"paused": False}).ready()
    (pod,) = [pod for pod in service.children("pods") if "deletionTimestamp" not in pod["metadata"]]
    assert pod["metadata"]["labels"][REVISION] != good


OPTIONAL: dict[str, Any] = {
    "runtime": {"args": ["--max-model-len=4096"], "env": [{"name": "LEVEL", "value": "debug"}]},
    "resources": {"requests": {"cpu": "2"}, "limits": {"memory": "32Gi"}},
    "placement": {
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "example.com/models", "operator": "Exists"}],
        "topologySpread": "Zone",
    },
    "serviceAccountName": "default",
    "podTemplate": {
        "metadata": {"labels": {"team": "search"}, "annotations": {"example.com/note": "x"}},
        "spec": {"containers": [{"name": "side", "image": "example.com/side:1"}], "hostAliases": [{"ip": "10.0.0.1"}]},
    },
    "endpoint": {"port": 8080, "ingress": {"host": "qwen.example.com"}},
    "scaling": {"minReplicas": 2, "maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]},
    "disruption": {"maxUnavailable": 2},
    "rollout": {"strategy": "Replace", "progressDeadlineSeconds": 999, "revisionHistoryLimit": 2, "restart": "once"},
}


def test_what_was_set_and_is_taken_away_again_leaves_nothing(operator: Operator, kubectl: Kubectl) -> None:
    def made() -> dict[str, Any]:
        found = service.children(
            "deployments", "services", "ingresses", "horizontalpodautoscalers", "poddisruptionbudgets"
        )
        return {child["kind"]: (child["spec"], child["metadata"]["labels"]) for child in found}

    service = Service(kubectl, replicas=2).apply().ready()
    before = made()
    assert set(before) == {"Deployment", "Service", "PodDisruptionBudget"}
    service.apply(**OPTIONAL).ready()
    with_all = made()
    assert set(with_all) == {*before, "Ingress", "HorizontalPodAutoscaler"}
    assert all(with_all[kind] != what for kind, what in before.items()), "each has changed"
    service.spec = {key: value for key, value in service.spec.items() if key not in OPTIONAL}
    service.apply().ready()

    def restored() -> bool:
        assert made() == before
        return True

    eventually(restored, why="it is as it was")
