"""It writes only when something changed: not for the same file again, not after a restart, not at rest."""

import time

from cluster.harness.audit import Audit, settled
from cluster.harness.operator import USER, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

REST_SECONDS = 120


def test_the_same_file_again_writes_nothing(operator: Operator, kubectl: Kubectl, audit: Audit) -> None:
    service = Service(kubectl).apply().ready()
    mark = settled(audit)
    service.apply()
    kubectl("label", "modelservice", service.name, "team=search")
    kubectl("annotate", "modelservice", service.name, "note=hello")
    settled(audit)
    assert audit.writes(user=USER, since=mark, namespace=kubectl.namespace) == []


def test_a_restart_and_two_minutes_with_a_standby_write_nothing(
    operator: Operator, cluster: LocalCluster, kubectl: Kubectl, audit: Audit
) -> None:
    """One service is well, one waits for devices that no node has, one crashes without end."""
    Service(kubectl, "well").apply().ready()
    Service(kubectl, "waits").apply(accelerator={"count": 16}).wait_for("Ready", "False", "InsufficientAccelerators")
    crash = [{"name": "SIMULATE_FAILURE", "value": "crash"}]
    Service(kubectl, "crashes").apply(runtime={"env": crash}).wait_for("Ready", "False", "CrashLooping")
    settled(audit)
    operator.restart()
    mark = audit.mark()
    standby = Operator(cluster, "standby")
    try:
        eventually(lambda: standby.ready, why="the standby is warm")
        time.sleep(REST_SECONDS)
        writes = audit.writes(user=USER, since=mark, namespace=kubectl.namespace)
        assert writes == []
        assert operator.leading
        assert not standby.leading
    finally:
        standby.process.stop()
