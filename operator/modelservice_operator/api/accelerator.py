"""The devices that a model runs on."""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from modelservice_operator.api.base import ApiModel, Int32, Keywords, Rule, matches, validations
from modelservice_operator.api.types.quantity import IS_QUANTITY, QuantityText

VENDORS_WITH_PRODUCT: Final = ("nvidia", "amd", "intel", "tpu", "neuron")
VENDORS_WITH_MEMORY: Final = ("nvidia", "amd", "tpu", "neuron")
MIN_MEMORY: Final = "1Gi"
MAX_MEMORY: Final = "1Ti"


def _vendor_in(vendors: tuple[str, ...]) -> str:
    return f"self.vendor in [{', '.join(repr(name) for name in vendors)}]"


PARTITION_ONLY_FOR_NVIDIA: Final = Rule(
    "!has(self.partition) || self.vendor == 'nvidia'",
    "may only be set with vendor: nvidia, whose devices can be sliced (MIG): leave partition out",
    field=".partition",
    reason="FieldValueForbidden",
)
PRODUCTS_NEED_A_LABEL: Final = Rule(
    f"size(self.?products.orValue([])) == 0 || {_vendor_in(VENDORS_WITH_PRODUCT)}",
    "may not be set with vendor: gaudi, whose nodes have no label that names the product: choose nodes by "
    "spec.placement.nodeSelector",
    field=".products",
    reason="FieldValueForbidden",
)
MEMORY_NEEDS_A_LABEL: Final = Rule(
    f"!has(self.memory) || {_vendor_in(VENDORS_WITH_MEMORY)}",
    "may only be set with vendor: nvidia, amd, tpu or neuron, whose nodes tell the memory of a device: choose others "
    "by products or by spec.placement.nodeSelector",
    field=".memory",
    reason="FieldValueForbidden",
)
PARTITION: Final = Rule(
    matches("[1-9]g[.][1-9][0-9]{0,3}gb([.+][a-z]{1,16}){0,2}"),
    "must be a MIG profile, as nvidia-smi lists them, for example 3g.40gb",
)
PRODUCT: Final = Rule(
    matches("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"),
    "must be a product as the label of the nodes has it, for example NVIDIA-H100-80GB-HBM3; see kubectl get nodes "
    "-L nvidia.com/gpu.product",
)
MEMORY: Final = Rule(
    f"{IS_QUANTITY} && quantity(string(self)).compareTo(quantity('{MIN_MEMORY}')) >= 0 && "
    f"quantity(string(self)).compareTo(quantity('{MAX_MEMORY}')) <= 0",
    f"must be a number of bytes with a unit, from {MIN_MEMORY} to {MAX_MEMORY}, for example 40Gi",
)


class Accelerator(ApiModel):
    """On what the model runs."""

    model_config = ConfigDict(
        json_schema_extra=validations(PARTITION_ONLY_FOR_NVIDIA, PRODUCTS_NEED_A_LABEL, MEMORY_NEEDS_A_LABEL)
    )

    vendor: Literal["nvidia", "amd", "intel", "gaudi", "tpu", "neuron"] = "nvidia"
    """Maker of the devices: nvidia, amd, intel, gaudi (Intel), tpu (Google) or neuron (AWS). It decides the resource
    that pods ask for, such as nvidia.com/gpu, and the taint that they tolerate."""
    count: Annotated[Int32, Field(ge=1)] = 1
    """Devices for each pod. The engine splits the model over all of them (tensor parallel). Example: 2."""
    products: Annotated[
        tuple[Annotated[str, Keywords(maxLength=63), PRODUCT], ...],
        Keywords(maxItems=32, **{"x-kubernetes-list-type": "set"}),
    ] = ()
    """Any of these products, as the label of the nodes names them: nvidia.com/gpu.product, amd.com/gpu.product-name,
    gpu.intel.com/product, cloud.google.com/gke-tpu-accelerator, or the instance type for neuron. Default: any product.
    Example: [NVIDIA-H100-80GB-HBM3, NVIDIA-H200]."""
    memory: Annotated[QuantityText, MEMORY] | None = None
    """Memory that each device has at least. Devices offer a little less than their name says, so 3 percent may be
    missing: 80Gi takes a card of 80 GB. Default: any. Example: 40Gi."""
    partition: Annotated[str, Keywords(maxLength=32), PARTITION] | None = None
    """MIG profile: count is then the number of slices of that profile, which the device plugin offers as
    nvidia.com/mig-PROFILE (strategy mixed). Only for nvidia. Default: whole devices. Example: 3g.40gb."""
