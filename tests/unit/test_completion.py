"""Completion, as bash, the protocols of zsh and fish, and kubectl ask for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelservice_operator.cli import main
from modelservice_operator.completion import kubectl_lines

BIN = Path(sys.executable).parent
PATH = f"{BIN}{os.pathsep}{os.environ['PATH']}"


def completed(*command: str | Path, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KUBE")}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env=clean | {"PATH": PATH} | environment
    )
    return done.stdout


@pytest.mark.parametrize("program", ["modelservice", "kubectl-modelservice"])
def test_bash_completes_by_what_is_printed(program: str) -> None:
    function = f"_{program.replace('-', '_')}_completion"
    words = f"COMP_WORDS=({program} ex) COMP_CWORD=1; {function} {program}; echo ${{COMPREPLY[@]}}"
    assert completed("bash", "-c", f"source <({program} completion bash); {words}") == "explain\n"


@pytest.mark.parametrize(
    ("shell", "instruction", "words", "offered"),
    [
        ("zsh", "zsh_complete", "modelservice vali", "plain\nvalidate\n"),
        ("fish", "fish_complete", "modelservice", "plain\nvalidate\t"),
    ],
)
def test_other_shells_are_answered(shell: str, instruction: str, words: str, offered: str) -> None:
    text = completed(BIN / "modelservice", "completion", shell)
    assert f"_MODELSERVICE_COMPLETE={instruction}" in text
    assert "modelservice" in text.splitlines()[0]
    asked = {"_MODELSERVICE_COMPLETE": instruction, "COMP_WORDS": words, "COMP_CWORD": "1"}
    if shell == "fish":
        asked["COMP_CWORD"] = "vali"
    assert completed(BIN / "modelservice", **asked).replace("plain,", "plain\n").startswith(offered)


@pytest.mark.parametrize(
    ("words", "offered", "directive"),
    [
        (
            (),
            ["completion", "crd", "diagnose", "explain", "plan", "render", "run", "status", "validate", "version"],
            ":4",
        ),
        (
            ("",),
            ["completion", "crd", "diagnose", "explain", "plan", "render", "run", "status", "validate", "version"],
            ":4",
        ),
        (("sta",), ["status"], ":4"),
        (("nope",), [], ":4"),
        (("plan", "--force"), ["--force-conflicts"], ":4"),
        (("status", "-o", ""), ["text", "json"], ":4"),
        (("completion", ""), ["bash", "zsh", "fish"], ":4"),
        (("validate", "-f", ""), [], ":0"),
        (("plan", "-f", "x.yaml", "--kubeconfig", ""), [], ":0"),
    ],
)
def test_kubectl_is_answered(words: tuple[str, ...], offered: list[str], directive: str) -> None:
    *lines, last = kubectl_lines(main, words)
    assert [line.partition("\t")[0] for line in lines] == offered
    assert last == directive


def test_the_program_that_kubectl_looks_for() -> None:
    assert completed(BIN / "kubectl_complete-modelservice", "sta").splitlines()[-1] == ":4"


def test_names_that_cannot_be_read_are_not_offered(tmp_path: Path) -> None:
    assert kubectl_lines(main, ("explain", "--kubeconfig", str(tmp_path / "none"), "")) == [":4"]
