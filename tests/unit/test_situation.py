"""Everything that the status is computed from, put together from what is known."""

from typing import Any, Final

import pytest

from modelservice_operator.api.read import read_spec
from modelservice_operator.blocked import name_conflict
from modelservice_operator.cluster.store import Key, Store
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan import names
from modelservice_operator.records.parent import Parent
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.situation import Desired, Outcome, Situation, situate
from unit.cluster.objects import child, model_service, pod

NOW: Final = "2026-11-22T10:05:00Z"
TEMPLATE: Final[Manifest] = {
    "metadata": {"labels": {names.RUNTIME: "vllm", names.REVISION: "new"}},
    "spec": {"containers": [{"name": "sidecar", "image": "s:1"}, {"name": "server", "image": "vllm/vllm-openai:v1"}]},
}
SIZED: Final = {"uri": "hf://Qwen/Qwen3-8B", "size": "16Gi"}
DEPLOYMENT: Final[Manifest] = {"replicas": 2, "template": TEMPLATE}
STATUS: Final[Manifest] = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def stored(*manifests: Manifest) -> Store:
    store = Store()
    for manifest in manifests:
        store.upsert(manifest)
    return store


def deployment(owner: str | None = "uid-ms") -> Manifest:
    manifest = child("Deployment", uid="uid-deployment", owner=owner, spec=DEPLOYMENT)
    manifest["metadata"]["generation"] = 1
    return {**manifest, "status": {**STATUS, "readyReplicas": 2}}


def situation(store: Store, template: Manifest = TEMPLATE, *, spec: Manifest | None = None) -> Situation:
    raw = model_service(**{"replicas": 2, **(spec or {})})
    outcome = Outcome(read_spec(raw["spec"], "qwen"), Desired.of("qwen-new", template))
    family = store.family(Key("ml", "qwen"))
    return situate(Parent.from_manifest(raw), family, store.nodes, builtin(), outcome, NOW)


def test_all_is_known() -> None:
    found = situation(stored(deployment(), child()), spec={"accelerator": {"count": 4}, "model": SIZED})
    assert found.observation.complete
    assert found.problems == ()
    serving = found.serving
    assert serving is not None
    assert (serving.revision, serving.runtime, serving.image) == ("qwen-new", "vllm", "vllm/vllm-openai:v1")
    assert (serving.url, serving.devices, serving.startup_seconds) == ("http://qwen.ml.svc/v1", 8, 840)
    assert (found.suspended, found.paused, found.blocked) == (False, False, None)


def test_nothing_is_known_yet() -> None:
    found = situation(stored())
    assert (found.observation.wanted, found.observation.settled) == (2, False)
    assert found.serving is not None
    assert found.serving.url is None, "it is told from the moment the Service exists"


@pytest.mark.parametrize("owner", ["uid-old", None], ids=["predecessor's", "an orphan"])
def test_what_is_not_ours_says_nothing_about_us(owner: str | None) -> None:
    found = situation(stored(deployment(owner), child(owner=owner)))
    assert (found.observation.available, found.observation.settled) == (0, False)
    assert found.serving is not None
    assert found.serving.url is None


def test_suspended_and_paused() -> None:
    found = situation(stored(), spec={"suspend": True, "rollout": {"paused": True}})
    assert (found.suspended, found.paused, found.observation.wanted) == (True, True, 0)
    assert found.serving is not None
    assert found.serving.devices == 0


def test_a_model_on_cpus_needs_no_devices() -> None:
    raw = model_service()
    del raw["spec"]["accelerator"]
    outcome = Outcome(read_spec(raw["spec"], "qwen"), Desired.of("qwen-new", TEMPLATE))
    found = situate(Parent.from_manifest(raw), Store().family(Key("ml", "qwen")), {}, builtin(), outcome, NOW)
    assert found.serving is not None
    assert found.serving.devices == 0


