"""Keys, tokens and kubeconfigs of a cluster that lives for minutes on loopback."""

import base64
import csv
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_P256_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_P256_BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
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


def sign_token(claims: Mapping[str, Any], key: Path) -> str:
    """A JWT (RFC 7519) with an ES256 signature by such a key, for times that the API server would not give a token."""
    der = base64.decodebytes("".join(key.read_text().splitlines()[1:-1]).encode())
    secret = int.from_bytes(der[7:39], "big")
    head, body = (_base64url(json.dumps(part).encode()) for part in ({"alg": "ES256", "typ": "JWT"}, claims))
    number = int.from_bytes(hashlib.sha256(f"{head}.{body}".encode()).digest(), "big")
    once = 1 + secrets.randbelow(_P256_ORDER - 1)
    point = _times(once)
    assert point is not None
    r = point[0] % _P256_ORDER
    s = pow(once, -1, _P256_ORDER) * (number + r * secret) % _P256_ORDER
    return f"{head}.{body}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


_Point = tuple[int, int] | None


def _times(factor: int) -> _Point:
    """The base point of P-256, so many times: double and add. Not safe from those who can measure how long it takes."""
    total: _Point = None
    power: _Point = _P256_BASE
    while factor:
        total = _sum(total, power) if factor & 1 else total
        power, factor = _sum(power, power), factor >> 1
    return total


def _sum(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2), prime = one, other, _P256_PRIME
    if x1 == x2 and (y1 + y2) % prime == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, prime) if one == other else (y2 - y1) * pow(x2 - x1, -1, prime)
    x3 = (slope * slope - x1 - x2) % prime
    return x3, (slope * (x1 - x3) - y1) % prime


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


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
