"""The Go modules of which the programs of the cluster are built: what each has, and how it is built."""

import hashlib
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MODULES = Path(__file__).parent / "modules"


class BuildError(Exception):
    """A program could not be built; the text ends with the build's last words and names the file with all of them."""


@dataclass(frozen=True)
class Module:
    """A wrapper module under `modules/` and what is built from it.

    `programs`: our name of each program -> the name that `go build` gives it. `stamps`: Go variable -> the module in
    go.mod whose version it takes. `packages`: how many `go build -v` reports when nothing is cached. `trees`: module ->
    directories in it whose YAML files go into the cache too.
    """

    name: str
    programs: Mapping[str, str]
    packages: int
    stamps: Mapping[str, str]
    trees: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Where its go.mod and go.sum lie."""
        return MODULES / self.name

    def flags(self) -> list[str]:
        """Arguments of `go build`: without paths of this machine and debug data, and with the versions stamped in."""
        values = [f"-X {variable}={self._version(module)}" for variable, module in self.stamps.items()]
        if "k8s.io/component-base/version.gitVersion" in self.stamps:
            major, minor, _ = self._version("k8s.io/kubernetes").removeprefix("v").split(".", 2)
            values.append(f"-X k8s.io/component-base/version.gitMajor={major}")
            values.append(f"-X k8s.io/component-base/version.gitMinor={minor}")
        return ["-trimpath", "-ldflags", " ".join(["-s", "-w", *values])]

    def digest(self) -> str:
        """Name of its folder in the cache: the same modules, flags and platform give the same programs."""
        parts = [
            (self.directory / "go.mod").read_bytes(),
            (self.directory / "go.sum").read_bytes(),
            *(file.read_bytes() for file in sorted(self.directory.glob("*/*.go"))),
            " ".join(self.flags()).encode(),
            f"{sys.platform}-{platform.machine()}".encode(),
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    def _version(self, module: str) -> str:
        found = re.search(rf"^\s*{re.escape(module)} (v\S+)", (self.directory / "go.mod").read_text(), re.MULTILINE)
        if not found:
            raise BuildError(f"{self.directory / 'go.mod'} does not require {module}.")
        return found[1]


KUBERNETES_STAMPS = {
    "k8s.io/component-base/version.gitVersion": "k8s.io/kubernetes",
    "k8s.io/client-go/pkg/version.gitVersion": "k8s.io/kubernetes",
}
KUBERNETES = Module(
    name="kubernetes",
    programs={
        "etcd": "server",
        "kube-apiserver": "kube-apiserver",
        "kube-controller-manager": "kube-controller-manager",
        "kube-scheduler": "kube-scheduler",
        "kubectl": "kubectl",
    },
    packages=2722,
    stamps=KUBERNETES_STAMPS,
)
TOOLS = Module(
    name="tools",
    programs={"kwok": "kwok", "helm": "helm"},
    packages=913,
    stamps={"helm.sh/helm/v4/internal/version.version": "helm.sh/helm/v4"},
    trees={"sigs.k8s.io/kwok": ("kustomize/stage/node/fast", "kustomize/stage/node/heartbeat-with-lease")},
)
HELM_3 = Module(
    name="helm3",
    programs={"helm": "helm"},
    packages=944,
    stamps={"helm.sh/helm/v3/internal/version.version": "helm.sh/helm/v3"},
)
"""Helm 3, which the cluster has no use for: built by the tests that try the chart with it too."""
KREW = Module(
    name="krew",
    programs={"krew": "krew", "validate-krew-manifest": "validate-krew-manifest"},
    packages=284,
    stamps={"sigs.k8s.io/krew/internal/version.gitTag": "sigs.k8s.io/krew"},
)
"""Krew, by which the tests install the plugin that is built for it."""

NODE = Module(
    name="node",
    programs={"kubelet": "kubelet", "kube-proxy": "kube-proxy"},
    packages=1809,
    stamps=KUBERNETES_STAMPS,
)
"""For a real node only, and of the same version as `KUBERNETES`, whose packages it shares."""
PODS = Module(
    name="pods",
    programs={"workload": "workload", "devices": "devices"},
    packages=308,
    stamps={},
)
"""Programs of our own: what runs in the containers of a real node, and the plugin for its devices."""
ENGINES = Module(
    name="engines",
    programs={
        "vllm": "vllm",
        "llama-server": "llama-server",
        "text-embeddings-router": "text-embeddings-router",
    },
    packages=200,
    stamps={},
)
"""Programs of our own with the command lines of model servers: `localcluster.engines`."""
SIMULATOR = Module(
    name="simulator",
    programs={"llm-d-inference-sim": "llm-d-inference-sim"},
    packages=1100,
    stamps={},
)
"""What stands in for vLLM behind its command line."""
