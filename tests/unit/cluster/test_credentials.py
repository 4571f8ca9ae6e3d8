import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from modelservice_operator.cluster.credentials import current_namespace, load_access
from modelservice_operator.cluster.errors import NoCredentials

KUBECONFIG: Final = """
apiVersion: v1
kind: Config
current-context: first
contexts:
- {name: first, context: {cluster: one, user: me}}
- {name: second, context: {cluster: two, user: me}}
clusters:
- {name: one, cluster: {server: "http://127.0.0.1:6443"}}
- {name: two, cluster: {server: "http://127.0.0.1:7443"}}
users:
- {name: me, user: {token: abc}}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of the test's own, outside of a pod."""
    for variable in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG, "utf-8")
    return path


async def test_a_file_and_a_context_that_are_named(kubeconfig: Path) -> None:
    assert (await load_access(str(kubeconfig))).host == "http://127.0.0.1:6443"
    assert (await load_access(str(kubeconfig), "second")).host == "http://127.0.0.1:7443"


async def test_kubeconfig_may_name_several_files(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"/nowhere:{kubeconfig}")
    assert (await load_access(context="second")).host == "http://127.0.0.1:7443"


async def test_in_a_pod_a_kubeconfig_goes_before_the_pods_own(
    kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert (await load_access(str(kubeconfig))).host == "http://127.0.0.1:6443"
    with pytest.raises(NoCredentials, match="must both be set, as they are in a pod"):
        await load_access()


def test_the_file_in_the_home_directory(home: Path, kubeconfig: Path) -> None:
    with pytest.raises(NoCredentials, match=f"there is no kubeconfig {home}/.kube/config: name one with --kubeconfig"):
        asyncio.run(load_access())
    (home / ".kube").mkdir()
    kubeconfig.rename(home / ".kube" / "config")
    assert asyncio.run(load_access()).host == "http://127.0.0.1:6443"


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("a: [", None),
        ("just text", None),
        ("", None),
        ("apiVersion: v1\nkind: Config\n", None),
        (KUBECONFIG, "third"),
        (KUBECONFIG.replace("cluster: one", "cluster: three"), None),
    ],
    ids=["no YAML", "no map", "empty", "no context", "no such context", "no such cluster"],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(kubeconfig: Path, text: str, context: str | None) -> None:
    kubeconfig.write_text(text, "utf-8")
    with pytest.raises(NoCredentials) as caught:
        asyncio.run(load_access(str(kubeconfig), context))
    assert str(caught.value).startswith("the credentials for the cluster cannot be read: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "just text", "- a\n"])
def test_a_file_that_is_no_kubeconfig_is_named(
    kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    odd = tmp_path / "odd"
    odd.write_text(text, "utf-8")
    words = f"cannot be read: {odd} is empty or no kubeconfig: name another file"
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig}:{odd}")
    with pytest.raises(NoCredentials, match=words):
        asyncio.run(load_access())
    monkeypatch.setenv("KUBECONFIG", str(odd))
    with pytest.raises(NoCredentials, match=words):
        current_namespace()


def test_the_operator_leaves_the_kubernetes_package_out() -> None:
    """It takes a fifth of the memory, and in a pod nothing needs it."""
    program = "import sys, modelservice_operator.app; print('kubernetes' in sys.modules, 'kopf' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
