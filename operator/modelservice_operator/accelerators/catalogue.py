"""The known vendors, read from the YAML files of this package."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from modelservice_operator.accelerators.vendor import Vendor
from modelservice_operator.data import data_files, read_data


def _read() -> Mapping[str, Vendor]:
    vendors = [read_data(Vendor, name, text) for name, text in data_files("modelservice_operator.accelerators")]
    return MappingProxyType({vendor.name: vendor for vendor in vendors})


BY_VENDOR: Final[Mapping[str, Vendor]] = _read()
"""The vendors by the name that spec.accelerator.vendor has."""
