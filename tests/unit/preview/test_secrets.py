import pytest

from modelservice_operator.manifest import Manifest
from modelservice_operator.preview.secrets import told, without_secrets


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
        (
            {},
            {"args": ["--api-key=p;ss,word", "--api-key", "p;ss,word"]},
            {},
            {"args": ["--api-key=*** (after)", "--api-key", "*** (after)"]},
        ),
        (
            {},
            {"command": ["env", "HF_TOKEN=a b;c", "--port=80"]},
            {},
            {"command": ["env", "HF_TOKEN=*** (after)", "--port=80"]},
        ),
        # Two that change places differ, each where it stands.
        (
            {"env": [{"name": "A_TOKEN", "value": "one"}, {"name": "B_TOKEN", "value": "two"}]},
            {"env": [{"name": "A_TOKEN", "value": "two"}, {"name": "B_TOKEN", "value": "one"}]},
            {"env": [{"name": "A_TOKEN", "value": "*** (before)"}, {"name": "B_TOKEN", "value": "*** (before)"}]},
            {"env": [{"name": "A_TOKEN", "value": "*** (after)"}, {"name": "B_TOKEN", "value": "*** (after)"}]},
        ),
        # Others before them in the list change nothing.
        (
            {"args": ["--api-key=one", "http://me:pw@host"], **variable("A_TOKEN", "one")},
            {
                "args": ["-v", "--api-key=one", "http://me:pw@host"],
                "env": [{"name": "X", "value": "y"}, *variable("A_TOKEN", "one")["env"]],
            },
            {"args": ["--api-key=***", "http://me:***@host"], **variable("A_TOKEN", "***")},
            {
                "args": ["-v", "--api-key=***", "http://me:***@host"],
                "env": [{"name": "X", "value": "y"}, *variable("A_TOKEN", "***")["env"]],
            },
        ),
        # Numbers without quotes.
        ({}, {"env": [{"name": "DB_PASSWORD", "value": 12345678}]}, {}, variable("DB_PASSWORD", "*** (after)")),
        ({}, {"args": ["--api-key", 12345678]}, {}, {"args": ["--api-key", "*** (after)"]}),
        (
            {},
            {"env": [{"name": "PORT", "value": 80}, {"name": "DEBUG", "value": True}]},
            {},
            {"env": [{"name": "PORT", "value": 80}, {"name": "DEBUG", "value": True}]},
        ),
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


@pytest.mark.parametrize(
    ("value", "sentence", "shown"),
    [
        ("p;ss,word", 'Invalid value: "p;ss,word": no', 'Invalid value: "***": no'),
        (12345678, "got &value{Value:12345678}", "got &value{Value:***}"),
        ('a"b\\nc-long', r'Invalid value: "a\"b\\nc-long"', 'Invalid value: "***"'),
        # A short one is a word of its own, or none.
        ("a", 'must be a number, not "a"', 'must be *** number, not "***"'),
        ("", "nothing is hidden", "nothing is hidden"),
    ],
)
def test_what_is_said_has_no_secret_of_the_objects(value: object, sentence: str, shown: str) -> None:
    assert told(sentence, [None, {"env": [{"name": "DB_PASSWORD", "value": value}]}]) == shown


def test_what_is_said_has_nothing_that_looks_like_a_secret() -> None:
    assert told("token=hf_abcdefghijkl", []) == "token=***"
