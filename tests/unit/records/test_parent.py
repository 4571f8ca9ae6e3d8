import json

from modelservice_operator.records.parent import Parent


def test_of_the_api_server() -> None:
    parent = Parent.from_manifest(
        {
            "metadata": {
                "name": "qwen",
                "namespace": "ml",
                "uid": "u-1",
                "generation": 3,
                "resourceVersion": "1207",
                "creationTimestamp": "2026-11-22T10:00:00Z",
                "deletionTimestamp": "2026-11-22T11:00:00Z",
            },
            "spec": {"replicas": 2},
            "status": {"ready": "1/2"},
        }
    )
    assert parent == Parent(
        namespace="ml",
        name="qwen",
        uid="u-1",
        generation=3,
        resource_version=1207,
        deleting=True,
        spec={"replicas": 2},
        status={"ready": "1/2"},
        created_at="2026-11-22T10:00:00Z",
    )


def test_of_a_file() -> None:
    parent = Parent.from_manifest({"metadata": {"name": "qwen"}})
    assert (parent.namespace, parent.uid, parent.generation, parent.resource_version) == ("", "", 0, 0)
    assert (parent.deleting, parent.spec, parent.status, parent.created_at) == (False, {}, {}, "")


def test_thousands_of_objects_share_their_keys() -> None:
    """Decoding makes a text of its own of each key of each object."""
    text = '{"metadata": {"name": "qwen"}, "status": {"conditions": [{"observedGeneration": 1}]}}'
    (one,), (other,) = (Parent.from_manifest(json.loads(text)).status["conditions"] for _ in range(2))
    assert one == {"observedGeneration": 1}
    assert next(iter(one)) is next(iter(other))
