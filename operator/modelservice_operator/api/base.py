"""What every model of the API has in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ApiModel(BaseModel):
    """A part of the API: camelCase outside, immutable inside, and lenient towards fields of a newer version.

    Attribute docstrings become the descriptions of the CRD, which `kubectl explain` prints.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
    )
