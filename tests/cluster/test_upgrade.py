"""An upgrade of the operator changes no pod, and writes nothing but what is listed here."""

import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from cluster.harness.audit import Audit, settled
from cluster.harness.earlier import Earlier, is_in_history
from cluster.harness.estate import add_nodes, settle_estate, settle_states, standing
from cluster.harness.operator import CHART, USER, Operator, install
from cluster.harness.recording import restore
from cluster.harness.release import KEEPING_VALUES, Release, operator_of_the_release
from cluster.harness.wait import eventually
from localcluster import LocalCluster
from releases import RECORDED, ROLLED, allowed

QUIET_SECONDS: Final = 30
"""Longer than everything that the operator comes back to by itself: evidence of pods, foreign objects."""
WORDING_NOW: Final = "from modelservice_operator import publish; publish.RENEWAL = 0.0"
"""Has the operator bring the words of a status up to date at once, which it does after ten minutes."""
LIST_IT: Final = "Repair the operator; if an upgrade has to write this, name it in tests/releases.py"


@pytest.mark.parametrize("release", RECORDED)
def test_over_what_a_release_made(own_cluster: LocalCluster, release: str) -> None:
    install(own_cluster)
    add_nodes(own_cluster.kubectl)
    kubectl = restore(own_cluster, release)
    before = standing(kubectl)
    assert before.pods
    audit = Audit(own_cluster)
    mark = audit.mark()
    operator = Operator(own_cluster, "operator", prelude=WORDING_NOW).ensure_working()
    assert unexpected(written(operator, own_cluster, audit, mark), release) == [], LIST_IT
    changed = before.differing(standing(kubectl))
    assert {name for name in changed if not allowed(release, "deployments", name)} == set()


def test_a_rolling_upgrade_and_back(own_cluster: LocalCluster, tmp_path: Path) -> None:
    """By Helm, from the first release. In both directions one version leads while the other stands by."""
    if not is_in_history(ROLLED):
        pytest.skip(f"without its history this clone has no operator of {ROLLED} to run: git fetch --unshallow")
    first = Earlier(ROLLED, tmp_path)
    release = Release(own_cluster, tmp_path)
    release("install", first.chart, "--create-namespace")
    add_nodes(own_cluster.kubectl)
    old = operator_of_the_release(own_cluster, "old", python_path=first.python_path).ensure_working()
    for namespace in ("earlier", "later"):
        own_cluster.kubectl("create", "namespace", namespace)
    with settle_estate(own_cluster.kubectl.within("earlier"), first.examples):
        release("upgrade", CHART, KEEPING_VALUES)
        new = operator_of_the_release(own_cluster, "new")
        assert unexpected(handed_over(own_cluster, old, new), ROLLED) == [], LIST_IT

        settle_states(own_cluster.kubectl.within("later"))
        release("rollback", "1")
        old.process.start()
        assert handed_over(own_cluster, new, old) == []


def handed_over(cluster: LocalCluster, leader: Operator, standby: Operator) -> list[tuple[str, str]]:
    """What is written when the standby takes over. Pods and their templates stay."""
    namespaces = [cluster.kubectl.within(name) for name in ("earlier", "later")]
    audit = Audit(cluster)
    mark = settled(audit)
    before = [standing(kubectl) for kubectl in namespaces]
    eventually(lambda: standby.ready, why="it stands by")
    assert leader.leading
    assert not standby.leading
    leader.process.stop()
    standby.ensure_working()
    found = written(standby, cluster, audit, mark)
    assert [standing(kubectl) for kubectl in namespaces] == before
    return found


def written(operator: Operator, cluster: LocalCluster, audit: Audit, since: int) -> list[tuple[str, str]]:
    """Resource and name of what any operator wrote, until this one has nothing left to do."""
    services = len(cluster.kubectl("get", "modelservices", "-A", "-o", "name").split())
    eventually(
        lambda: operator.metric("controller_runtime_reconcile_total", result="success") >= services,
        why="it has looked at every ModelService",
    )
    time.sleep(QUIET_SECONDS)
    found = audit.writes(user=USER, since=since, excluding=["leases"])
    return [("/".join(filter(None, (request.resource, request.subresource))), request.name) for request in found]


def unexpected(writes: list[tuple[str, str]], release: str) -> list[tuple[str, str]]:
    """Those that no upgrade from this release may do, and those that it may do once."""
    return [write for write, times in Counter(writes).items() if times > 1 or not allowed(release, *write)]
