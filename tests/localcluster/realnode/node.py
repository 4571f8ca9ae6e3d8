"""A real node: kubelet, kube-proxy, containerd and their pods, in namespaces of their own on this machine."""

import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from localcluster.build import NodePrograms
from localcluster.credentials import User
from localcluster.nodes import L4
from localcluster.process import Process, ProcessError
from localcluster.realnode import cgroups, configuration, network, preflight
from localcluster.realnode.addresses import Addresses
from localcluster.realnode.images import write_image
from localcluster.workdir import WorkDir

INIT: Final = Path(__file__).parent / "init.py"
GPU: Final = "nvidia.com/gpu"
WORKLOAD: Final = "modelservice.test/workload:1"
"""The image of `modules/pods/workload`, which every node has; `/workload` is its entrypoint."""
SIZE: Final = L4
"""The machine whose CPUs and memory a node says it has, so that what asks for more than a laptop has is placed all the
same. Limits are kept as they are.
"""
IMPORT_SECONDS: Final = 300


@dataclass(frozen=True)
class RealNodeSpec:
    """What node is wanted: `gpus` is how many NVIDIA L4 it says it has; `images` are archives (OCI or Docker) that it
    is given; the wait before a crashed container starts again grows no longer than `longest_back_off`.
    """

    name: str = "real-1"
    gpus: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    images: Sequence[Path] = ()
    longest_back_off: str = "10s"


