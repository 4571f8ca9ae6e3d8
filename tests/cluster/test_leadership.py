"""Two operators: one works, the other is ready to."""

from cluster.harness.operator import NAMESPACE, Operator
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import Kubectl, LocalCluster

CLEAN_SECONDS = 3 + 3
KILLED_SECONDS = 20 + 5
"""Budgets of the takeover, and what a busy machine may add: a hang is caught, speed is the benchmarks' business."""


def test_a_clean_stop_and_a_kill_are_taken_over(operator: Operator, installed: LocalCluster, kubectl: Kubectl) -> None:
    standby = Operator(installed, "standby")
    try:
        eventually(lambda: standby.ready, why="the standby is warm")
        assert not standby.leading
        service = Service(kubectl).apply().ready()
        pods = service.pods()

        operator.process.stop()
        eventually(lambda: standby.leading, timeout=CLEAN_SECONDS)
        service.apply(replicas=2)
        eventually(lambda: service.status["ready"] == "2/2")
        lease = installed.kubectl.json("get", "lease", "modelservice-operator", "-n", NAMESPACE)
        transitions = lease["spec"]["leaseTransitions"]

        operator.process.start()
        eventually(lambda: operator.ready)
        assert not operator.leading
        standby.process.kill()
        eventually(lambda: operator.leading, timeout=KILLED_SECONDS)
        service.apply(replicas=3)
        eventually(lambda: service.status["ready"] == "3/3")
        assert pods < service.pods()
        lease = installed.kubectl.json("get", "lease", "modelservice-operator", "-n", NAMESPACE)
        assert lease["spec"]["leaseTransitions"] == transitions + 1
    finally:
        standby.process.stop()


def test_who_loses_the_lease_ends_with_1(operator: Operator, installed: LocalCluster) -> None:
    stolen = '{"spec":{"holderIdentity":"someone-else","leaseDurationSeconds":15}}'
    installed.kubectl("patch", "lease", "modelservice-operator", "-n", NAMESPACE, "--type=merge", "-p", stolen)
    eventually(lambda: operator.process.pid is None, timeout=30, why="it ends")
    assert operator.process.exit_code == 1
    assert "is now held by someone-else" in operator.log
    installed.kubectl("delete", "lease", "modelservice-operator", "-n", NAMESPACE)
    operator.ensure_working()
