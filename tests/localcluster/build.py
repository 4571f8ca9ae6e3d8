"""The programs of the cluster: built once from their Go modules, then taken from a cache."""

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcluster.golang import environment, find_go
from localcluster.module import KUBERNETES, NODE, PODS, TOOLS, BuildError, Module
from localcluster.progress import Progress

STAGES = "stages"
TAIL = 30


@dataclass(frozen=True)
class NodePrograms:
    """Where the programs lie that only a real node needs."""

    kubelet: Path
    kube_proxy: Path
    workload: Path
    devices: Path


@dataclass(frozen=True)
class Programs:
    """Where each program lies, and the directory with the stages of KWOK's own that we use."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kube_scheduler: Path
    kubectl: Path
    kwok: Path
    helm: Path
    stages: Path


def programs(say: Callable[[str], None]) -> Programs:
    """All programs: from `KUBEBUILDER_ASSETS` what lies there, the others from the cache, built where it lacks them.

    Raises `BuildError` or `GoMissingError`.
    """
    assets = Path(os.environ["KUBEBUILDER_ASSETS"]) if os.environ.get("KUBEBUILDER_ASSETS") else None
    found: dict[str, Path] = {}
    for module in (KUBERNETES, TOOLS):
        given = {name: assets / name for name in module.programs if assets and (assets / name).is_file()}
        if module.trees or len(given) < len(module.programs):
            folder = built(module, say)
            found |= {name: folder / name for name in module.programs}
            if module.trees:
                found[STAGES] = folder / STAGES
        found |= given
    return Programs(
        etcd=found["etcd"],
        kube_apiserver=found["kube-apiserver"],
        kube_controller_manager=found["kube-controller-manager"],
        kube_scheduler=found["kube-scheduler"],
        kubectl=found["kubectl"],
        kwok=found["kwok"],
        helm=found["helm"],
        stages=found[STAGES],
    )


def node_programs(say: Callable[[str], None]) -> NodePrograms:
    """Those of a real node, from the cache, built where it lacks them. Raises `BuildError` or `GoMissingError`."""
    node, pods = built(NODE, say), built(PODS, say)
    return NodePrograms(
        kubelet=node / "kubelet",
        kube_proxy=node / "kube-proxy",
        workload=pods / "workload",
        devices=pods / "devices",
    )


def cache() -> Path:
    """The directory for what is built once: $MODELSERVICE_CACHE, else `modelservice` in the user's cache directory."""
    if own := os.environ.get("MODELSERVICE_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modelservice"


def built(module: Module, say: Callable[[str], None]) -> Path:
    """The folder with the programs of `module`, which is complete if it exists; built now if it does not."""
    folder = cache() / module.digest()
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock"), say):
        if folder.exists():
            return folder
        for stale in folder.parent.glob(f"{folder.name}.partial-*"):
            shutil.rmtree(stale, ignore_errors=True)
        partial = folder.with_suffix(f".partial-{os.getpid()}")
        partial.mkdir()
        try:
            _build(module, partial, folder, say)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


@contextmanager
def _locked(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process builds the same programs: waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(module: Module, into: Path, folder: Path, say: Callable[[str], None]) -> None:
    go = find_go(folder.parent, say)
    say(
        f"Building {', '.join(module.programs)} from source. This happens once: about 10 minutes on two cores "
        f"for everything, then it is taken from {folder}"
    )
    log = folder.with_suffix(".log")
    progress = Progress(f"Building {module.name}", module.packages)
    code = _run([go, "build", "-v", *module.flags(), "-o", f"{into}{os.sep}", "tool"], module.directory, log, progress)
    seconds = progress.end()
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-TAIL:])
        raise BuildError(f"{tail}\n\n`go build` of {module.directory} failed; all of its output: {log}")
    for name, built_as in module.programs.items():
        (into / built_as).rename(into / name)
    if module.trees:
        _copy_trees(go, module, into / STAGES)
    log.unlink()
    say(f"Built {', '.join(module.programs)} in {seconds:.0f} s.")


def _run(command: list[Path | str], directory: Path, log: Path, progress: Progress) -> int:
    """Run a build, its output to `log` and `progress`; the exit code. The build ends with us: its pipe breaks."""
    with (
        log.open("w") as out,
        subprocess.Popen(
            command, cwd=directory, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):

        def read() -> None:
            for line in process.stdout or ():
                out.write(line)
                progress.read(line.rstrip("\n"))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            while reader.is_alive():
                progress.show()
                reader.join(timeout=0.5)
            return process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            reader.join()


def _copy_trees(go: Path, module: Module, into: Path) -> None:
    into.mkdir()
    for source, directories in module.trees.items():
        listed = subprocess.run(
            [go, "list", "-m", "-f", "{{.Dir}}", source],
            cwd=module.directory,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        for directory in directories:
            for file in sorted((Path(listed.stdout.strip()) / directory).glob("*.yaml")):
                if file.name != "kustomization.yaml":
                    shutil.copyfile(file, into / file.name)
