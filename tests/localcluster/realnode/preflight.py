"""What this machine lacks for a real node, in words that say what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from localcluster.realnode import cgroups

PATHS = (*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/local/sbin", "/usr/sbin", "/sbin")
PATH = os.pathsep.join(dict.fromkeys(PATHS))
"""Where the programs are looked for: a user's PATH may lack the directories of the administrator's."""

PACKAGES: Mapping[str, str] = {
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "mount": "mount",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "hostname": "hostname",
}
"""Program -> the Debian package that has it."""

PLUGINS = ("ptp", "host-local", "loopback")
PLUGIN_PACKAGE = "containernetworking-plugins"
PLUGIN_DIRECTORIES = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))

NAMESPACES = ("unshare", "--pid", "--mount", "--net", "--uts", "--fork", "--kill-child=SIGKILL", "--mount-proc")
ABILITIES: Mapping[str, str] = {
    "namespaces of processes, mounts, network and host name": "true",
    "overlay file systems": "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w && "
    "mount -t overlay o -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w /etc",
    "network links in pairs (veth)": "ip link add name probe0 type veth peer name probe1",
    "address translation by nftables": "nft add table ip t && "
    "nft 'add chain ip t c { type nat hook prerouting priority 0; }'",
}
"""What the kernel must let us do -> a command that does it, in namespaces that end with it."""


def missing() -> list[str]:
    """One line for each thing that is not there; empty when a real node can run."""
    if sys.platform != "linux":
        return [f"Linux: this is {sys.platform}"]
    found = missing_programs(PATH)
    if plugins() is None:
        found.append(f"the network plugins {', '.join(PLUGINS)}: install the Debian package {PLUGIN_PACKAGE}")
    if os.geteuid():
        return [f"root: this is user {os.geteuid()}", *found]
    found += _missing_cgroups()
    if all(shutil.which(program, path=PATH) for program in ("unshare", "mount", "ip", "nft")):
        found += _missing_abilities()
    return found


def in_words(lacks: list[str]) -> str:
    """One text for those who skip, fail or fall back."""
    return "\n".join(["A real node cannot run here. Missing:", *(f"  - {line}" for line in lacks)])


def plugins() -> Path | None:
    """The directory with the network plugins; None without."""
    for directory in PLUGIN_DIRECTORIES:
        if all((directory / plugin).is_file() for plugin in PLUGINS):
            return directory
    return None


def missing_programs(path: str) -> list[str]:
    """A line for each package of which a program is not on `path`."""
    lacks: dict[str, list[str]] = {}
    for program, package in PACKAGES.items():
        if shutil.which(program, path=path) is None:
            lacks.setdefault(package, []).append(program)
    return [f"{', '.join(programs)}: install the Debian package {package}" for package, programs in lacks.items()]


def _missing_cgroups() -> list[str]:
    lacks = [f"the cgroup controller {name} in {cgroups.ROOT}" for name in cgroups.lacking()]
    if not lacks and not os.access(cgroups.ROOT if cgroups.unified() else cgroups.ROOT / "pids", os.W_OK):
        lacks.append(f"cgroups that can be written: {cgroups.ROOT} is mounted read-only")
    return lacks


def _missing_abilities() -> list[str]:
    lacks: list[str] = []
    for ability, command in ABILITIES.items():
        done = subprocess.run(
            [*NAMESPACES, "sh", "-c", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": PATH},
        )
        if done.returncode:
            lacks.append(f"{ability}: {done.stderr.strip()}")
            if command == "true":
                break
    return lacks
