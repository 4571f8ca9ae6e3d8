import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.pull_policy import pull_policy, with_pull_policies

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("server", "Always"),
        ("server:latest", "Always"),
        ("example.com:5000/team/server", "Always"),
        ("example.com:5000/team/server:latest", "Always"),
        (f"server:latest@{DIGEST}", "Always"),
        ("server:1", "IfNotPresent"),
        ("server:latest-cuda", "IfNotPresent"),
        ("example.com:5000/team/server:v1.2_3", "IfNotPresent"),
        (f"server@{DIGEST}", "IfNotPresent"),
        (f"example.com:5000/server:1@{DIGEST}", "IfNotPresent"),
    ],
)
def test_by_the_tag(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_every_image_has_one_and_keeps_what_was_asked() -> None:
    pod: Manifest = {
        "initContainers": [{"name": "prepare", "image": "prepare"}],
        "containers": [{"name": "server", "image": "server:1", "imagePullPolicy": "Never"}],
        "volumes": [{"name": "model", "image": {"reference": "model:1"}}, {"name": "cache", "emptyDir": {}}],
    }
    assert with_pull_policies({"spec": pod}) == {
        "spec": {
            "initContainers": [{"name": "prepare", "image": "prepare", "imagePullPolicy": "Always"}],
            "containers": [{"name": "server", "image": "server:1", "imagePullPolicy": "Never"}],
            "volumes": [
                {"name": "model", "image": {"reference": "model:1", "pullPolicy": "IfNotPresent"}},
                {"name": "cache", "emptyDir": {}},
            ],
        }
    }


@pytest.mark.parametrize(
    "pod",
    [
        {"containers": "text"},
        {"containers": [1, {"name": "no image"}, {"image": 1}, {"image": ""}]},
        {"volumes": {}},
        {"containers": [{"image": "server", "imagePullPolicy": {}}]},
        {"volumes": [1, {"image": "text"}, {"image": None}]},
    ],
)
def test_what_is_no_image_stays(pod: Manifest) -> None:
    assert with_pull_policies({"spec": pod}) == {"spec": pod}
