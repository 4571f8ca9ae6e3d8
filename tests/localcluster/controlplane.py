"""The five processes of the control plane: how each is started, and when it is ready."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from localcluster.build import Programs
from localcluster.credentials import User, sign_token, write_kubeconfig, write_service_account_key, write_tokens
from localcluster.process import Process, ProcessError
from localcluster.workdir import WorkDir

HOST = "127.0.0.1"
MASTERS = "system:masters"
ISSUER = "https://kubernetes.default.svc"
PORT_TAKEN = "address already in use"
TRIES = 5

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Request", "resources": [{"group": "modelservice.dev", "resources": ["modelservices/status"]}]},
        {"level": "Metadata"},
    ],
}
"""What is written into a status is logged too."""


def on_free_port(make: Callable[[int], Process], host: str = HOST) -> tuple[Process, int]:
    """Start the process that `make` gives for a free port of `host`; with another one when someone was faster."""
    for tried in range(1, TRIES + 1):
        with socket.socket() as probe:
            probe.bind((host, 0))
            port = probe.getsockname()[1]
        process = make(port)
        offset = process.log.stat().st_size if process.log.exists() else 0
        try:
            process.start()
        except ProcessError:
            process.kill()
            if tried == TRIES or PORT_TAKEN not in process.tail(since=offset):
                raise
        else:
            return process, port
    raise AssertionError("unreachable: the last try returns or raises")


class ControlPlane:
    """etcd, the API server, the controller manager and the scheduler, with their keys and users.

    The API server listens on `host`; `users` are known to it besides our own.
    `boot` starts etcd and the API server and waits for them; the two others start without waiting, as their readiness
    shows in what they do.
    """

    def __init__(self, programs: Programs, workdir: WorkDir, *, host: str = HOST, users: Sequence[User] = ()) -> None:
        self._host = host
        self._users = users
        self._programs = programs
        self._workdir = workdir
        self._pki = workdir.path / "pki"
        self._key = workdir.path / "service-accounts.key"
        self._tokens = workdir.path / "tokens.csv"
        self._policy = workdir.path / "audit-policy.yaml"
        self.audit_log = workdir.path / "audit.log"
        self.admin = User("admin", (MASTERS,))
        self.simulator = User("kwok", (MASTERS,))
        self._manager_user = User("system:kube-controller-manager")
        self._scheduler_user = User("system:kube-scheduler")
        self.server = ""
        self.etcd: Process
        self.apiserver: Process
        self.controller_manager: Process
        self.scheduler: Process

    def boot(self, apiserver_flags: Sequence[str], controller_manager_flags: Sequence[str]) -> None:
        """Start everything. The flags come after ours, so they win. Raises `ProcessError`."""
        write_service_account_key(self._key)
        own = [self.admin, self.simulator, self._manager_user, self._scheduler_user]
        write_tokens([*own, *self._users], self._tokens)
        self._policy.write_text(yaml.safe_dump(AUDIT_POLICY))
        self.etcd, self._etcd_port = on_free_port(self._etcd)
        self.apiserver, port = on_free_port(
            lambda port: self._apiserver(port, self._etcd_port, apiserver_flags), self._host
        )
        self.server = f"https://{self._host}:{port}"
        self.controller_manager = self._controller_manager(controller_manager_flags)
        self.controller_manager.start()
        self.scheduler = self._scheduler()
        self.scheduler.start()

    def compact(self) -> None:
        """Have etcd forget every revision but the present one, as the API server does every five minutes."""
        version = self.etcd_request("/v3/kv/range", {"key": "Lw=="})["header"]["revision"]
        self.etcd_request("/v3/kv/compaction", {"revision": version, "physical": True})

    def etcd_request(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What etcd answers over its JSON gateway."""
        answer = _request(http.client.HTTPConnection(HOST, self._etcd_port, timeout=30), "POST", path, body=body)
        if answer is None:
            raise ProcessError(f"etcd does not answer {path}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def kubeconfig(self, name: str, token: str) -> Path:
        """A new file `<name>.kubeconfig` for whoever the token is of."""
        path = self._workdir.path / f"{name}.kubeconfig"
        write_kubeconfig(path, server=self.server, ca=self.certificate, token=token)
        return path

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token that the API server takes for one of its own."""
        return sign_token({"iss": ISSUER, "aud": [ISSUER], **claims}, self._key)

    @property
    def processes(self) -> list[Process]:
        """The four, in the order of their start."""
        return [self.etcd, self.apiserver, self.controller_manager, self.scheduler]

    @property
    def certificate(self) -> Path:
        """What the API server shows, and whom to trust."""
        return self._pki / "apiserver.crt"

    def _etcd(self, port: int) -> Process:
        url = f"http://{HOST}:{port}"
        name = self._workdir.path.name
        argv: list[str | Path] = [
            self._programs.etcd,
            f"--name={name}",
            f"--data-dir={self._workdir.path / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls=http://{HOST}:0",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

        def ready() -> bool:
            # The members' names tell our etcd from another one that took the port first.
            answer = _request(http.client.HTTPConnection(HOST, port, timeout=5), "POST", "/v3/cluster/member/list")
            return answer is not None and name in [member["name"] for member in json.loads(answer)["members"]]

        return Process("etcd", argv, self._workdir, ready=ready)

    def _apiserver(self, port: int, etcd_port: int, flags: Sequence[str]) -> Process:
        argv: list[str | Path] = [
            self._programs.kube_apiserver,
            f"--etcd-servers=http://{HOST}:{etcd_port}",
            f"--secure-port={port}",
            f"--bind-address={self._host}",
            f"--advertise-address={self._host}",
            f"--cert-dir={self._pki}",
            f"--token-auth-file={self._tokens}",
            "--authorization-mode=Node,RBAC",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={self._key}",
            f"--service-account-signing-key-file={self._key}",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--allow-privileged=true",
            "--endpoint-reconciler-type=none",
            f"--audit-policy-file={self._policy}",
            f"--audit-log-path={self.audit_log}",
            "--audit-log-maxsize=10000",  # in MB: a rotated file would lose what a test counts
            *flags,
        ]

        def ready() -> bool:
            try:
                trust = ssl.create_default_context(cafile=self.certificate)
            except OSError:  # it is not written yet, or not all of it
                return False
            connection = http.client.HTTPSConnection(self._host, port, timeout=5, context=trust)
            return _request(connection, "GET", "/readyz", token=self.admin.token) is not None

        return Process("kube-apiserver", argv, self._workdir, ready=ready)

    def _controller_manager(self, flags: Sequence[str]) -> Process:
        config = self.kubeconfig("kube-controller-manager", self._manager_user.token)
        argv: list[str | Path] = [
            self._programs.kube_controller_manager,
            f"--kubeconfig={config}",
            "--secure-port=0",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self._key}",
            f"--root-ca-file={self.certificate}",
            "--horizontal-pod-autoscaler-sync-period=2s",
            "--horizontal-pod-autoscaler-downscale-stabilization=5s",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--concurrent-deployment-syncs=20",
            "--concurrent-replicaset-syncs=20",
            "--concurrent-gc-syncs=20",
            *flags,
        ]
        return Process("kube-controller-manager", argv, self._workdir)

    def _scheduler(self) -> Process:
        config = self.kubeconfig("kube-scheduler", self._scheduler_user.token)
        argv: list[str | Path] = [
            self._programs.kube_scheduler,
            f"--kubeconfig={config}",
            "--secure-port=0",
            "--leader-elect=false",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ]
        return Process("kube-scheduler", argv, self._workdir)


def _request(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    token: str = "",
    body: Mapping[str, Any] | None = None,
) -> bytes | None:
    """The body of a successful answer; None for any other, and for none."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        sent = json.dumps(body or {}) if method == "POST" else None
        connection.request(method, path, body=sent, headers=headers)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return data if answer.status == http.HTTPStatus.OK else None
