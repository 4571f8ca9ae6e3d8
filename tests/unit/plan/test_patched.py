import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.errors import InvalidPodTemplate
from modelservice_operator.plan.template import render
from modelservice_operator.runtimes.catalogue import builtin

NVIDIA = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def rendered(patch: Manifest | None) -> Manifest:
    spec = ModelServiceSpec.model_validate({"model": {"uri": "hf://org/repo"}, "accelerator": {}, "podTemplate": patch})
    return render("qwen", spec, builtin(), "bcdfgh").template


def test_an_empty_patch_changes_nothing() -> None:
    plain = render(
        "qwen",
        ModelServiceSpec.model_validate({"model": {"uri": "hf://org/repo"}, "accelerator": {}}),
        builtin(),
        "bcdfgh",
    )
    assert rendered({}) == rendered({"spec": {}, "metadata": {}}) == plain.template


def test_containers_are_merged_by_name() -> None:
    sidecar = {"name": "proxy", "image": "proxy:1", "imagePullPolicy": "Never"}
    server = {"name": "server", "env": [{"name": "HOME", "value": "/home"}], "imagePullPolicy": "Always"}
    patched = {
        container["name"]: container
        for container in rendered({"spec": {"containers": [server, sidecar]}})["spec"]["containers"]
    }
    assert patched["proxy"] == sidecar
    assert patched["server"]["imagePullPolicy"] == "Always"
    assert patched["server"]["command"][:2] == ["vllm", "serve"]
    assert {"name": "HOME", "value": "/home"} in patched["server"]["env"]


def test_labels_by_which_pods_are_found_stay() -> None:
    labels = rendered({"metadata": {"labels": {"team": "a", "app.kubernetes.io/managed-by": "me"}}})["metadata"][
        "labels"
    ]
    assert labels["team"] == "a"
    assert labels["app.kubernetes.io/managed-by"] == "modelservice-operator"
    gone = rendered({"metadata": {"labels": {"$patch": "replace", "team": "a"}}})["metadata"]["labels"]
    assert gone["modelservice.dev/name"] == "qwen"


def test_the_usual_taint_stays_tolerated() -> None:
    own = {"key": "dedicated", "operator": "Exists"}
    assert rendered({"spec": {"tolerations": [own]}})["spec"]["tolerations"] == [own, NVIDIA]
    assert rendered({"spec": {"tolerations": [NVIDIA]}})["spec"]["tolerations"] == [NVIDIA]


def test_tolerations_of_a_wrong_type_are_left_to_the_api_server() -> None:
    spec = {"model": {"uri": "hf://org/repo"}, "podTemplate": {"spec": {"tolerations": True}}}
    template = render("qwen", ModelServiceSpec.model_validate(spec), builtin(), "bcdfgh").template
    assert template["spec"]["tolerations"] is True


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"spec": {"containers": {}}}, "spec.podTemplate: spec.containers: "),
        ({"spec": {"containers": [{"image": "x"}]}}, "spec.podTemplate: spec.containers[0]: "),
        ({"spec": {"$patch": "remove"}}, "spec.podTemplate: spec"),
        (
            {"spec": {"$patch": "delete"}},
            "spec.podTemplate: spec.containers: no container server with an image is left.",
        ),
        (
            {"spec": {"$retainKeys": ["hostNetwork"], "hostNetwork": True}},
            "spec.podTemplate: spec.containers: no container",
        ),
        (
            {"spec": {"containers": [{"$patch": "replace"}, {"name": "server"}]}},
            "spec.podTemplate: spec.containers: no cont",
        ),
        (
            {"spec": {"containers": [{"$patch": "replace"}, {"name": "server", "image": "x"}]}},
            "spec.podTemplate: spec.containers: no port is called http, to which the Service leads.",
        ),
        (
            {"spec": {"containers": [{"name": "a", "env": [{"name": "X"}, {"name": "X"}]}]}},
            "spec.podTemplate: spec.containers[a].env: X stands twice.",
        ),
    ],
)
def test_what_cannot_be_merged_is_named(patch: Manifest, message: str) -> None:
    with pytest.raises(InvalidPodTemplate) as refused:
        rendered(patch)
    assert refused.value.message.startswith(message)
    assert refused.value.remedy.endswith(".")
