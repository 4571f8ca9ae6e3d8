"""An admission webhook that denies Deployments, breaks, or keeps the API server waiting for its answer."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from localcluster import Kubectl, LocalCluster

NAME: Final = "deny.example.com"
PATIENCE: Final = 30
"""Seconds for which the API server waits; it allows no more."""


class Webhook:
    """Denies what is called `denied-…`, and fails at what is called `failing-…`."""

    def __init__(self) -> None:
        self.holding = False
        """No answer is given before `release`."""
        self.waiting = 0
        """Requests that are held."""
        self._answer = threading.Event()

    def release(self) -> None:
        """Answer everything that is held, and hold nothing any more."""
        self.holding = False
        self._answer.set()

    def review(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The denial, in its time; None for a failure."""
        if self.holding:
            self.waiting += 1
            self._answer.wait(PATIENCE)
            self.waiting -= 1
        if request["name"].startswith("failing-"):
            return None
        status = {"code": HTTPStatus.FORBIDDEN, "message": "no models on Saturdays"}
        response = {"uid": request["uid"], "allowed": False, "status": status}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


@contextmanager
def webhook_for(cluster: LocalCluster, kubectl: Kubectl) -> Iterator[Webhook]:
    """A webhook for the Deployments with these names in the namespace of `kubectl`."""
    webhook = Webhook()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"webhook": webhook}))
    certificate, key = (cluster.directory / "pki" / f"apiserver.{kind}" for kind in ("crt", "key"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = {
        "url": f"https://127.0.0.1:{server.server_address[1]}/",
        "caBundle": base64.b64encode(certificate.read_bytes()).decode(),
    }
    kubectl("create", "-f", "-", given=_registration(kubectl.namespace, client))
    try:
        yield webhook
    finally:
        kubectl("delete", "ValidatingWebhookConfiguration", NAME)
        webhook.release()
        server.shutdown()
        server.server_close()
        thread.join()


def _registration(namespace: str, client: dict[str, str]) -> dict[str, Any]:
    hook = {
        "name": NAME,
        "clientConfig": client,
        "rules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "matchConditions": [{"name": "named", "expression": "request.name.matches('^(denied|failing)-')"}],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": PATIENCE,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [hook],
    }


class _Handler(BaseHTTPRequestHandler):
    webhook: Webhook

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        review = self.webhook.review(asked["request"])
        data = json.dumps(review).encode()
        self.send_response(HTTPStatus.OK if review else HTTPStatus.INTERNAL_SERVER_ERROR)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing: the API server's own log tells what it asked."""
