"""Data files of this package: YAML, read into models that know every field."""

from importlib.resources import files
from typing import Annotated, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from modelservice_operator.quantity import InvalidQuantity, canonical_quantity


class Data(BaseModel):
    """A part of a data file: camelCase outside, immutable inside, and no field that nobody reads."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NamedData(Data):
    """A whole data file. Its name is that of the file."""

    name: str


class InvalidData(ValueError):
    """A data file is wrong; the text names file and field."""


def _canonical_quantity(text: str) -> str:
    try:
        return canonical_quantity(text)
    except InvalidQuantity as error:
        raise ValueError(str(error)) from error


Quantity = Annotated[str, AfterValidator(_canonical_quantity)]
"""A Kubernetes quantity, as the API server prints it."""

_D = TypeVar("_D", bound=NamedData)


def read_data(model: type[_D], file_name: str, text: str) -> _D:
    """One data file.

    Raises:
        InvalidData: no YAML, not the fields of the model, or not the name that the file has.
    """
    try:
        read = model.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise InvalidData(f"{file_name}: {error}") from error
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, entry['loc'])) or 'file'}: {entry['msg']}" for entry in error.errors())
        raise InvalidData(f"{file_name}: {'; '.join(wrong)}") from error
    if f"{read.name}.yaml" != file_name:
        raise InvalidData(f"{file_name}: name: must be that of the file, not {read.name}")
    return read


def data_files(package: str) -> list[tuple[str, str]]:
    """Name and text of every YAML file that lies in a package, in the order of their names."""
    found = [(file.name, file.read_text("utf-8")) for file in files(package).iterdir() if file.name.endswith(".yaml")]
    return sorted(found)
