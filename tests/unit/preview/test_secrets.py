import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.secrets import without_secrets


def variable(name: str, value: str) -> Manifest:
    return {"env": [{"name": name, "value": value}]}


@pytest.mark.parametrize(
    ("before", "after", "shown_before", "shown_after"),
    [
        (
            variable("API_KEY", "one"),
            variable("API_KEY", "one"),
            variable("API_KEY", "***"),
            variable("API_KEY", "***"),
        ),
        (
            variable("API_KEY", "one"),
            variable("API_KEY", "two"),
            variable("API_KEY", "*** (before)"),
            variable("API_KEY", "*** (after)"),
        ),
        ({}, variable("X", "hf_abcdefghijkl"), {}, variable("X", "*** (after)")),
        (variable("LOG", "debug"), {}, variable("LOG", "debug"), {}),
        (
            {},
            {"args": ["--api-key", "one", "--port", "80"]},
            {},
            {"args": ["--api-key", "*** (after)", "--port", "80"]},
        ),
        ({}, {"args": ["--api-key=one"]}, {}, {"args": ["--api-key=*** (after)"]}),
        ({}, {"annotations": {"x/token": "one"}}, {}, {"annotations": {"x/token": "*** (after)"}}),
        ({}, {"command": ["sh", "-c", "curl -H 'Authorization: Bearer abcdefgh12'"]}, {}, None),
    ],
)
def test_secrets_are_hidden(
    before: Manifest, after: Manifest, shown_before: Manifest, shown_after: Manifest | None
) -> None:
    old, new = without_secrets(before, after)
    assert old == shown_before
    if shown_after is None:
        assert "abcdefgh12" not in str(new)
    else:
        assert new == shown_after


def test_names_of_secrets_stay() -> None:
    reference = {"env": [{"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "HF_TOKEN"}}}]}
    spec = {"model": {"credentials": {"secretName": "hf-token"}}, "automountServiceAccountToken": False}
    assert without_secrets(reference, spec) == (reference, spec)
