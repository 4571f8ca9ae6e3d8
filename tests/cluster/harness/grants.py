"""What roles allow, and what requests needed."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from cluster.harness.audit import Request


class Grant(NamedTuple):
    """Something that a role allows; `resource` is with its subresource."""

    group: str
    resource: str
    verb: str


def of_kind(manifests: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Those of one kind, in their order."""
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def granted(manifests: list[dict[str, Any]]) -> set[Grant]:
    """What the chart's ServiceAccount may do, in whatever namespace."""
    account = of_kind(manifests, "ServiceAccount")[0]["metadata"]["name"]
    bound = {
        (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        for binding in (*of_kind(manifests, "RoleBinding"), *of_kind(manifests, "ClusterRoleBinding"))
        if account in {subject["name"] for subject in binding["subjects"]}
    }
    return {
        Grant(group, resource, verb)
        for role in manifests
        if (role["kind"], role["metadata"]["name"]) in bound
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def used(requests: Iterable[Request]) -> set[Grant]:
    """What these requests needed: a server-side apply that creates needs two verbs."""
    return {
        Grant(request.group, "/".join(filter(None, (request.resource, request.subresource))), verb)
        for request in requests
        if request.resource
        for verb in ((request.verb, "create") if (request.verb, request.code) == ("patch", 201) else (request.verb,))
    }
