"""Objects that were stored before a rule existed: a condition says so, and nothing loops."""

from typing import Any

from cluster.harness.audit import Audit
from cluster.harness.operator import USER, Operator, install
from cluster.harness.service import Service
from cluster.harness.wait import eventually
from localcluster import LocalCluster

BAD: dict[str, dict[str, Any]] = {
    "unknown-scheme": {"model": {"uri": "ftp://host/model"}},
    "no-model": {"accelerator": {"count": 1}},
    "unparsable-size": {"model": {"uri": "hf://Qwen/Qwen3-8B", "size": "much"}},
    "custom-without-image": {"runtime": {"name": "custom"}},
    "unknown-runtime": {"model": {"uri": "hf://Qwen/Qwen3-8B"}, "runtime": {"name": "nothing"}},
    "a-name-that-is-longer-than-any-name-that-the-rule-lets-through": {"model": {"uri": "hf://Qwen/Qwen3-8B"}},
}


def without_rules(schema: Any) -> Any:
    """The CRD as a version without any CEL rule would have been."""
    if isinstance(schema, dict):
        return {key: without_rules(value) for key, value in schema.items() if key != "x-kubernetes-validations"}
    return [without_rules(value) for value in schema] if isinstance(schema, list) else schema


def test_what_was_stored_before_a_rule_gets_a_condition(own_cluster: LocalCluster) -> None:
    install(own_cluster)
    kubectl = own_cluster.kubectl.within("default")
    crd = kubectl.json("get", "crd", "modelservices.modelservice.dev")
    crd["metadata"] = {"name": crd["metadata"]["name"]}
    del crd["status"]
    kubectl("replace", "-f", "-", given=without_rules(crd))
    services = [Service(kubectl, name) for name in BAD]
    for service in services:
        service.spec = BAD[service.name]
        eventually(service.apply, why="the rules are gone")
    kubectl("replace", "-f", "-", given=crd)

    operator = Operator(own_cluster, "operator").ensure_working()
    for service in services:
        service.wait_for("Stalled", "True", "InvalidSpec")
        assert service.condition("Ready") == ("False", "InvalidSpec")
        assert service.problem("InvalidSpec")["message"]
    audit = Audit(own_cluster)
    mark = audit.mark()
    operator.restart()
    Service(kubectl, "good").apply().ready()
    touched = {r.name for r in audit.requests(user=USER, since=mark, namespace="default") if r.resource != "events"}
    assert touched & set(BAD) == set()
    assert "Will try again" not in operator.log
