"""A stand-in for metrics-server: it serves `metrics.k8s.io` with the load that a test says."""

import json
import ssl
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from localcluster import LocalCluster

GROUP: Final = "metrics.k8s.io/v1beta1"
_NAMESPACE: Final = "kube-system"
_NAME: Final = "load"


class Load:
    """What the server containers of each namespace use, in millicores a pod. A context manager."""

    def __init__(self, cluster: LocalCluster) -> None:
        self._cluster = cluster
        self._millicores: dict[str, int] = {}
        handler = type("Handler", (_Handler,), {"load": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pki = cluster.directory / "pki"
        tls.load_cert_chain(pki / "apiserver.crt", pki / "apiserver.key")
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "Load":
        self._thread.start()
        self._cluster.kubectl("create", "-f", "-", given=self._registration())
        self._cluster.kubectl("wait", "--for=condition=Available", "apiservice/v1beta1.metrics.k8s.io", "--timeout=30s")
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.kubectl("delete", "apiservice", "v1beta1.metrics.k8s.io")
        self._cluster.kubectl("delete", "service", _NAME, "-n", _NAMESPACE)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def set(self, namespace: str, millicores: int) -> None:
        """From now on every pod of the namespace uses that much."""
        self._millicores[namespace] = millicores

    def pods(self, namespace: str, selector: str) -> dict[str, Any]:
        """The metrics of the running pods that the label selector selects."""
        found = self._cluster.kubectl.json("get", "pods", "-n", namespace, "-l", selector)["items"]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        usage = {"cpu": f"{self._millicores.get(namespace, 0)}m", "memory": "1Gi"}
        items = [
            {
                "metadata": {"name": pod["metadata"]["name"], "namespace": namespace},
                "timestamp": now,
                "window": "1s",
                "containers": [{"name": container["name"], "usage": usage} for container in pod["spec"]["containers"]],
            }
            for pod in found
            if pod["status"].get("phase") == "Running"
        ]
        return {"kind": "PodMetricsList", "apiVersion": GROUP, "metadata": {}, "items": items}

    def _registration(self) -> list[dict[str, Any]]:
        port = self._server.server_address[1]
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": _NAME, "namespace": _NAMESPACE},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        }
        registration = {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": _NAME, "namespace": _NAMESPACE, "port": port},
            },
        }
        return [service, registration]


class _Handler(BaseHTTPRequestHandler):
    load: Load

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        parts = url.path.removeprefix(f"/apis/{GROUP}").strip("/").split("/")
        if parts[0] == "namespaces" and parts[-1] == "pods":
            selector = parse_qs(url.query).get("labelSelector", [""])[0]
            self._answer(self.load.pods(parts[1], selector))
        else:
            resource = {"name": "pods", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}
            self._answer(
                {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP, "resources": [resource]}
            )

    def _answer(self, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing: the API server's own log tells what it asked."""
