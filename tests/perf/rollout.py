"""How often the status is written while a new pod template is rolled out."""

from collections.abc import Iterator

from cluster.harness.wait import eventually
from perf.rows import Figure
from perf.services import NAMESPACE, roomy_nodes, service
from perf.stage import LONG, Stage, stage


def measure(size: int) -> Iterator[Figure]:
    """Of 10 and of 100 pods."""
    with stage(roomy_nodes(200)) as here:
        here.operator()
        for pods in (10, 100):
            name = f"rolls-{pods}"
            _roll(here, name, pods, restart="")
            mark = here.audit.mark()
            _roll(here, name, pods, restart="now")
            writes = [request for request in here.writes(mark) if request.subresource == "status"]
            seconds = (writes[-1].answered - writes[0].answered).total_seconds()
            yield Figure(f"rollout.{pods}", len(writes), f"over {seconds:.0f} s; at most one a second")
            here.cluster.kubectl("delete", "modelservice", "-n", NAMESPACE, name)


def _roll(here: Stage, name: str, pods: int, *, restart: str) -> None:
    manifest = service(name, replicas=pods, rollout={"restart": restart} if restart else {})
    here.load.apply([manifest])
    generation = here.cluster.kubectl.json("get", "modelservice", name, "-n", NAMESPACE)["metadata"]["generation"]

    def complete() -> bool:
        status = here.cluster.kubectl.json("get", "modelservice", name, "-n", NAMESPACE).get("status") or {}
        ready = (status.get("conditions") or [{}])[0].get("status") == "True"
        return ready and status.get("observedGeneration") == generation and status.get("ready") == f"{pods}/{pods}"

    eventually(complete, timeout=LONG, interval=1)
    here.settle()
