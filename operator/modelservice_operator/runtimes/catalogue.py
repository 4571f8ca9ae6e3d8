"""The built-in runtimes, read from the YAML files of this package."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml
from pydantic import ValidationError

from modelservice_operator.runtimes.runtime import Runtime


class InvalidRuntime(ValueError):
    """The data of a runtime are wrong; the text names file and field."""


@cache
def builtin() -> Mapping[str, Runtime]:
    """The built-in runtimes by name, in the order of their names.

    Raises:
        InvalidRuntime: a file of this package is wrong.
    """
    directory = files(__package__ or __name__.rpartition(".")[0])
    sources = [(file.name, file.read_text("utf-8")) for file in directory.iterdir() if file.name.endswith(".yaml")]
    return catalogue(read(name, text) for name, text in sorted(sources))


def read(file_name: str, text: str) -> Runtime:
    """One runtime from the text of its YAML file.

    Raises:
        InvalidRuntime: no YAML, not the fields of a runtime, or not the name that the file has.
    """
    try:
        runtime = Runtime.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InvalidRuntime(f"{file_name}: {error}") from error
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, entry['loc'])) or 'runtime'}: {entry['msg']}" for entry in error.errors())
        raise InvalidRuntime(f"{file_name}: {'; '.join(wrong)}") from error
    if f"{runtime.name}.yaml" != file_name:
        raise InvalidRuntime(f"{file_name}: name: must be that of the file, not {runtime.name}")
    return runtime


def catalogue(runtimes: Iterable[Runtime]) -> Mapping[str, Runtime]:
    """The runtimes by name.

    Raises:
        InvalidRuntime: two of them are to serve the same format.
    """
    by_name = {runtime.name: runtime for runtime in runtimes}
    owners: dict[str, str] = {}
    for runtime in by_name.values():
        for model_format in runtime.formats:
            if model_format in owners:
                raise InvalidRuntime(f"{runtime.name}.yaml: formats: {model_format} is {owners[model_format]}'s")
            owners[model_format] = runtime.name
    return MappingProxyType(by_name)
