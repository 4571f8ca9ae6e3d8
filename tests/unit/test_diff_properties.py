"""What the API server makes of an intent holds it; whatever anybody then changes of it is noticed."""

import copy

from hypothesis import given, settings

from modelservice_operator import diff
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.errors import PlanError
from unit.admission import default
from unit.field_ownership import LIST_KEYS, Path, content, keys_of, leaves
from unit.plan.test_properties import planned, specs


def intents(raw: Manifest) -> list[Manifest]:
    """Deployment and Service."""
    try:
        return planned(raw)[:2]
    except PlanError:
        return []


def changed(value: object) -> object:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case list():
            return [*value, "more"]
        case dict():
            return {"other": "x"}
    return f"{value}x"


def with_leaf(value: object, target: Path, new: object, path: Path = ()) -> object:
    """The value with another one in one place; gone where the new one is None."""
    if path == target:
        return new
    if isinstance(value, dict):
        items = {key: with_leaf(item, target, new, (*path, key)) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not None}
    if isinstance(value, list) and path[-1] in LIST_KEYS:
        return [with_leaf(item, target, new, (*path, keys_of(item, path))) for item in value]
    return value


@settings(max_examples=60)
@given(specs)
def test_what_was_applied_holds_the_intent(raw: Manifest) -> None:
    for intent in intents(raw):
        observed = copy.deepcopy(intent)
        default(observed)
        assert diff.difference(observed, intent) is None


@settings(max_examples=25)
@given(specs)
def test_every_change_and_every_loss_of_a_field_is_noticed(raw: Manifest) -> None:
    for intent in intents(raw):
        observed = copy.deepcopy(intent)
        default(observed)
        for target, value in leaves(content(intent)).items():
            other = diff.difference(with_leaf(observed, target, changed(value)), intent)
            assert (other is None) == (value == {}), f"{target}: to an empty map others may add"
            lost = diff.difference(with_leaf(observed, target, None), intent)
            may_be_absent = value in (0, "", False, {}) and target[-1] != "emptyDir"
            assert (lost is None) == may_be_absent, f"{target}: a zero value may be absent"


def test_an_object_of_another_shape_differs() -> None:
    assert diff.difference({"spec": "text"}, {"spec": {"a": 1}}) == "spec"
    assert diff.difference({"spec": None}, {"spec": {}}) is None
    assert diff.difference({"args": ["a"]}, {"args": ["a", "b"]}) == "args"
    assert diff.difference({"args": ["a", "c"]}, {"args": ["a", "b"]}) == "args[1]"
    assert diff.difference({"args": "text"}, {"args": ["a"]}) == "args"
    assert diff.difference({"limits": {"cpu": "many"}}, {"limits": {"cpu": "1"}}) == "limits.cpu"
    assert diff.difference({"limits": {"cpu": "1000m"}}, {"limits": {"cpu": 1}}) is None
