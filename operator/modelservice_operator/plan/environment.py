"""The environment of the server container."""

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.types.env import EnvVar
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.compact import compact
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.plan.server import CREDENTIALS_PATH, Server
from modelservice_operator.quantity import canonical_quantity
from modelservice_operator.runtimes import placeholders
from modelservice_operator.runtimes.runtime import Credential


def environment(server: Server, spec: ModelServiceSpec) -> list[Manifest]:
    """The runtime's variables, the credentials, the user's variables; a name that the user gives is the user's.

    Ours come first, so that the user's may refer to them as $(NAME).

    Raises:
        PlanError: a name of the user's stands twice, which only a file can bring: the API server refuses it.
    """
    users = [variable(given) for given in spec.runtime.env]
    taken = {given["name"] for given in users}
    if len(taken) < len(users):
        raise PlanError("spec.runtime.env: a name stands twice.", "Keep one variable of each name.")
    ours = [*_runtime_variables(server), *_credentials(server, spec)]
    return [*(entry for entry in ours if entry["name"] not in taken), *users]


def variable(given: EnvVar) -> Manifest:
    """A variable of the user as the API server will print it: without empty fields, with canonical quantities."""
    entry = compact(given.model_dump(by_alias=True))
    resource = entry.get("valueFrom", {}).get("resourceFieldRef", {})
    if "divisor" in resource:
        resource["divisor"] = canonical_quantity(resource["divisor"])
    return entry


def _runtime_variables(server: Server) -> list[Manifest]:
    entries = []
    for candidate in server.runtime.env:
        value = placeholders.fill(candidate.value, server.values)
        if value is not None and server.wants(candidate.when):
            entries.append({"name": candidate.name, "value": value})
    return entries


def _credentials(server: Server, spec: ModelServiceSpec) -> list[Manifest]:
    secret = spec.model.credentials.secret_name if spec.model and spec.model.credentials else ""
    return [_credential(credential, secret) for credential in server.credentials] if secret else []


def _credential(credential: Credential, secret: str) -> Manifest:
    if credential.file:
        return {"name": credential.name, "value": f"{CREDENTIALS_PATH}/{credential.name}"}
    reference: Manifest = {"name": secret, "key": credential.name}
    if credential.optional:
        reference["optional"] = True
    return {"name": credential.name, "valueFrom": {"secretKeyRef": reference}}
