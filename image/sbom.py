"""The components of the image that this repository adds, as CycloneDX: `python -m image.sbom FILE`, or `make sbom`."""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import metadata
from pathlib import Path
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from modelservice_operator import __version__

REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements" / "runtime.txt"
_PIN: Final = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+) \\\n(?P<hashes>(?: +--hash=\S+(?: \\)?\n)+)", re.MULTILINE
)


class Pin(NamedTuple):
    """A package as the requirements pin it."""

    name: str
    version: str
    hashes: list[str]


def pins(requirements: str) -> Iterator[Pin]:
    """What a file of pip-compile pins; a hash is that of one of the package's files, SHA-256."""
    for found in _PIN.finditer(requirements):
        yield Pin(found["name"], found["version"], re.findall(r"sha256:([0-9a-f]{64})", found["hashes"]))


def license_of(name: str) -> str:
    """What the installed package declares."""
    declared = metadata(name)
    (text, *_) = [declared[field] for field in ("License-Expression", "License") if field in declared]
    return text


def sbom(requirements: str, license_of: Callable[[str], str], now: datetime) -> str:
    """The document. Its serial number follows from the version and the requirements."""
    operator = Component(
        name="modelservice-operator",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="modelservice-operator",
        licenses=[LicenseFactory().make_from_string(license_of("modelservice-operator"))],
    )
    packages = [_component(pin, license_of(pin.name)) for pin in pins(requirements)]
    bom = Bom(components=packages, serial_number=uuid5(NAMESPACE_URL, f"{__version__}\n{requirements}"))
    bom.metadata.timestamp = now
    bom.metadata.component = operator
    bom.register_dependency(operator, packages)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _component(pin: Pin, license_text: str) -> Component:
    address = PackageURL("pypi", name=pin.name, version=pin.version)
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=address.to_string(),
        purl=address,
        licenses=[LicenseFactory().make_from_string(license_text)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=content) for content in pin.hashes],
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(sbom(REQUIREMENTS.read_text("utf-8"), license_of, datetime.now(UTC)), "utf-8")
