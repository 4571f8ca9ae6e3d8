"""The operator under test: installed by its chart's CRD and RBAC, run as a process with the chart's ServiceAccount."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client.parser import text_string_to_metric_families

from cluster.harness.definitions import await_established
from cluster.harness.wait import eventually
from localcluster.cluster import LocalCluster
from localcluster.process import Process

ROOT: Final = Path(__file__).parents[3]
CHART: Final = ROOT / "charts" / "modelservice-operator"
NAMESPACE: Final = "modelservice-system"
NAME: Final = "modelservice"
USER: Final = f"system:serviceaccount:{NAMESPACE}:{NAME}"

_RUN: Final = "from modelservice_operator.cli import main; main()"
_LISTENING: Final = re.compile(r"Serving .* on http://127\.0\.0\.1:(\d+)")


_MOUNTED: Final = """\
from pathlib import Path
from modelservice_operator.cluster import service_account
service_account.DIRECTORY = Path("""


def chart(cluster: LocalCluster, *arguments: str) -> list[dict[str, Any]]:
    """The manifests of the chart, as Helm renders them."""
    done = subprocess.run(
        [cluster.programs.helm, "template", NAME, CHART, "--namespace", NAMESPACE, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def install(cluster: LocalCluster) -> None:
    """Everything of the chart but the Deployment, whose pods would be simulated ones.

    The garbage collector looks for new kinds when it starts, and every thirty seconds: so it starts anew.
    """
    manifests = [manifest for manifest in chart(cluster, "--skip-tests") if manifest["kind"] != "Deployment"]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    cluster.kubectl("apply", "--server-side", "-f", "-", given=yaml.safe_dump_all([namespace, *manifests]))
    await_established(cluster, "modelservices.modelservice.dev")
    cluster.control_plane.controller_manager.kill()
    cluster.control_plane.controller_manager.start()


def mount(cluster: LocalCluster, directory: Path, token: str) -> Path:
    """Put there what the kubelet mounts into a pod of the operator; the file of the token."""
    (directory / "ca.crt").write_bytes(cluster.control_plane.certificate.read_bytes())
    (directory / "namespace").write_text(NAMESPACE)
    file = directory / "token"
    file.write_text(token)
    return file


def _credentials(cluster: LocalCluster, kubeconfig: Path | None, mounted: Path | None) -> dict[str, str]:
    if mounted is None:
        return {"KUBECONFIG": str(kubeconfig or cluster.service_account_kubeconfig(NAMESPACE, NAME))}
    host, port = cluster.control_plane.server.removeprefix("https://").split(":")
    in_a_pod = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    return {"KUBECONFIG": "", **in_a_pod, "MODELSERVICE_HTTP_HOST": "127.0.0.1"}


class Operator:
    """One operator process. Its HTTP port is chosen by the kernel and read from its log."""

    def __init__(
        self,
        cluster: LocalCluster,
        name: str,
        *,
        kubeconfig: Path | None = None,
        mounted: Path | None = None,
        python_path: Path | None = None,
        under: Sequence[str] = (),
        prelude: str = "",
        environ: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        """Start it.

        Args:
            cluster: where to.
            name: of the process and its log.
            kubeconfig: by default that of the chart's ServiceAccount.
            mounted: takes its credentials from here, as a pod does from what the kubelet mounts, and no kubeconfig.
            python_path: where another version of the operator lies.
            under: what Python is to run it under, such as a profiler: `-m cProfile -o FILE`.
            prelude: Python that runs before the operator does, to shorten a timeout or to switch something off.
            environ: further variables.
            settings: MODELSERVICE_* variables without the prefix, in lower case.
        """
        self._cluster = cluster
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MODELSERVICE_")}
        environment |= {
            **_credentials(cluster, kubeconfig, mounted),
            "MODELSERVICE_HTTP_PORT": "0",
            "MODELSERVICE_LEADER_ELECTION": "on",
            "MODELSERVICE_LEADER_ELECTION_NAMESPACE": NAMESPACE,
            "PYTHONUNBUFFERED": "1",
        }
        environment |= {f"MODELSERVICE_{key.upper()}": value for key, value in settings.items()}
        environment |= environ or {}
        if python_path is not None:
            environment["PYTHONPATH"] = str(python_path)
        if mounted is not None:
            prelude = f"{_MOUNTED}{str(mounted)!r})\n{prelude}"
        program = ["-c", f"{prelude}\n{_RUN}"] if prelude else ["-m", "modelservice_operator"]
        command = [sys.executable, *under, *program, "run"]
        self.process: Process = cluster.spawn(name, command, env=environment)

    def ensure_working(self) -> "Operator":
        """Start it if it does not run; wait until it is ready and leads."""
        if self.process.pid is None:
            self.process.start()
        eventually(lambda: self.ready and self.leading, why=f"{self.process.name} works")
        return self

    def restart(self) -> None:
        """End it as the kubelet does, and start it again."""
        self.process.stop()
        self.ensure_working()

    @property
    def pid(self) -> int:
        """The process id; it must run."""
        assert self.process.pid is not None, self.process.tail()
        return self.process.pid

    @property
    def log(self) -> str:
        """Everything that it logged."""
        return self.process.log.read_text("utf-8") if self.process.log.exists() else ""

    @property
    def port(self) -> str:
        """Its HTTP port; empty while it does not run or does not listen yet."""
        ports = _LISTENING.findall(self.log)
        return ports[-1] if ports and self.process.pid is not None else ""

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a GET on its HTTP port; 0 while it does not answer."""
        port = self.port
        if not port:
            return 0, ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    @property
    def ready(self) -> bool:
        """It says that it can be relied on."""
        return self.get("/readyz")[0] == 200

    @property
    def leading(self) -> bool:
        """It holds the Lease, or needs none."""
        return 'leader_election_master_status{name="modelservice-operator"} 1.0' in self.get("/metrics")[1]

    def metric(self, name: str, **labels: str) -> float:
        """Sum of the samples of a metric that have these labels; 0 where there are none."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    @property
    def refused(self) -> float:
        """How many of its requests were answered with 401."""
        return self.metric("rest_client_requests_total", code="401")
