"""KWOK: it plays the kubelets. What it does to nodes and pods is data, the stages."""

from pathlib import Path

from localcluster.build import Programs
from localcluster.nodes import SIMULATED_LABEL
from localcluster.process import Process
from localcluster.workdir import WorkDir

STAGES = Path(__file__).parent / "stages"


def kwok(programs: Programs, kubeconfig: Path, workdir: WorkDir, *, only_its_own: bool = False) -> Process:
    """The process, not yet started: nodes by KWOK's own stages, pods by ours (`stages/`).

    With `only_its_own` it plays the nodes with `SIMULATED_LABEL` and no others.
    """
    files = [*sorted(programs.stages.glob("*.yaml")), *sorted(STAGES.glob("*.yaml"))]
    config = workdir.path / "stages.yaml"
    config.write_text("\n---\n".join(file.read_text() for file in files))
    own = ",".join(f"{key}={value}" for key, value in SIMULATED_LABEL.items())
    managed = ["--manage-all-nodes=false", f"--manage-nodes-with-label-selector={own}"]
    argv: list[str | Path] = [
        programs.kwok,
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        *(managed if only_its_own else ["--manage-all-nodes"]),
        "--node-lease-duration-seconds=40",
        "--cidr=10.244.0.0/16",
        "--v=WARN",
    ]
    return Process("kwok", argv, workdir)
