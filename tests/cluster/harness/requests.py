"""Requests to the API server over one connection, many in a second."""

import base64
import ssl
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import yaml

from localcluster import LocalCluster
from modelservice_operator.cluster.nesting import loads
from modelservice_operator.manifest import wire_yaml
from modelservice_operator.plan.names import FIELD_MANAGER


class Api:
    """Requests with JSON bodies, as administrator."""

    def __init__(self, cluster: LocalCluster) -> None:
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        trusted = ssl.create_default_context(cadata=base64.b64decode(server["certificate-authority-data"]).decode())
        self._connection = HTTPSConnection(urlsplit(server["server"]).netloc, context=trusted, timeout=30)
        self._authorization = f"Bearer {user['token']}"

    def dry_run(self, path: str, manifest: dict[str, Any]) -> dict[str, Any]:
        """The object as it would be created, or the Status that refuses it."""
        return self._send("POST", f"{path}?dryRun=All&fieldValidation=Strict", manifest, "application/json")

    def create(self, path: str, manifest: dict[str, Any] | str) -> dict[str, Any]:
        """The object as it was created, as far as Python reads it, or the Status that refuses it."""
        return self._send("POST", path, manifest, "application/json")

    def apply_dry_run(self, path: str, manifest: dict[str, Any]) -> dict[str, Any]:
        """The object as server-side apply would make it, or the Status that refuses it."""
        return self._send("PATCH", f"{path}?dryRun=All&fieldManager=tests", manifest, "application/apply-patch+yaml")

    def apply(self, path: str, manifest: dict[str, Any]) -> dict[str, Any]:
        """The object after a server-side apply as the operator, or the Status that refuses it."""
        query = f"?force=true&fieldManager={FIELD_MANAGER}"
        return self._send("PATCH", f"{path}{query}", manifest, "application/apply-patch+yaml")

    def patch(self, path: str, patch: dict[str, Any]) -> dict[str, Any]:
        """The object after a merge patch, or the Status that refuses it."""
        return self._send("PATCH", path, patch, "application/merge-patch+json")

    def _send(self, method: str, path: str, body: dict[str, Any] | str, kind: str) -> dict[str, Any]:
        headers = {"Authorization": self._authorization, "Content-Type": kind}
        data = body.encode() if isinstance(body, str) else wire_yaml(body)
        self._connection.request(method, path, data, headers)
        answer = loads(self._connection.getresponse().read())
        assert isinstance(answer, dict)
        return answer
