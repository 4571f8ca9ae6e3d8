"""The control groups of a node, in each hierarchy one of its name, below which the kubelet makes those of the pods."""

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "pids")
UNIFIED_CONTROLLERS = ("cpu", "cpuset", "memory", "pids")


def unified(root: Path = ROOT) -> bool:
    """Whether there is one hierarchy for all controllers (cgroup v2)."""
    return (root / "cgroup.controllers").exists()


def lacking(root: Path = ROOT) -> list[str]:
    """The controllers that a kubelet needs and that are not there."""
    if unified(root):
        given = (root / "cgroup.subtree_control").read_text().split()
        return [name for name in UNIFIED_CONTROLLERS if name not in given]
    return [name for name in CONTROLLERS if not (root / name / "cgroup.procs").exists()]


def create(name: str, root: Path = ROOT) -> None:
    """Make the group, with all CPUs and memory nodes of its parent."""
    for hierarchy in [root] if unified(root) else sorted({file.parent for file in root.glob("*/cgroup.procs")}):
        group = hierarchy / name
        group.mkdir()
        for file in ("cpuset.cpus", "cpuset.mems"):
            if not unified(root) and (hierarchy / file).exists():
                (group / file).write_text((hierarchy / file).read_text())
