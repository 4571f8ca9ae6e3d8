"""The difference between an intent and an object, and the hashes that are frozen."""

import pytest

from modelservice_operator import diff
from modelservice_operator.manifest import Manifest

INTENT: Manifest = {
    "metadata": {"name": "qwen", "labels": {"a": "1"}},
    "spec": {
        "replicas": 0,
        "paused": False,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "server",
                        "args": ["--port=8000"],
                        "env": [{"name": "HOME", "value": "/cache"}, {"name": "EMPTY", "value": ""}],
                        "ports": [{"name": "http", "containerPort": 8000}],
                        "resources": {"requests": {"cpu": "1500m"}},
                    }
                ],
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                "volumes": [{"name": "cache", "emptyDir": {}}],
            }
        },
        "selector": {"modelservice.dev/name": "qwen"},
    },
}


def observed() -> Manifest:
    """The intent as the API server gives it back: defaults added, zero values dropped, fields of others beside ours."""
    return {
        "metadata": {"name": "qwen", "uid": "u", "labels": {"a": "1", "theirs": "x"}, "annotations": {"theirs": "y"}},
        "spec": {
            "replicas": 0,
            "minReadySeconds": 0,
            "template": {
                "metadata": {"creationTimestamp": None},
                "spec": {
                    "containers": [
                        {"name": "sidecar", "image": "injected"},
                        {
                            "name": "server",
                            "args": ["--port=8000"],
                            "env": [
                                {"name": "EMPTY"},
                                {"name": "INJECTED", "value": "1"},
                                {"name": "HOME", "value": "/cache"},
                            ],
                            "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
                            "resources": {"requests": {"cpu": "1.5"}},
                        },
                    ],
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                    "volumes": [{"name": "injected", "emptyDir": {}}, {"name": "cache", "emptyDir": {}}],
                },
            },
            "selector": {"modelservice.dev/name": "qwen"},
        },
    }


def server(manifest: Manifest) -> Manifest:
    containers = manifest["spec"]["template"]["spec"]["containers"]
    found: Manifest = next(container for container in containers if container["name"] == "server")
    return found


def test_what_others_add_and_the_server_defaults_is_no_difference() -> None:
    assert diff.difference(observed(), INTENT) is None


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (lambda o: o["spec"].update(replicas=2), "spec.replicas"),
        (lambda o: o["spec"].update(paused=True), "spec.paused"),
        (lambda o: o["metadata"]["labels"].pop("a"), "metadata.labels.a"),
        (lambda o: server(o).update(args=["--port=1"]), "spec.template.spec.containers[server].args[0]"),
        (lambda o: server(o)["args"].append("--more"), "spec.template.spec.containers[server].args"),
        (lambda o: server(o)["env"].pop(), "spec.template.spec.containers[server].env[HOME]"),
        (lambda o: server(o)["env"][0].update(value="x"), "spec.template.spec.containers[server].env[EMPTY].value"),
        (
            lambda o: server(o)["resources"]["requests"].update(cpu="2"),
            "spec.template.spec.containers[server].resources.requests.cpu",
        ),
        (lambda o: o["spec"]["template"]["spec"]["tolerations"].append({"key": "x"}), "spec.template.spec.tolerations"),
        (lambda o: o["spec"].pop("template"), "spec.template"),
        (lambda o: o["spec"]["selector"].update(track="canary"), "spec.selector"),
        (
            lambda o: o["spec"]["template"]["spec"]["volumes"][1].pop("emptyDir"),
            "spec.template.spec.volumes[cache].emptyDir",
        ),
    ],
)
def test_every_difference_is_named_by_its_path(edit: "object", path: str) -> None:
    changed = observed()
    assert callable(edit)
    edit(changed)
    assert diff.difference(changed, INTENT) == path


def test_the_hash_of_an_intent_is_frozen() -> None:
    """Hashes stand in annotations of live objects: a changed one writes every child once after an upgrade."""
    assert diff.intent_hash({"kind": "Service", "spec": {"b": 1, "a": ["ü"]}}) == "bce90dd97367466dcfd8290c177333f4"


def test_the_hash_goes_into_the_annotation_and_not_into_itself() -> None:
    intent: Manifest = {"metadata": {"name": "qwen"}, "spec": {}}
    applied = diff.with_hash(intent, "abc")
    assert applied["metadata"]["annotations"] == {"modelservice.dev/applied-hash": "abc"}
    assert "annotations" not in intent["metadata"]
