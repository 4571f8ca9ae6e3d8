"""Which runtime serves a model."""

from collections.abc import Mapping

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.api.uri import ModelUri, parse_uri
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.runtimes.runtime import Runtime


def choose(spec: ModelServiceSpec, runtimes: Mapping[str, Runtime]) -> Runtime:
    """The runtime that is named, else the only one that knows the scheme, else the one for the format of the model.

    Raises:
        PlanError: no runtime has that name, or none serves that format.
    """
    name = spec.runtime.name
    if name:
        if name not in runtimes:
            raise PlanError(f"spec.runtime.name: there is no runtime {name}.", f"Choose one of {_listed(runtimes)}.")
        return runtimes[name]
    if spec.model is None:
        raise PlanError("spec.model is missing.", "Set spec.model.uri, or spec.runtime.name: custom with an image.")
    uri = parse_uri(spec.model.uri)
    knowing = [runtime for runtime in runtimes.values() if uri.scheme in runtime.schemes]
    if len(knowing) == 1:
        return knowing[0]
    model_format = spec.model.format or format_of(uri)
    for runtime in runtimes.values():
        if model_format in runtime.formats:
            return runtime
    raise PlanError(
        f"spec.model.uri: {spec.model.uri} is a {model_format} model, for which there is no runtime.",
        "Choose a model in another format, or a server of your own: spec.runtime.name: custom, without spec.model.",
    )


def format_of(uri: ModelUri) -> str:
    """The format of a model, as far as its URI tells: gguf where it says so, else safetensors."""
    if uri.quantization or "gguf" in (uri.repository or "").lower():
        return "gguf"
    file = (uri.file or uri.path or uri.address or "").partition("?")[0]
    return "gguf" if file.lower().endswith(".gguf") else "safetensors"


def _listed(runtimes: Mapping[str, Runtime]) -> str:
    return ", ".join(runtimes)
