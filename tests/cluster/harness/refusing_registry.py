"""A registry that has no image, and answers as registries do that will not or cannot give one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from typing_extensions import override

from localcluster.realnode import RealNode

_ANSWERS: Final = {
    "denied": (401, "UNAUTHORIZED", "authentication required"),
    "forbidden": (403, "DENIED", "requested access to the resource is denied"),
    "busy": (429, "TOOMANYREQUESTS", "you have reached your pull rate limit"),
    "broken": (500, "UNKNOWN", "internal error"),
}
"""By the first part of a repository's name; others do not exist. The codes are those of the OCI distribution spec."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        first = self.path.removeprefix("/v2/").partition("/")[0]
        status, code, message = _ANSWERS.get(first, (404, "MANIFEST_UNKNOWN", "manifest unknown"))
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: kubelets ask for ever."""


@contextmanager
def refusing_registry(node: RealNode, name: str) -> Iterator[None]:
    """Serve it as the registry called `name` for the containers of a node."""
    server = ThreadingHTTPServer((str(node.addresses.machine), 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        redirect(node, name, server.server_port)
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def redirect(node: RealNode, name: str, port: int) -> None:
    """Have the node look for a registry at this port of the machine, whether or not anybody listens there."""
    url = f"http://{node.addresses.machine}:{port}"
    directory = node.registries / name
    directory.mkdir()
    (directory / "hosts.toml").write_text(f'server = "{url}"\n[host."{url}"]\ncapabilities = ["pull", "resolve"]\n')
