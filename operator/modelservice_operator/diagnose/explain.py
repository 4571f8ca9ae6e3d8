"""Why a ModelService is not as it should be: every policy, put to every pod that counts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.diagnose import creation, rollout
from modelservice_operator.diagnose.attribution import attributed
from modelservice_operator.diagnose.departure import MENDED_BY_DEPARTURE, leaving
from modelservice_operator.diagnose.finding import Finding
from modelservice_operator.diagnose.precedence import first_finding
from modelservice_operator.diagnose.problem import Problem, fold
from modelservice_operator.diagnose.remains import is_remains, telling
from modelservice_operator.records.deployment import Deployment
from modelservice_operator.records.node import Node
from modelservice_operator.records.pod import Pod


def explain(
    spec: ModelServiceSpec,
    pods: Iterable[Pod],
    deployment: Deployment | None,
    nodes: Mapping[str, Node],
    now: str,
) -> tuple[Problem, ...]:
    """What is wrong, worst first, at most 10 problems; empty while all is well or merely takes its time.

    Args:
        spec: what was asked for; remedies name its fields.
        pods: everything that carries the service's label, in any order.
        deployment: the service's Deployment; None before it exists.
        nodes: all nodes by name; empty where the operator may not read them.
        now: RFC 3339. Nothing in the answer moves with it, but for what `later.changes_in` tells of.
    """
    if deployment is not None and deployment.wanted_replicas == 0:
        return ()
    everything = list(pods)
    counting = _counting(everything, deployment)
    wanted = deployment.wanted_replicas if deployment is not None else max(1, len(counting))
    findings = [finding for pod in counting if (finding := first_finding(pod, spec, nodes, now))]
    findings = _lasting(findings, leaving(everything, now))
    if deployment is not None:
        refused = creation.pods_refused(deployment)
        findings += [refused] if refused is not None else []
        consequences = (
            rollout.blocked(deployment, everything, findings) if spec.rollout.strategy == "Surge" else None,
            # A pod with a finding may go to and fro between two states: where it stands is told of the others alone.
            rollout.deadline_exceeded(deployment, () if findings else counting),
        )
        explained = {finding.pod for finding in findings}
        slow = (rollout.download_too_slow(deployment, pod) for pod in counting if pod.name not in explained)
        findings += filter(None, (*consequences, *slow))
    return fold([replace(finding, remedy=attributed(finding, spec)) for finding in findings], wanted)


def _lasting(findings: list[Finding], leaving_pods: int) -> list[Finding]:
    """The findings without the shortages that pods on their way out will mend, one each."""
    short = [finding for finding in findings if finding.reason in MENDED_BY_DEPARTURE]
    mended = {id(finding) for finding in short[:leaving_pods]}
    return [finding for finding in findings if id(finding) not in mended]


def _counting(pods: Iterable[Pod], deployment: Deployment | None) -> list[Pod]:
    """The pods whose failure is a failure of the service.

    Not those of someone else, and those on their way out. Of an earlier revision only while there is none of the
    current one: what was wrong with it is being repaired, or else the current one says why not. Those that have ended
    count only until they are replaced.
    """
    ours = [pod for pod in pods if pod.controlled]
    ended = [pod for pod in ours if is_remains(pod)]
    live = [pod for pod in ours if not pod.deleting and not is_remains(pod)]
    if deployment is not None:
        current = [pod for pod in live if pod.revision == deployment.revision]
        live = current or live
        ended = [] if deployment.complete else [pod for pod in ended if pod.revision == deployment.revision]
    return [*live, *telling(ended, live)]
