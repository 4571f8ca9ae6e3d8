from pathlib import Path

import pytest

from modelservice_operator.settings import InvalidSettings, Settings

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAMESPACE": "ops"}
LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 (compared with, not listened on)


def mistakes(environ: dict[str, str], **flags: object) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_env(environ, **flags)
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("environ", "host", "log_format", "elects", "namespace"),
    [
        ({}, LOOPBACK, "text", False, ""),
        (POD, EVERYWHERE, "json", True, "ops"),
        ({"MODELSERVICE_LOG_FORMAT": "json"}, LOOPBACK, "json", False, ""),
        (POD | {"MODELSERVICE_LOG_FORMAT": "text"}, EVERYWHERE, "text", True, "ops"),
        (POD | {"MODELSERVICE_LOG_FORMAT": "Auto"}, EVERYWHERE, "json", True, "ops"),
        (POD | {"MODELSERVICE_LEADER_ELECTION": "off"}, EVERYWHERE, "json", False, "ops"),
        (POD | {"MODELSERVICE_LEADER_ELECTION": "auto"}, EVERYWHERE, "json", True, "ops"),
        (POD | {"MODELSERVICE_LEADER_ELECTION_NAMESPACE": "other"}, EVERYWHERE, "json", True, "other"),
        (POD | {"MODELSERVICE_HTTP_HOST": "::1"}, "::1", "json", True, "ops"),
    ],
)
def test_defaults_depend_on_where_the_process_runs(
    environ: dict[str, str], host: str, log_format: str, elects: bool, namespace: str
) -> None:
    settings = Settings.from_env(environ)
    assert (settings.http_host, settings.log_format, settings.elects, settings.leader_election_namespace) == (
        host,
        log_format,
        elects,
        namespace,
    )


def test_the_pods_namespace_is_read_from_its_service_account(tmp_path: Path) -> None:
    (tmp_path / "namespace").write_text("models\n")
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert Settings.from_env(pod, tmp_path).leader_election_namespace == "models"


def test_a_pod_that_does_not_know_its_namespace_has_to_be_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="MODELSERVICE_LEADER_ELECTION_NAMESPACE"):
        Settings.from_env({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, tmp_path)


def test_a_flag_wins_over_the_variable_and_an_absent_one_does_not() -> None:
    environ = {"MODELSERVICE_HTTP_PORT": "9000", "MODELSERVICE_WORKERS": "4", "MODELSERVICE_LOG_LEVEL": ""}
    settings = Settings.from_env(environ, http_port="9001", workers=None, resync_seconds=60)
    assert (settings.http_port, settings.workers, settings.resync_seconds, settings.log_level) == (9001, 4, 60, "info")


@pytest.mark.parametrize(
    ("text", "namespaces"),
    [("", ()), ("a", ("a",)), ("a, b-2,", ("a", "b-2")), ("b,a,b", ("b", "a"))],
)
def test_namespaces_are_an_exact_list(text: str, namespaces: tuple[str, ...]) -> None:
    assert Settings.from_env({"MODELSERVICE_NAMESPACES": text}).namespaces == namespaces


@pytest.mark.parametrize(
    ("name", "value", "wrong", "words"),
    [
        ("workers", "many", "workers", 'must be a whole number from 1 to 256, not "many".'),
        ("workers", "0", "workers", 'must be a whole number from 1 to 256, not "0".'),
        ("http_port", "65536", "http_port", 'must be a port from 1 to 65535, or 0 for any that is free, not "65536".'),
        ("log_format", "xml", "log_format", 'must be text, json or auto, not "xml".'),
        ("log_level", "loud", "log_level", 'must be debug, info, warning or error, not "loud".'),
        ("watch_nodes", "some", "watch_nodes", 'must be on or off, not "some".'),
        (
            "namespaces",
            "team-*,b",
            "namespaces",
            'must be exact names of namespaces, separated by commas (leave it empty to serve all), not "team-*,b".',
        ),
        ("resync_seconds", "1", "resync_seconds", 'must be a number of seconds, at least 10, not "1".'),
        ("retry_period", "inf", "retry_period", 'must be a number of seconds greater than 0, not "inf".'),
        (
            "renew_deadline",
            "15",
            "renew_deadline",
            "must be less than MODELSERVICE_LEASE_DURATION, which is 15, not 15.",
        ),
        ("lease_duration", "9", "renew_deadline", "must be less than MODELSERVICE_LEASE_DURATION, which is 9, not 10."),
        (
            "retry_period",
            "10.5",
            "retry_period",
            "must be less than MODELSERVICE_RENEW_DEADLINE, which is 10, not 10.5.",
        ),
        (
            "leader_election",
            "on",
            "leader_election_namespace",
            "is needed to elect a leader, as the pod's own is unknown: name the Lease's namespace.",
        ),
    ],
)
def test_a_wrong_value_gives_one_sentence_with_variable_and_flag(name: str, value: str, wrong: str, words: str) -> None:
    sentence = f"MODELSERVICE_{wrong.upper()} (--{wrong.replace('_', '-')}) {words}"
    assert mistakes({f"MODELSERVICE_{name.upper()}": value}) == (sentence,)
    assert mistakes({}, **{name: value}) == (sentence,)


def test_every_mistake_is_named_at_once() -> None:
    environ = {
        "MODELSERVICE_WORKERS": "x",
        "MODELSERVICE_HTTP_PORT": "tcp://10.0.0.1:80",
        "MODELSERVICE_RENEW_DEADLINE": "20",
        "MODELSERVICE_LEADER_ELECTION": "on",
        "MODELSERVICE_NAMESPACES": "A,B",
    }
    assert [sentence.split(" ")[0] for sentence in mistakes(environ)] == [
        "MODELSERVICE_NAMESPACES",
        "MODELSERVICE_HTTP_PORT",
        "MODELSERVICE_LEADER_ELECTION_NAMESPACE",
        "MODELSERVICE_RENEW_DEADLINE",
        "MODELSERVICE_WORKERS",
    ]


def test_each_setting_has_a_variable_a_flag_and_words() -> None:
    declared = Settings.declared()
    assert [setting.name for setting in declared] == list(Settings.model_fields)
    for setting in declared:
        assert setting.variable == f"MODELSERVICE_{setting.name.upper()}"
        assert setting.flag == f"--{setting.name.replace('_', '-')}"
        assert setting.help.endswith(".")
        assert setting.accepts
    defaults = {setting.name: setting.default for setting in declared}
    assert defaults["http_host"] == "0.0.0.0 in a pod, 127.0.0.1 elsewhere"
    assert (defaults["http_port"], defaults["watch_nodes"], defaults["namespaces"]) == ("8080", "on", "")


def test_an_unknown_override_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="no such settings: wokers"):
        Settings.from_env({}, wokers=1)


def test_a_holder_is_for_given_namespaces() -> None:
    holder = {"MODELSERVICE_NAMESPACE_HOLDER": "ops/modelservice"}
    assert mistakes(holder) == (
        "MODELSERVICE_NAMESPACE_HOLDER (--namespace-holder) is for given namespaces: name them in "
        "MODELSERVICE_NAMESPACES, or leave it empty.",
    )
    assert Settings.from_env(holder | {"MODELSERVICE_NAMESPACES": "ml"}).namespace_holder == "ops/modelservice"
