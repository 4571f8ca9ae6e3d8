"""KWOK: it plays the kubelets. What it does to nodes and pods is data, the stages."""

from pathlib import Path

from localcluster.build import Programs
from localcluster.process import Process
from localcluster.workdir import WorkDir

STAGES = Path(__file__).parent / "stages"


def kwok(programs: Programs, kubeconfig: Path, workdir: WorkDir) -> Process:
    """The process, not yet started: nodes by KWOK's own stages, pods by ours (`stages/`)."""
    files = [*sorted(programs.stages.glob("*.yaml")), *sorted(STAGES.glob("*.yaml"))]
    config = workdir.path / "stages.yaml"
    config.write_text("\n---\n".join(file.read_text() for file in files))
    argv: list[str | Path] = [
        programs.kwok,
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        "--manage-all-nodes",
        "--node-lease-duration-seconds=40",
        "--cidr=10.244.0.0/16",
        "--v=WARN",
    ]
    return Process("kwok", argv, workdir)
