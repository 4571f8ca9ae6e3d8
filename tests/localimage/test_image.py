"""The image, built and run where there is a builder; else the same install steps, in a clean environment."""

import json
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from image.sbom import REQUIREMENTS, pins
from localimage.build import NAME, ROOT, build
from localimage.buildah import Buildah, BuilderMissingError
from localimage.dockerfile import install
from modelservice_operator import __version__

CHART = ROOT / "charts" / "modelservice-operator" / "templates"
MEGABYTES = 1_000_000
ENTER = """
mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && user=$1 && shift && exec chroot --userspec="$user" "$0" "$@"
"""


class Image(NamedTuple):
    """A built image: what it says of itself, and its files."""

    config: dict[str, Any]
    root: Path

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """As its user, with its environment and HOME as runc sets it, on a root that cannot be written."""
        environment = dict(entry.split("=", 1) for entry in self.config["Env"]) | {"HOME": "/"}
        enter = ["unshare", "--mount", "/bin/sh", "-c", ENTER, str(self.root), self.config["User"], *command]
        return subprocess.run(enter, env=environment, input=text, capture_output=True, text=True, check=False)


class Steps(NamedTuple):
    """What the install steps left, without an image."""

    programs: Path

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """With nothing but what was installed."""
        program, *arguments = command
        enter = [str(self.programs / program), *arguments]
        return subprocess.run(enter, env={}, input=text, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Gone after the tests: an image and its layers take more than a gigabyte."""
    with tempfile.TemporaryDirectory(prefix="modelservice-image-") as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def image(directory: Path) -> Image:
    try:
        buildah = Buildah(directory)
    except BuilderMissingError as error:
        pytest.skip(f"no image was built, only its install steps were run: {error}")
    build(buildah, directory, NAME, Path(sys.executable))
    image = Image(buildah.config(NAME), buildah.mount(NAME))
    # What runs from here on runs without it.
    (image.root / "bin" / "sh").unlink()
    return image


@pytest.fixture(scope="module")
def steps(directory: Path) -> Steps:
    return Steps(install(ROOT, directory / "steps", Path(sys.executable)))


@pytest.fixture(params=["image", "steps"])
def installed(request: pytest.FixtureRequest) -> Image | Steps:
    found: Image | Steps = request.getfixturevalue(request.param)
    return found


def test_it_holds_the_pinned_packages_and_the_operator_alone(installed: Image | Steps) -> None:
    code = """
        import json, sys, importlib.metadata as found
        paths = [path for path in sys.path if path.startswith(sys.prefix)]
        json.dump({d.name: d.version for d in found.distributions(path=paths)}, sys.stdout)
    """
    done = installed.run("python", "-c", textwrap.dedent(code))
    assert done.returncode == 0, done.stderr
    held = {name.lower().replace("_", "-"): version for name, version in json.loads(done.stdout).items()}
    pinned = {pin.name: pin.version for pin in pins(REQUIREMENTS.read_text("utf-8"))}
    assert held == pinned | {"modelservice-operator": __version__}


def test_its_command_runs(installed: Image | Steps) -> None:
    assert installed.run("modelservice", "--version").stdout == f"modelservice, version {__version__}\n"
    done = installed.run(
        "modelservice", "validate", "-f", "-", text=(ROOT / "examples" / "quickstart.yaml").read_text()
    )
    assert (done.returncode, done.stderr) == (0, "1 ModelService is valid.\n")
    wrong = installed.run(
        "modelservice", "validate", "-f", "-", text="{apiVersion: modelservice.dev/v1alpha1, kind: ModelService}"
    )
    assert wrong.returncode == 1


def test_outside_of_a_cluster_the_operator_says_what_it_lacks(image: Image) -> None:
    done = image.run(*image.config["Entrypoint"], *image.config["Cmd"])
    assert done.returncode == 2
    assert done.stderr.startswith("Error: there is no kubeconfig /.kube/config")


def test_it_is_what_the_chart_expects(image: Image) -> None:
    helpers = (CHART / "_helpers.tpl").read_text("utf-8")
    user, group = (re.findall(rf"^{key}: (\d+)$", helpers, re.MULTILINE)[0] for key in ("runAsUser", "runAsGroup"))
    assert image.config["User"] == f"{user}:{group}"
    command = ", ".join(image.config["Entrypoint"] + image.config["Cmd"])
    assert f"command: [{command}]\n" in (CHART / "deployment.yaml").read_text("utf-8")


def test_helm_test_asks_from_within_it(image: Image) -> None:
    template = (CHART / "tests" / "ready.yaml").read_text("utf-8")
    (code,) = re.findall(r"- python\n    - -c\n    - \|\n(.*?)    - http:", template, re.DOTALL)
    with _ready() as url:
        done = image.run("python", "-c", textwrap.dedent(code), f"{url}/readyz")
        assert (done.returncode, done.stdout) == (0, "ready"), done.stderr
        assert image.run("python", "-c", textwrap.dedent(code), f"{url}/missing").returncode != 0


def test_its_labels(image: Image) -> None:
    prefix = "org.opencontainers.image."
    labels = {
        key.removeprefix(prefix): value for key, value in image.config["Labels"].items() if key.startswith(prefix)
    }
    assert labels.pop("title")
    assert labels.pop("description")
    assert labels == {"licenses": "Apache-2.0", "version": __version__, "revision": "test", "source": "test"}


def test_its_user_owns_nothing_and_may_write_none_of_it(image: Image) -> None:
    files = [path for path in (image.root / "opt").rglob("*") if not path.is_symlink()]
    assert files
    assert [path for path in files if path.stat().st_uid or path.stat().st_mode & 0o022] == []


def test_nothing_is_left_of_how_it_was_built(image: Image) -> None:
    assert {path.name for path in image.root.iterdir()} <= {"bin", "etc", "lib", "lib64", "opt", "tmp", "usr"}
    assert list((image.root / "tmp").iterdir()) == []
    assert {path.name for path in (image.root / "opt").iterdir()} == {"modelservice"}
    assert not {"pip", "generate.py"} & {path.name for path in (image.root / "opt").rglob("*")}


def test_its_bytecode_bears_no_time_and_is_trusted(image: Image) -> None:
    compiled = list((image.root / "opt").rglob("*.pyc"))
    assert any("modelservice_operator" in path.parts for path in compiled)
    assert any("aiohttp" in path.parts for path in compiled)
    assert not any("kubernetes" in path.parts for path in compiled)
    # Flags 1, after the magic number: compared with the hash of the source, and not checked.
    assert {path.read_bytes()[4:8] for path in compiled} == {b"\1\0\0\0"}


def test_what_is_added_to_the_base_is_small(image: Image) -> None:
    sizes = [
        path.stat().st_size for path in (image.root / "opt").rglob("*") if path.is_file() and not path.is_symlink()
    ]
    assert sum(sizes) < 180 * MEGABYTES


@contextmanager
def _ready() -> Iterator[str]:
    """A server on loopback that answers /readyz."""
    with HTTPServer(("127.0.0.1", 0), _Ready) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b"ready")

    def log_message(self, *arguments: object) -> None:
        pass
