import ssl
from pathlib import Path
from typing import Final

import pytest

from modelservice_operator.cluster import service_account
from modelservice_operator.cluster.errors import NoCredentials

POD: Final = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}

CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUJ/1n/N7spL3Rb0aBUXW2RqraSK8wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjgxNjE0NTBaGA8yMTI2MTEw
NDE2MTQ1MFowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABMIsmIF4TZkeuQdhyv4Uzjr5wGcpCvyoI2KZA1uxtYqPM0I/5pEI
0J7qEegz9Gw15iyhyrwZ1dvxKxfMoTjKe9ajUzBRMB0GA1UdDgQWBBRnJfNek9tU
SwOdqyauLtEwJtnQITAfBgNVHSMEGDAWgBRnJfNek9tUSwOdqyauLtEwJtnQITAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIE0Sbndfpbec0PYWptLP
RSbR+RHZ/pl9Mf/+UDvtKFWoAiB0zUVzNMhTy1u8ceqRMkAtQwhcRLykMw/jScfK
gwvaOw==
-----END CERTIFICATE-----
"""
"""Of a made-up cluster, valid for a hundred years."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """What the kubelet mounts into a pod."""
    (tmp_path / "token").write_text("first\n")
    (tmp_path / "namespace").write_text("models\n")
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    return tmp_path


@pytest.mark.parametrize(
    ("host", "url"), [("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_the_address(mounted: Path, host: str, url: str) -> None:
    assert service_account.access({**POD, "KUBERNETES_SERVICE_HOST": host}, mounted).host == url


def test_who_is_trusted(mounted: Path) -> None:
    tls = service_account.access(POD, mounted).tls
    assert tls is not None
    assert len(tls.get_ca_certs()) == 1
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname
    assert not tls.verify_flags & ssl.VERIFY_X509_STRICT


async def test_the_token_is_read_again_each_minute(mounted: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    access = service_account.access(POD, mounted, clock=clock)
    (mounted / "token").write_text("second")
    clock.now = 59.9
    assert await access.authorization() == "Bearer first"
    clock.now = 60
    assert await access.authorization() == "Bearer second"
    (mounted / "token").unlink()
    clock.now = 120
    for _ in range(2):
        assert await access.authorization() == "Bearer second"
    (complaint,) = caplog.messages
    assert complaint.startswith("The token of this pod cannot be read again, the last one is used: ")


@pytest.mark.parametrize(("file", "text"), [("token", None), ("token", " \n"), ("ca.crt", None), ("ca.crt", "no PEM")])
def test_what_is_missing_is_told(mounted: Path, file: str, text: str | None) -> None:
    if text is None:
        (mounted / file).unlink()
    else:
        (mounted / file).write_text(text)
    with pytest.raises(NoCredentials, match=f"the credentials of this pod in {mounted} cannot be read: "):
        service_account.access(POD, mounted)


def test_half_an_address() -> None:
    with pytest.raises(NoCredentials, match="KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must both be set"):
        service_account.access({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, Path())


def test_the_namespace(mounted: Path) -> None:
    assert service_account.namespace(mounted) == "models"
    assert service_account.namespace(mounted / "elsewhere") is None
