"""The command line: what it prints, and how it exits: 0, 1 from the operator, 2 for what it cannot work with."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result

from modelservice_operator import __version__, app, logs
from modelservice_operator.api.crd import CRD_NAME
from modelservice_operator.cli import main
from modelservice_operator.cluster.errors import NoCredentials
from modelservice_operator.http import CannotListen
from modelservice_operator.render import render_file
from modelservice_operator.settings import Settings

ROOT: Final = Path(__file__).parents[2]
QUICKSTART: Final = ROOT / "examples" / "quickstart.yaml"
ONE: Final = """
apiVersion: modelservice.dev/v1alpha1
kind: ModelService
metadata: {name: %s}
spec: {model: {uri: "hf://Qwen/Qwen3-8B"}}
"""


def invoke(*arguments: str, given: str | bytes | None = None, **environment: str) -> Result:
    """Run the command in an environment without settings."""
    clean = {"KUBERNETES_SERVICE_HOST": None, "KUBECONFIG": None, **environment}
    return CliRunner(env=clean).invoke(main, arguments, input=given)


@pytest.mark.parametrize(
    ("argument", "text"), [("version", __version__), ("--version", f"modelservice, version {__version__}")]
)
def test_version(argument: str, text: str) -> None:
    result = invoke(argument)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{text}\n", "")


def test_crd_is_the_one_in_the_repository() -> None:
    result = invoke("crd")
    (stored,) = (ROOT / "crds").glob("*.yaml")
    assert result.exit_code == 0
    assert result.stdout == stored.read_text("utf-8")
    assert CRD_NAME in result.stdout


def test_the_operator_does_not_load_cel() -> None:
    """In a process of its own: the other tests do load it."""
    program = (
        "import sys, modelservice_operator.cli, modelservice_operator.app; print('cel_expr_python' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


@pytest.mark.parametrize("argument", ["-h", "--help"])
def test_help_names_the_commands(argument: str) -> None:
    result = invoke(argument)
    assert result.exit_code == 0
    for command in ("completion", "crd", "plan", "render", "run", "validate", "version"):
        assert f"\n  {command} " in result.stdout


def test_help_of_run_names_every_setting() -> None:
    text = " ".join(invoke("run", "--help").stdout.split())
    for setting in Settings.declared():
        assert setting.flag in text
        assert setting.variable in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve",),
        ("render",),
        ("render", "-f"),
        ("plan",),
        ("completion", "tcsh"),
        ("validate",),
        ("validate", "x"),
        ("run", "--no-such"),
        ("crd", "x"),
    ],
)
def test_what_is_no_command_is_refused(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


# render


def test_render_a_file() -> None:
    result = invoke("render", "-f", str(QUICKSTART))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == render_file(QUICKSTART.read_text("utf-8"))
    assert result.stdout.count("kind: Deployment") == 1


def test_render_standard_input_with_several_documents() -> None:
    text = ONE % "one" + "---" + ONE % "two"
    result = invoke("render", "-f", "-", given=text)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == render_file(text)
    assert [line for line in result.stdout.splitlines() if line.startswith("kind:")] == [
        "kind: Deployment",
        "kind: Service",
    ] * 2


def test_render_several_files(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yaml" for name in ("one", "two")]
    for file in files:
        file.write_text(ONE % file.stem)
    result = invoke("render", *(part for file in files for part in ("-f", str(file))))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == render_file(ONE % "one" + "---" + ONE % "two")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "there is no Kubernetes object in it"),
        (b"a: [", "line 1: "),
        ((ONE % "a").replace("model:", "modle:").encode(), "spec.modle: there is no such field; did you mean model?"),
        ((ONE % "a").replace("hf:", "ftp:").encode(), 'spec.model.uri: Invalid value: "ftp://Qwen/Qwen3-8B": must'),
        ((ONE % "a" + "---\nkind: Pod\n").encode(), "document 2: cannot render what is no ModelService: 1 Pod."),
        (b"\xff\xfe\x00", "is not UTF-8"),
    ],
    ids=["empty", "no YAML", "unknown field", "wrong value", "another kind", "no text"],
)
@pytest.mark.parametrize("where", ["file", "stdin"])
def test_what_cannot_be_rendered_is_named(tmp_path: Path, where: str, content: bytes, complaint: str) -> None:
    file = tmp_path / "models.yaml"
    file.write_bytes(content)
    result = invoke("render", "-f", str(file)) if where == "file" else invoke("render", "-f", "-", given=content)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {file if where == 'file' else '-'}: ")
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1, "one line"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = invoke("render", "-f", str(tmp_path / "none.yaml"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {tmp_path / 'none.yaml'}: No such file or directory\n"


def test_a_directory(tmp_path: Path) -> None:
    result = invoke("render", "-f", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {tmp_path}: Is a directory\n"


# validate


@pytest.mark.parametrize("where", ["file", "stdin", "directory"])
def test_validate_names_every_mistake(tmp_path: Path, where: str) -> None:
    text = "---".join(
        (ONE % "one", "\nkind: Pod\n", (ONE % "two").replace("hf:", "ftp:").replace("spec: {", "spec: {replicas: -1, "))
    )
    file = tmp_path / "models.yaml"
    file.write_text(text, "utf-8")
    given = {"file": str(file), "stdin": "-", "directory": str(tmp_path)}[where]
    result = invoke("validate", "-f", given, given=text)
    assert result.exit_code == 1
    at = f"{'-' if where == 'stdin' else file}: document 3, ModelService two: "
    negative, of_scale, uri = result.stdout.splitlines()
    assert (
        negative == f"{at}spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0"
    )
    assert of_scale == f"{at}.spec.replicas: Invalid value: -1: should be a non-negative integer"
    assert uri.startswith(f'{at}spec.model.uri: Invalid value: "ftp://Qwen/Qwen3-8B": must begin with hf://, pvc://')
    assert result.stderr == f"{'-' if where == 'stdin' else file}: skipped what is no ModelService: 1 Pod.\n"


def test_validate_says_when_all_is_well(tmp_path: Path) -> None:
    result = invoke("validate", "-f", str(ROOT / "examples"), "--filename", str(QUICKSTART))
    files = [file.read_text("utf-8") for file in (ROOT / "examples").rglob("*.yaml")]
    count = sum("\nkind: ModelService\n" in text or text.startswith("kind: ModelService\n") for text in files) + 1
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == f"{count} ModelServices are valid."


def test_validate_tells_what_it_can_of_the_other_files(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text((ONE % "a").replace("model:", "modle:"), "utf-8")
    result = invoke("validate", "-f", str(tmp_path / "none.yaml"), "-f", str(file))
    assert result.exit_code == 2
    assert result.stdout == (
        f"{file}: document 1, ModelService a: spec.modle: there is no such field; did you mean model?\n"
    )
    assert result.stderr == f"Error: {tmp_path / 'none.yaml'}: No such file or directory\n"


# run


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which the operator was started; it ends at once."""
    settings: list[Settings] = []

    async def run(given: Settings) -> int:
        await asyncio.sleep(0)
        settings.append(given)
        return 1

    monkeypatch.setattr(app, "run", run)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    return settings


