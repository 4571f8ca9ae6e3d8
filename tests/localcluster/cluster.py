"""The local cluster as one object."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from localcluster.build import NodePrograms, Programs, node_programs, programs
from localcluster.controlplane import ControlPlane
from localcluster.kubectl import Kubectl
from localcluster.kwok import kwok
from localcluster.nodes import beside_real, fleet
from localcluster.polling import attempts
from localcluster.process import Process, ProcessError
from localcluster.realnode import RealNode, RealNodeSpec, in_words, missing
from localcluster.workdir import WorkDir

BOOT_SECONDS = 60.0
NOT_READY_TAINT = "node.kubernetes.io/not-ready"


def say(text: str) -> None:
    """Tell a person what is going on."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class LocalCluster:
    """A control plane with simulated nodes, in a directory of its own, on free ports of the loopback interface.

    With `real_node` a real one stands beside them, which alone runs what does not tolerate their taint; the API server
    then listens on the machine's end of a link to it.

    A context manager, or `start` and `stop`. `nodes` are Node objects, by default those of `localcluster.nodes`. The
    flags come after our own, so they win. Nothing of it outlives this process, however that ends.
    """

    programs: Programs
    control_plane: ControlPlane
    kwok: Process
    kubeconfig: Path
    """The administrator's."""
    kubectl: Kubectl
    """As administrator, without a namespace."""

    def __init__(
        self,
        *,
        nodes: Sequence[Mapping[str, Any]] | None = None,
        apiserver_flags: Sequence[str] = (),
        controller_manager_flags: Sequence[str] = (),
        real_node: RealNodeSpec | None = None,
    ) -> None:
        self._real_node = real_node
        self._node: RealNode | None = None
        self._nodes = fleet() if nodes is None else nodes
        self._apiserver_flags = apiserver_flags
        self._controller_manager_flags = controller_manager_flags
        self._workdir: WorkDir | None = None
        self._spawned: list[Process] = []

    def start(self) -> Self:
        """Build what is missing and boot it; returns when all nodes are Ready and pods can be created.

        Raises `BuildError` or `GoMissingError`, and `ProcessError` with the end of a log or with what this machine
        lacks for a real node; leaves nothing running then.
        """
        if self._real_node and (lacks := missing()):
            raise ProcessError(in_words(lacks))
        self.programs = programs(say)
        of_node = node_programs(say) if self._real_node else None
        self._workdir = WorkDir()
        try:
            self._boot(self._workdir, of_node)
        except BaseException:
            self._workdir.remove()
            raise
        return self

    def stop(self) -> None:
        """Stop the real node, what was spawned, KWOK and the control plane, etcd last; remove the directory.

        A second call does nothing.
        """
        if self._workdir is None:
            return
        if self._node:
            self._node.stop()
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
        return self._started().path

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
        """Every process, in the order of their first start."""
        of_node = self._node.processes if self._node else []
        return [*of_node, *self.control_plane.processes, self.kwok, *self._spawned]

    @property
    def has_real_node(self) -> bool:
        """Whether it was asked for one."""
        return self._real_node is not None

    @property
    def real_node(self) -> RealNode:
        """The real node, of a cluster that was asked for one."""
        if self._node is None:
            raise RuntimeError("The cluster has no real node.")
        return self._node

    def spawn(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Process:
        """Start another program, an operator say, which ends with the cluster at the latest.

        A second one of the same name becomes `<name>-2`, and so on: each has a log of its own.
        """
        names = {process.name for process in self.processes}
        number = 1
        while (unique := name if number == 1 else f"{name}-{number}") in names:
            number += 1
        process = Process(unique, argv, self._started(), env=env)
        self._spawned.append(process)
        process.start()
        return process

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig for a ServiceAccount that exists, with a token for a day."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration", "24h").strip()
        return self.control_plane.kubeconfig(f"{namespace}.{name}", token)

    def service_account_token(self, namespace: str, name: str, expires: float) -> str:
        """A token for a ServiceAccount that exists, which expires at a Unix time, also before the API server's minimum
        of ten minutes. The API server takes it for a minute more, for clocks that differ, and what it has just seen for
        ten seconds after that.
        """
        account = self.kubectl.json("get", "serviceaccount", name, "--namespace", namespace)["metadata"]
        return self.control_plane.sign(
            {
                "sub": f"system:serviceaccount:{namespace}:{name}",
                "iat": int(expires) - 3600,
                "exp": int(expires),
                "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": account["uid"]}},
            }
        )

    def _started(self) -> WorkDir:
        if self._workdir is None:
            raise RuntimeError("The cluster is not started.")
        return self._workdir

    def _boot(self, workdir: WorkDir, of_node: NodePrograms | None) -> None:
        if self._real_node and of_node:
            node = self._node = RealNode(self._real_node, of_node, workdir)
            node.prepare()
            plane = ControlPlane(
                self.programs, workdir, host=node.addresses.machine, users=[node.user, node.proxy_user]
            )
            plane.boot([*node.apiserver_flags, *self._apiserver_flags], self._controller_manager_flags)
        else:
            plane = ControlPlane(self.programs, workdir)
            plane.boot(self._apiserver_flags, self._controller_manager_flags)
        self.control_plane = plane
        self.kubeconfig = plane.kubeconfig("admin", plane.admin.token)
        self.kubectl = Kubectl(self.programs.kubectl, self.kubeconfig)
        config = plane.kubeconfig("kwok", plane.simulator.token)
        self.kwok = kwok(self.programs, config, workdir, only_its_own=self._node is not None)
        self.kwok.start()
        if self._node:
            self._node.join(plane.kubeconfig)
        if self._nodes:
            nodes = [beside_real(node) for node in self._nodes] if self._node else self._nodes
            self.kubectl("create", "-f", "-", given=nodes)
        waiting: list[str] = []
        for _ in attempts(BOOT_SECONDS, interval=0.1):
            waiting = self._not_usable()
            if not waiting:
                return
        logs = "\n".join(f"{process.name}:\n{process.tail(10)}" for process in self.processes)
        raise ProcessError(f"Not there after {BOOT_SECONDS:g} s: {', '.join(waiting)}.\n{logs}")

    def _not_usable(self) -> list[str]:
        """What a pod of the default namespace still lacks."""
        found = self.kubectl.json("get", "nodes,serviceaccounts", "-n", "default")["items"]
        nodes = [item for item in found if item["kind"] == "Node"]
        waiting = [f"node {node['metadata']['name']}" for node in nodes if not _usable(node)]
        if self._node and not any(self._node.has_joined(node) for node in nodes):
            waiting.append(f"node {self._node.name} with its devices")
        if "default" not in [item["metadata"]["name"] for item in found if item["kind"] == "ServiceAccount"]:
            waiting.append("the default ServiceAccount")
        return waiting


def _usable(node: Mapping[str, Any]) -> bool:
    ready = [condition for condition in node["status"].get("conditions", ()) if condition["type"] == "Ready"]
    tainted = [taint for taint in node["spec"].get("taints", ()) if taint["key"] == NOT_READY_TAINT]
    return [condition["status"] for condition in ready] == ["True"] and not tainted