class RealNode:
    """One such node, started in two steps: `prepare` before the API server, which listens on the link, `join` after.

    Everything ends with the process `init`, the first of the node's namespaces; the link goes with it, and what is left
    of the machine's is the control group, which the directory of the cluster takes with it.
    """

    def __init__(self, spec: RealNodeSpec, programs: NodePrograms, workdir: WorkDir) -> None:
        self.spec = spec
        self.name = spec.name
        self.user = User(f"system:node:{spec.name}", ("system:nodes",))
        self.proxy_user = User("system:kube-proxy")
        self._programs = programs
        self._workdir = workdir
        self._directory = workdir.path / "node"
        self._sick = self._directory / "sick"
        self.registries = self._directory / "registries"
        """`<host>/hosts.toml` for registries that are elsewhere than their names say, read at each pull."""
        self.addresses: Addresses
        self.init: Process
        self.containerd: Process
        self.kubelet: Process
        self.kube_proxy: Process
        self.devices: Process | None = None
        self.processes: list[Process] = []

    def prepare(self) -> None:
        """Make the namespaces, the link and the control group, and start containerd. Raises `ProcessError`."""
        plugins = preflight.plugins()
        if plugins is None:
            raise ProcessError(preflight.in_words(preflight.missing()))
        for name in (".", "registries", "network"):
            (self._directory / name).mkdir()
        self._sick.touch()
        prepared = self._directory / "prepared"
        size = [str(SIZE.cpus), str(SIZE.memory)]
        self.init = self._start(
            "node",
            [*preflight.NAMESPACES, sys.executable, "-I", "-S", INIT, self._directory, self.name, *size],
            ready=prepared.exists,
        )
        assert self.init.pid
        # The link before the group: a group without it is taken for one that was left over.
        self.addresses = network.connect(self._workdir.link_name, self.init.pid)
        cgroups.create(self._workdir.host_name)
        self._write("network/pods.conflist", configuration.network(self.addresses))
        settings = configuration.containerd(
            cni=plugins, network=self._directory / "network", registries=self.registries
        )
        self.containerd = self._start(
            "containerd", [*self.enter(), "containerd", "--config", self._write("containerd.toml", settings)]
        )

    def join(self, kubeconfig: Callable[[str, str], Path]) -> None:
        """Load the images and start the kubelet, kube-proxy and the devices. `kubeconfig` makes one of name and token.

        Raises `ProcessError`; does not wait until the node is Ready.
        """
        self._wait_for_containerd()
        for archive in (self._own_image(), *self.spec.images):
            self.load(archive)
        settings = configuration.kubelet(
            self.addresses, cgroup=self._workdir.host_name, longest_back_off=self.spec.longest_back_off
        )
        self.kubelet = self._start(
            "kubelet",
            [
                *self.enter(),
                self._programs.kubelet,
                f"--config={self._write('kubelet.yaml', settings)}",
                f"--kubeconfig={kubeconfig('kubelet', self.user.token)}",
                f"--hostname-override={self.name}",
                f"--node-ip={self.addresses.node}",
                f"--node-labels={','.join(f'{key}={value}' for key, value in self._labels().items())}",
            ],
        )
        settings = configuration.kube_proxy(self.addresses, self.name, kubeconfig("kube-proxy", self.proxy_user.token))
        self.kube_proxy = self._start(
            "kube-proxy", [*self.enter(), self._programs.kube_proxy, f"--config={self._write('proxy.yaml', settings)}"]
        )
        if self.spec.gpus:
            self.devices = self._start(
                "devices", [*self.enter(), self._programs.devices, GPU, str(self.spec.gpus), self._sick]
            )

    def has_joined(self, node: Mapping[str, Any]) -> bool:
        """Whether that Node object is of this node and has all its devices."""
        devices = node["status"].get("allocatable", {}).get(GPU, "0")
        return node["metadata"]["name"] == self.name and int(devices) == self.spec.gpus

    @property
    def apiserver_flags(self) -> list[str]:
        """What the API server must be told to serve pods that call it, and to reach the kubelet."""
        return [
            f"--service-cluster-ip-range={self.addresses.services}",
            "--endpoint-reconciler-type=lease",
            "--enable-admission-plugins=NodeRestriction",
            "--kubelet-preferred-address-types=InternalIP",
        ]

    def load(self, archive: Path) -> None:
        """Give the node the images of an archive, under the names that it has for them. Raises `ProcessError`."""
        command = [*self.enter(), "ctr", "--address", str(configuration.SOCKET), "--namespace", "k8s.io"]
        try:
            with archive.open("rb") as file:
                done = subprocess.run(
                    [*command, "images", "import", "-"],
                    stdin=file,
                    capture_output=True,
                    text=True,
                    env={"PATH": preflight.PATH},
                    timeout=IMPORT_SECONDS,
                    check=False,
                )
        except subprocess.TimeoutExpired as error:
            raise ProcessError(f"{archive} was not imported within {IMPORT_SECONDS} s") from error
        if done.returncode:
            raise ProcessError(f"{archive} could not be imported: {done.stderr.strip()}")

    def stop(self) -> None:
        """End everything in the node at once, its pods too."""
        self.init.stop()

    def set_sick_gpus(self, numbers: Collection[int]) -> None:
        """Let exactly these of the devices be unhealthy (0 is the first)."""
        self._sick.write_text("".join(f"{number}\n" for number in sorted(numbers)))

    def enter(self) -> list[str]:
        """What a command begins with that is to run inside the node."""
        if self.init.pid is None:
            raise ProcessError(f"The node is gone:\n{self.init.tail()}")
        own = f"/proc/{self.init.pid}/ns"
        kinds = {"mount": "mnt", "net": "net", "uts": "uts", "pid": "pid_for_children"}
        return ["nsenter", *(f"--{kind}={own}/{file}" for kind, file in kinds.items()), "--"]

    def _labels(self) -> dict[str, str]:
        gpus = {**SIZE.labels, "nvidia.com/gpu.count": str(self.spec.gpus)} if self.spec.gpus else {}
        return {**gpus, **self.spec.labels}

    def _own_image(self) -> Path:
        return write_image(
            self._directory / "workload.tar",
            [WORKLOAD, configuration.PAUSE],
            {"workload": self._programs.workload},
            ["/workload"],
        )

    def _wait_for_containerd(self) -> None:
        ask = [*self.enter(), "ctr", "--address", str(configuration.SOCKET), "version"]
        self.containerd.wait_until(
            lambda: subprocess.run(ask, capture_output=True, env={"PATH": preflight.PATH}, check=False).returncode == 0
        )

    def _start(self, name: str, argv: Sequence[str | Path], ready: Callable[[], bool] | None = None) -> Process:
        process = Process(name, argv, self._workdir, env={"PATH": preflight.PATH}, ready=ready)
        self.processes.append(process)
        process.start()
        return process

    def _write(self, name: str, text: str) -> Path:
        file = self._directory / name
        file.write_text(text)
        return file
