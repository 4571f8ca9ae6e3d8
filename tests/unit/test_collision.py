"""Where an intent collides with what others made of the object, our items take their places back."""

from modelservice_operator.collision import replacement
from modelservice_operator.manifest import Manifest

HTTP = {"name": "http", "port": 80, "targetPort": "http"}
METRICS = {"name": "metrics", "port": 9090}
CACHE = {"name": "cache", "emptyDir": {}}
SIDECAR = {"name": "sidecar", "image": "injected"}


def of(live: Manifest, wanted: Manifest) -> Manifest:
    return replacement({"spec": live}, {"spec": wanted})


def test_a_port_under_our_name_goes_and_others_stay() -> None:
    live = {"ports": [METRICS, {**HTTP, "port": 81, "protocol": "TCP"}], "clusterIP": "10.0.0.1"}
    assert of(live, {"ports": [HTTP], "selector": {"a": "b"}}) == {"ports": [METRICS, HTTP]}


def test_an_item_of_ours_is_replaced_in_its_place() -> None:
    server = {"name": "server", "ports": [{"name": "http", "containerPort": 8000}]}
    changed = {"name": "server", "ports": [{"name": "http", "containerPort": 8001}], "env": [{"name": "THEIRS"}]}
    volumes = [{"name": "cache", "hostPath": {"path": "/x"}}, {"name": "injected", "emptyDir": {}}]
    live = {"template": {"spec": {"containers": [changed, SIDECAR], "volumes": volumes}}}
    wanted = {
        "replicas": 1,
        "template": {"metadata": {"labels": {}}, "spec": {"containers": [server], "volumes": [CACHE]}},
    }
    assert of(live, wanted) == {
        "template": {"spec": {"containers": [server, SIDECAR], "volumes": [CACHE, volumes[1]]}},
    }


def test_what_is_lacking_is_added() -> None:
    assert of({}, {"ports": [HTTP]}) == {"ports": [HTTP]}
    assert of({"template": "odd"}, {"template": {"spec": {"volumes": [CACHE]}}}) == {
        "template": {"spec": {"volumes": [CACHE]}}
    }


def test_nothing_to_replace() -> None:
    assert of({"replicas": 2}, {"replicas": 1, "selector": {"a": "b"}}) == {}