def test_a_runtime_that_is_no_longer_known_and_a_template_of_another_shape() -> None:
    """Both may stand in a revision that another version of the operator stored."""
    labels = {names.RUNTIME: "retired", names.REVISION: "new"}
    found = situation(stored(child()), {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main"}]}})
    assert found.serving is not None
    assert (found.serving.runtime, found.serving.image) == ("retired", "")
    assert found.serving.url == "http://qwen.ml.svc"


@pytest.mark.parametrize(
    ("spec", "wanted"), [({"replicas": 3}, 3), ({}, 0), ({"replicas": "many"}, 0), ({"replicas": None}, 0)]
)
def test_a_spec_that_cannot_be_read_still_counts_replicas(spec: Manifest, wanted: int) -> None:
    blocked = name_conflict("Service", "ml", "qwen")
    parent = Parent.from_manifest({**model_service(), "spec": spec})
    family = stored(deployment(), child()).family(Key("ml", "qwen"))
    found = situate(parent, family, {}, builtin(), Outcome(blocked=blocked), NOW)
    assert found.serving is None
    assert found.blocked is blocked
    assert (found.observation.wanted, found.observation.available, found.observation.complete) == (wanted, 2, False)
    assert (found.problems, found.suspended, found.paused) == ((), False, False)


def crashed(name: str, *, times: int, **metadata: Any) -> Manifest:
    """A pod that serves, and whose server has crashed so often, the last time three minutes ago after two."""
    manifest = pod(name, node="gpu-1")
    labels = {**manifest["metadata"]["labels"], names.REVISION: "new", "pod-template-hash": "h"}
    owner = {"kind": "ReplicaSet", "name": "qwen-h", "controller": True}
    manifest["metadata"] |= {"labels": labels, "ownerReferences": [owner], "creationTimestamp": "2026-11-22T09:00:00Z"}
    manifest["metadata"] |= metadata
    exit_ = {"exitCode": 1, "startedAt": "2026-11-22T10:00:00Z", "finishedAt": "2026-11-22T10:02:00Z"}
    status = {
        "name": "server",
        "ready": True,
        "restartCount": times,
        "state": {"running": {"startedAt": "2026-11-22T10:02:00Z"}},
        "lastState": {"terminated": exit_} if times else {},
    }
    manifest["spec"]["containers"] = [{"name": "server", "image": "s:1", "readinessProbe": {}}]
    manifest["status"] |= {"containerStatuses": [status], "conditions": [{"type": "Ready", "status": "True"}]}
    return manifest


def test_all_are_there_between_two_crashes_of_one() -> None:
    found = situation(stored(deployment(), child(), crashed("qwen-a", times=3), crashed("qwen-b", times=0)))
    assert [(problem.reason, problem.pods) for problem in found.problems] == [("CrashLooping", 1)]
    assert (found.unsteady, found.least, found.serves) == (1, 2, False)


def test_of_a_crash_the_deployment_hears_later_than_we() -> None:
    down = crashed("qwen-a", times=3)
    down["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    down["status"]["containerStatuses"][0] |= {"ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    found = situation(stored(deployment(), child(), down, crashed("qwen-b", times=0)))
    assert (found.observation.available, found.unsteady, found.serves) == (2, 1, False)
    one_less = deployment()
    one_less["status"] |= {"availableReplicas": 1, "readyReplicas": 1}
    found = situation(stored(one_less, child(), down, crashed("qwen-b", times=0)))
    assert (found.observation.available, found.unsteady) == (1, 0)


def test_a_pod_that_crashed_once_and_is_ready_again_has_recovered() -> None:
    found = situation(stored(deployment(), child(), crashed("qwen-a", times=1), crashed("qwen-b", times=0)))
    assert (found.problems, found.unsteady, found.serves) == ((), 0, True)


def test_more_than_must_be_may_crash() -> None:
    scaling = {"minReplicas": 1, "maxReplicas": 3, "targets": [{"type": "CPUUtilization", "value": "80"}]}
    pods = (crashed("qwen-a", times=3), crashed("qwen-b", times=0))
    found = situation(stored(deployment(), child(), *pods), spec={"scaling": scaling})
    assert (found.unsteady, found.least, found.serves) == (1, 1, True)


LOST: Final = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "DeletionByTaintManager",
    "message": "Taint manager: deleting due to NoExecute taint",
}


@pytest.mark.parametrize("replicas", [0, 2])
def test_what_hangs_on_a_lost_node_is_no_problem_where_all_is_as_it_should_be(replicas: int) -> None:
    hanging = crashed("qwen-c", times=0, deletionTimestamp="2026-11-22T10:01:00Z")
    hanging["status"]["conditions"].append(LOST)
    there = deployment()
    there["spec"] = {**DEPLOYMENT, "replicas": replicas}
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), replicas)
    there["status"] = {"observedGeneration": 1, **counts}
    found = situation(stored(there, child(), hanging), spec={"replicas": replicas})
    assert (found.observation.complete, found.problems) == (True, ())
