"""The built-in runtimes, read from the YAML files of this package."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from modelservice_operator.data import InvalidData, data_files, read_data
from modelservice_operator.runtimes.runtime import Runtime


@cache
def builtin() -> Mapping[str, Runtime]:
    """The built-in runtimes by name, in the order of their names.

    Raises:
        InvalidData: a file of this package is wrong.
    """
    sources = data_files("modelservice_operator.runtimes")
    return catalogue(read_data(Runtime, name, text) for name, text in sources)


def catalogue(runtimes: Iterable[Runtime]) -> Mapping[str, Runtime]:
    """The runtimes by name.

    Raises:
        InvalidData: two of them are to serve the same format.
    """
    by_name = {runtime.name: runtime for runtime in runtimes}
    owners: dict[str, str] = {}
    for runtime in by_name.values():
        for model_format in runtime.formats:
            if model_format in owners:
                raise InvalidData(f"{runtime.name}.yaml: formats: {model_format} is {owners[model_format]}'s")
            owners[model_format] = runtime.name
    return MappingProxyType(by_name)
