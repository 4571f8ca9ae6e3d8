"""Hashes and wire form of manifests."""

from modelservice_operator.manifest import canonical_json, digest, wire_json


def test_canonical_json_does_not_depend_on_order() -> None:
    assert (
        canonical_json({"b": [1, None], "a": "ü"})
        == canonical_json({"a": "ü", "b": [1, None]})
        == '{"a":"ü","b":[1,null]}'
    )


def test_the_digest_is_frozen() -> None:
    """Names of live ControllerRevisions come from it."""
    assert digest({"model": {"uri": "hf://Qwen/Qwen3-8B"}}) == "467719e0bc66fc62ed018c342329cd64"


def test_the_wire_form_is_what_gos_encoder_makes_of_it() -> None:
    """It escapes three ASCII characters for the sake of HTML, and two line separators for that of JavaScript."""
    assert (
        wire_json({"b": "ü", "a": "<&>\u2028\u2029"}) == '{"a":"\\u003c\\u0026\\u003e\\u2028\\u2029","b":"ü"}'.encode()
    )
