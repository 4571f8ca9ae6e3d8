"""Hashes and wire form of manifests."""

import json

import yaml

from modelservice_operator.manifest import canonical_json, digest, wire_json, wire_yaml


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


def test_no_character_of_the_yaml_form_means_something_else_to_a_reader_of_yaml() -> None:
    """PyYAML takes the same characters as Go's library, and reads the same line breaks."""
    text = "".join(chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    assert yaml.safe_load(wire_yaml({"a": text})) == json.loads(wire_yaml({"a": text})) == {"a": text}