def test_run_takes_flags_before_variables_and_exits_as_the_operator_does(started: list[Settings]) -> None:
    result = invoke(
        "run", "--workers", "3", "--namespaces=ml,dev", MODELSERVICE_WORKERS="9", MODELSERVICE_HTTP_PORT="0"
    )
    assert (result.exit_code, result.output) == (1, "")
    (settings,) = started
    assert (settings.workers, settings.namespaces, settings.http_port) == (3, ("ml", "dev"), 0)


def test_run_names_every_wrong_setting(started: list[Settings]) -> None:
    result = invoke("run", "--workers", "many", MODELSERVICE_LOG_FORMAT="xml", MODELSERVICE_HTTP_PORT="80000")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "Error: MODELSERVICE_HTTP_PORT (--http-port) must be a port from 1 to 65535, or 0 for any that is free, "
        'not "80000".',
        '       MODELSERVICE_LOG_FORMAT (--log-format) must be text, json or auto, not "xml".',
        '       MODELSERVICE_WORKERS (--workers) must be a whole number from 1 to 256, not "many".',
    ]
    assert started == []


@pytest.mark.parametrize("error", [NoCredentials("there is no kubeconfig x"), CannotListen("the port is taken")])
def test_run_says_in_one_line_what_keeps_it_from_starting(
    started: list[Settings], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def run(_: Settings) -> Any:
        raise error

    monkeypatch.setattr(app, "run", run)
    result = invoke("run")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {error}\n")


CRASH: Final = {
    "kind": "Pod",
    "metadata": {"name": "chat", "namespace": "ml"},
    "spec": {"containers": [{"name": "server"}]},
    "status": {"containerStatuses": [{"name": "server", "state": {"terminated": {"exitCode": 3, "message": "bad"}}}]},
}
WHY: Final = '1 of 1 pod crashed: container server exited with code 3; its last words: "bad".'
READ: Final = "kubectl logs -n ml chat -c server --previous"


def test_diagnose_tells_people() -> None:
    result = invoke("diagnose", "-f", "-", given=json.dumps(CRASH))
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == (
        "CrashLooping (for the user to repair)\n"
        '  1 of 1 pod crashed: container server exited with code 3; its last words:\n  "bad".\n'
        f"  → Read its output:\n    {READ}\n"
    )


def test_diagnose_tells_programs() -> None:
    result = invoke("diagnose", "-f", "-", "-o", "json", given=yaml.safe_dump(CRASH))
    assert (result.exit_code, result.stderr) == (1, "")
    entry = {"reason": "CrashLooping", "message": WHY, "remedy": f"Read its output: {READ}", "pods": 1}
    assert json.loads(result.stdout) == [entry]


@pytest.mark.parametrize(("output", "text"), [("json", "[]\n"), ("text", "Nothing is wrong with 1 pod.\n")])
def test_diagnose_of_healthy_pods(output: str, text: str) -> None:
    result = invoke("diagnose", "-f", "-", "-o", output, given=json.dumps(CRASH | {"status": {"phase": "Pending"}}))
    assert (result.exit_code, result.stdout, result.stderr) == (0, text, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "it is empty"),
        ("{", "line 1"),
        (b"\xff\xfe", "line 1: byte 0xff is not UTF-8"),
        ("kind: Service", "is Service: pass Pods, as kubectl get pods -o json prints them"),
        ("hello", "is no Kubernetes object"),
        ("[" * 10_000, "nested too deeply"),
    ],
)
def test_diagnose_of_what_it_cannot_read(given: str | bytes, said: str) -> None:
    result = invoke("diagnose", "-f", "-", given=given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: -: ")
    assert said in result.stderr


def test_diagnose_goes_on_behind_a_file_that_is_not_there(tmp_path: Path) -> None:
    crash = tmp_path / "pods.json"
    crash.write_text(json.dumps(CRASH))
    result = invoke("diagnose", "-f", str(tmp_path / "none"), "-f", str(crash))
    assert result.exit_code == 2
    assert result.stdout.startswith("CrashLooping")
    assert "No such file" in result.stderr
