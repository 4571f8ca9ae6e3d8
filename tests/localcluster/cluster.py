"""The local cluster as one object."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localcluster.build import Programs, programs
from localcluster.controlplane import ControlPlane
from localcluster.kwok import kwok
from localcluster.nodes import fleet
from localcluster.polling import attempts
from localcluster.process import Process, ProcessFailed
from localcluster.workdir import WorkDir

BOOT_SECONDS = 60.0
NOT_READY_TAINT = "node.kubernetes.io/not-ready"


class KubectlFailed(Exception):
    """kubectl ended with an error; the text is what it said."""


def say(text: str) -> None:
    """Tell a person what is going on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class LocalCluster:
    """A control plane with simulated nodes, in a directory of its own, on free ports of the loopback interface.

    A context manager, or `start` and `stop`. `nodes` are Node objects, by default those of `localcluster.nodes`. The
    flags come after our own, so they win. Nothing of it outlives this process, however that ends.
    Making one builds the programs that are missing; it raises `BuildFailed` or `GoMissing`.
    """

    kubeconfig: Path
    """The administrator's kubeconfig."""
    control_plane: ControlPlane
    kwok: Process

    def __init__(
        self,
        *,
        nodes: Sequence[Mapping[str, Any]] | None = None,
        apiserver_flags: Sequence[str] = (),
        controller_manager_flags: Sequence[str] = (),
    ) -> None:
        self.programs: Programs = programs(say)
        self._nodes = fleet() if nodes is None else nodes
        self._apiserver_flags = apiserver_flags
        self._controller_manager_flags = controller_manager_flags
        self._workdir: WorkDir | None = None
        self._spawned: list[Process] = []

    def start(self) -> Self:
        """Boot it; returns when all nodes are Ready and pods can be created.

        Raises `ProcessFailed` with the end of the log of what failed, and leaves nothing behind then.
        """
        self._workdir = WorkDir()
        try:
            self.control_plane = ControlPlane(self.programs, self._workdir)
            self.control_plane.boot(self._apiserver_flags, self._controller_manager_flags)
            self.kubeconfig = self.control_plane.kubeconfig("admin", self.control_plane.admin.token)
            if self._nodes:
                self.kubectl("create", "-f", "-", given=json.dumps(_list(self._nodes)))
            simulator = self.control_plane.kubeconfig("kwok", self.control_plane.simulator.token)
            self.kwok = kwok(self.programs, simulator, self._workdir)
            self.kwok.start()
            self._wait_until_usable()
        except BaseException:
            self._workdir.remove()
            raise
        return self

    def stop(self) -> None:
        """Stop what was spawned, then KWOK and the control plane, etcd last; remove the directory.

        A second call does nothing.
        """
        if self._workdir is None:
            return
        for process in reversed(self.processes):
            process.stop()
        self._workdir.remove()
        self._workdir = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def directory(self) -> Path:
        """Where its data, logs, keys and kubeconfigs lie; gone after `stop`."""
        if self._workdir is None:
            raise RuntimeError("The cluster is not started.")
        return self._workdir.path

    @property
    def apiserver(self) -> Process:
        """The API server, to kill, pause and start again; it keeps port, data and certificates."""
        return self.control_plane.apiserver

    @property
    def audit_log(self) -> Path:
        """Every request, one JSON line each, level Metadata."""
        return self.control_plane.audit_log

    @property
    def processes(self) -> list[Process]:
        """Every process, in the order of their start."""
        return [*self.control_plane.processes, self.kwok, *self._spawned]

    def spawn(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Process:
        """Start another program (an operator), which ends with the cluster at the latest; `name` is unique in it."""
        if self._workdir is None:
            raise RuntimeError("The cluster is not started.")
        process = Process(name, argv, self._workdir, env=env)
        self._spawned.append(process)
        process.start()
        return process

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Output of kubectl as administrator, with `given` as its input. Raises `KubectlFailed`."""
        done = subprocess.run(
            [self.programs.kubectl, "--kubeconfig", self.kubeconfig, *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise KubectlFailed(done.stderr.strip())
        return done.stdout

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig for a ServiceAccount that exists, with a token for a day."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration", "24h").strip()
        return self.control_plane.kubeconfig(f"{namespace}.{name}", token)

    def _wait_until_usable(self) -> None:
        waiting: list[str] = []
        for _ in attempts(BOOT_SECONDS, interval=0.1):
            nodes = json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
            waiting = [f"node {node['metadata']['name']}" for node in nodes if not _usable(node)]
            accounts = self.kubectl("get", "serviceaccounts", "-n", "default", "-o", "name").split()
            if "serviceaccount/default" not in accounts:
                waiting.append("the default ServiceAccount")
            if not waiting:
                return
        logs = "\n".join(f"{process.name}:\n{process.tail(10)}" for process in self.processes)
        raise ProcessFailed(f"Not there after {BOOT_SECONDS:g} s: {', '.join(waiting)}.\n{logs}")


def _list(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}


def _usable(node: Mapping[str, Any]) -> bool:
    ready = [condition for condition in node["status"].get("conditions", ()) if condition["type"] == "Ready"]
    tainted = [taint for taint in node["spec"].get("taints", ()) if taint["key"] == NOT_READY_TAINT]
    return [condition["status"] for condition in ready] == ["True"] and not tainted
