"""The credentials that the kubelet gives to a pod: a token and the certificate of whom to trust.

The `kubernetes` package reads them too. It takes 17 MiB of memory, a fifth of what the operator needs, so it is left to
kubeconfigs, whose many forms are worth it.
"""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.errors import NoCredentials

logger = logging.getLogger(__name__)

DIRECTORY: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts them."""
HOST: Final = "KUBERNETES_SERVICE_HOST"
PORT: Final = "KUBERNETES_SERVICE_PORT"
TOKEN_LIFE: Final = 60.0
"""Seconds until the token is read again, as often as client-go does: the kubelet replaces it long before it expires."""


def access(environ: Mapping[str, str], directory: Path, *, clock: Callable[[], float] = time.monotonic) -> Access:
    """To the API server of the cluster whose pod we are.

    Raises:
        NoCredentials: an address, the token or the certificate is missing.
    """
    host, port = environ.get(HOST), environ.get(PORT)
    if not host or not port:
        raise NoCredentials(f"{HOST} and {PORT} must both be set, as they are in a pod")
    token = _Token(directory / "token", clock)
    try:
        token.read()
        tls = trusting(directory / "ca.crt")
    except (OSError, ValueError) as error:
        raise NoCredentials(f"the credentials of this pod in {directory} cannot be read: {error}") from error
    bracketed = f"[{host}]" if ":" in host else host
    return Access(f"https://{bracketed}:{port}", tls, token.authorization)


def namespace(directory: Path) -> str | None:
    """The namespace of the pod that we run in; None outside of one."""
    file = directory / "namespace"
    return file.read_text("utf-8").strip() if file.is_file() else None


def trusting(certificates: Path) -> ssl.SSLContext:
    """TLS settings that trust these alone.

    Python 3.13 also asks a certificate for extensions of RFC 5280 that those of many clusters lack. No other client
    of Kubernetes does.
    """
    tls = ssl.create_default_context(cafile=certificates)
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return tls


class _Token:
    """A bearer token in a file that is replaced from time to time."""

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._value = ""
        self._read_at = 0.0

    def read(self) -> None:
        """Take what the file holds now.

        Raises:
            OSError: it cannot be read.
            ValueError: it is empty.
        """
        value = self._file.read_text("utf-8").strip()
        if not value:
            raise ValueError(f"{self._file} is empty")
        self._value, self._read_at = value, self._clock()

    async def authorization(self) -> str:
        if self._clock() - self._read_at >= TOKEN_LIFE:
            try:
                self.read()
            except (OSError, ValueError) as error:
                logger.warning("The token of this pod cannot be read again, the last one is used: %s", error)
                self._read_at = self._clock()
        return f"Bearer {self._value}"
