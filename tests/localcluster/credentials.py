"""Keys, tokens and kubeconfigs of a cluster that lives for minutes on loopback."""

import base64
import csv
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class User:
    """Someone the API server knows by a static token."""

    name: str
    groups: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_hex(16))


def write_tokens(users: Sequence[User], path: Path) -> None:
    """The file for `--token-auth-file`: token, user, uid and the groups, readable by us alone."""
    _private(path)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([user.token, user.name, user.name, ",".join(user.groups)] for user in users)


def write_service_account_key(path: Path) -> None:
    """A new EC private key on P-256 in SEC 1 form (RFC 5915), without the public half, which its readers compute."""
    secret = (1 + secrets.randbelow(_P256_ORDER - 1)).to_bytes(32, "big")
    curve = bytes.fromhex("a00a06082a8648ce3d030107")  # [0] OBJECT IDENTIFIER prime256v1
    body = bytes.fromhex("0201010420") + secret + curve  # INTEGER 1, OCTET STRING of 32 bytes
    der = b"\x30" + bytes([len(body)]) + body
    _private(path)
    path.write_text(f"-----BEGIN EC PRIVATE KEY-----\n{base64.encodebytes(der).decode()}-----END EC PRIVATE KEY-----\n")


def write_kubeconfig(path: Path, *, server: str, ca: Path, token: str) -> None:
    """A kubeconfig with one context, readable by us alone. `ca` is the certificate that the server must show."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "local",
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        "clusters": [
            {
                "name": "local",
                "cluster": {
                    "server": server,
                    "certificate-authority-data": base64.b64encode(ca.read_bytes()).decode(),
                },
            }
        ],
        "users": [{"name": "local", "user": {"token": token}}],
    }
    _private(path)
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def _private(path: Path) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
