"""Placeholders in the texts of a runtime: `{model.reference}` and the like."""

import re
from collections.abc import Mapping
from typing import Final

MODEL_REFERENCE: Final = "model.reference"
MODEL_NAME: Final = "model.name"
MODEL_REVISION: Final = "model.revision"
MODEL_FILE: Final = "model.file"
MODEL_QUANTIZATION: Final = "model.quantization"
ACCELERATOR_COUNT: Final = "accelerator.count"
PORT: Final = "port"
DRAIN_SECONDS: Final = "drainSeconds"
STARTUP_SECONDS: Final = "startupSeconds"

MEANINGS: Final[Mapping[str, str]] = {
    MODEL_REFERENCE: "what the engine loads: the repository, the address, or the path at which the model is mounted",
    MODEL_NAME: "the name that clients send",
    MODEL_REVISION: "the revision of the repository, where the URI names one",
    MODEL_FILE: "the file in the repository, where the URI names one",
    MODEL_QUANTIZATION: "the quantization in the repository, where the URI names one",
    ACCELERATOR_COUNT: "devices per pod, where there is more than one: engines take one by themselves",
    PORT: "the port on which the server listens",
    DRAIN_SECONDS: "how long the server may finish running requests",
    STARTUP_SECONDS: "how long the model may take to load",
}
"""Every placeholder, and what it stands for. A text whose placeholder has no value is left out."""

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z.]+)\}")


def names_in(text: str) -> frozenset[str]:
    """The names between braces in a text, known or not."""
    return frozenset(_PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """The text with its placeholders replaced, or None when one of them has no value."""
    if not names_in(text) <= values.keys():
        return None
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)
