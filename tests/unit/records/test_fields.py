from modelservice_operator.manifest import Manifest
from modelservice_operator.records.fields import sharing_keys


def test_equal_keys_are_one() -> None:
    one, other = (sharing_keys({"".join(["ar", "gs"]): [{"".join(["na", "me"]): 1}]}) for _ in range(2))
    assert one == other == {"args": [{"name": 1}]}
    assert next(iter(one)) is next(iter(other))
    assert next(iter(one["args"][0])) is next(iter(other["args"][0]))


def test_what_is_nested_deeper_than_python_follows_is_left_as_it_is() -> None:
    deep: Manifest = {}
    for _ in range(20_000):
        deep = {"a": [deep]}
    shared = sharing_keys(deep)
    for _ in range(5):
        shared, deep = shared["a"][0], deep["a"][0]
    assert list(shared) == ["a"]
    while deep:  # taken apart step by step: to free it at once would be just as deep
        deep = deep["a"].pop()
