"""An admission webhook that denies Deployments, or keeps the API server waiting for its answer."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from localcluster import LocalCluster

NAME: Final = "deny.example.com"


class Webhook:
    """What it was asked, and when it answers: at once, or while `holding` not before `release`."""

    def __init__(self) -> None:
        self.holding = False
        self.waiting = 0
        """Requests that are held."""
        self._answer = threading.Event()

    def release(self) -> None:
        """Answer everything that is held, and hold nothing any more."""
        self.holding = False
        self._answer.set()

    def review(self, uid: str) -> dict[str, Any]:
        """The denial, in its time."""
        if self.holding:
            self.waiting += 1
            self._answer.wait(30)
            self.waiting -= 1
        response = {"uid": uid, "allowed": False, "status": {"code": 403, "message": "no models on Saturdays"}}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


@contextmanager
def denying(cluster: LocalCluster, namespace: str, prefix: str) -> Iterator[Webhook]:
    """A webhook for the Deployments of one namespace whose names begin with the prefix."""
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
    try:
        with registered(cluster, namespace, prefix, NAME, client):
            yield webhook
    finally:
        webhook.release()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def absent(cluster: LocalCluster, namespace: str, prefix: str) -> Iterator[None]:
    """A webhook that must be asked and does not listen."""
    with registered(cluster, namespace, prefix, "absent.example.com", {"url": "https://127.0.0.1:9/"}):
        yield


@contextmanager
def registered(cluster: LocalCluster, namespace: str, prefix: str, name: str, client: dict[str, Any]) -> Iterator[None]:
    """The registration of a webhook for as long as the context lasts."""
    hook = {
        "name": name,
        "clientConfig": client,
        "rules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["deployments"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "matchConditions": [{"name": "prefix", "expression": f"request.name.startsWith('{prefix}')"}],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "timeoutSeconds": 30,
    }
    kind = "ValidatingWebhookConfiguration"
    manifest = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name},
        "webhooks": [hook],
    }
    cluster.kubectl("create", "-f", "-", given=manifest)
    try:
        yield
    finally:
        cluster.kubectl("delete", kind, name)


class _Handler(BaseHTTPRequestHandler):
    webhook: Webhook

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = json.dumps(self.webhook.review(asked["request"]["uid"])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing: the API server's own log tells what it asked."""
