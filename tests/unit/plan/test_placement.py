from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.placement import placement

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NVIDIA = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
L4 = {"key": "nvidia.com/gpu.product", "operator": "In", "values": ["NVIDIA-L4"]}


def placed(asked: Manifest | None = None, accelerator: Manifest | None = None) -> Manifest:
    spec: Manifest = {"model": {"uri": "hf://org/repo"}, "placement": asked or {}}
    if accelerator is not None:
        spec["accelerator"] = accelerator
    return placement("qwen", ModelServiceSpec.model_validate(spec))


def test_nothing_is_said_unasked() -> None:
    assert placed() == {}
    assert placed({"nodeSelector": {}, "affinity": {}, "tolerations": [], "topologySpread": "None"}) == {}


def test_the_usual_taint_of_the_devices_is_tolerated_once() -> None:
    assert placed(accelerator={}) == {"tolerations": [NVIDIA]}
    assert placed({"tolerations": [NVIDIA]}, {}) == {"tolerations": [NVIDIA]}
    own = {"key": "dedicated", "value": "inference"}
    assert placed({"tolerations": [own]}, {})["tolerations"] == [own, NVIDIA]


def test_demands_on_the_devices_stand_in_every_term() -> None:
    zones = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [zone]}]} for zone in "ab"]
    fields = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]
    asked = {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [*zones, *fields]}}}}
    terms = placed(asked, {"products": ["NVIDIA-L4"]})["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert [term["matchExpressions"][-1] for term in terms] == [L4] * 3
    assert [term["matchExpressions"][:-1] for term in terms[:2]] == [zone["matchExpressions"] for zone in zones]
    assert terms[2]["matchFields"] == fields[0]["matchFields"]


def test_a_term_that_matches_no_node_stays_one() -> None:
    asked: Manifest = {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{}]}}}}
    terms = placed(asked, {"products": ["NVIDIA-L4"]})["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert terms == [{}]


def test_demands_on_the_devices_alone() -> None:
    terms = placed(accelerator={"products": ["NVIDIA-L4"]})["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [L4]}]


def test_a_selector_that_selects_everything_is_kept() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}, "namespaces": []}
    asked = {"affinity": {"podAffinity": {REQUIRED: [term]}}}
    del term["namespaces"]
    assert placed(asked)["affinity"] == {"podAffinity": {REQUIRED: [term]}}


def test_spread_is_a_preference_within_a_replica_set() -> None:
    (constraint,) = placed({"topologySpread": "Node"})["topologySpreadConstraints"]
    assert constraint == {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"modelservice.dev/name": "qwen", "modelservice.dev/component": "server"}},
        "matchLabelKeys": ["pod-template-hash"],
    }
