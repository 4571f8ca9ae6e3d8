import pytest

from modelservice_operator.accelerators.catalogue import BY_VENDOR
from modelservice_operator.api.accelerator import VENDORS_WITH_MEMORY, VENDORS_WITH_PRODUCT, Accelerator
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.devices import naming, node_requirements, resource_name
from modelservice_operator.plan.errors import PlanError


def accelerator(**fields: object) -> Accelerator:
    return Accelerator.model_validate(fields)


def test_the_rules_agree_with_the_data() -> None:
    assert {name for name, vendor in BY_VENDOR.items() if vendor.product} == set(VENDORS_WITH_PRODUCT)
    assert {name for name, vendor in BY_VENDOR.items() if vendor.memory} == set(VENDORS_WITH_MEMORY)
    assert [name for name, vendor in BY_VENDOR.items() if vendor.partition] == ["nvidia"]


@pytest.mark.parametrize(
    ("fields", "resource"),
    [
        ({}, "nvidia.com/gpu"),
        ({"partition": "3g.40gb"}, "nvidia.com/mig-3g.40gb"),
        ({"partition": "1g.10gb+me"}, "nvidia.com/mig-1g.10gb.me"),
        ({"vendor": "amd"}, "amd.com/gpu"),
        ({"vendor": "intel"}, "gpu.intel.com/xe"),
        ({"vendor": "gaudi"}, "habana.ai/gaudi"),
        ({"vendor": "tpu"}, "google.com/tpu"),
        ({"vendor": "neuron"}, "aws.amazon.com/neuron"),
    ],
)
def test_resources(fields: Manifest, resource: str) -> None:
    assert naming(accelerator(**fields)).resource == resource_name(accelerator(**fields)) == resource


@pytest.mark.parametrize(
    ("fields", "key", "operator", "values"),
    [
        ({"products": ["NVIDIA-L4", "Tesla-T4"]}, "nvidia.com/gpu.product", "In", ["NVIDIA-L4", "Tesla-T4"]),
        ({"partition": "1g.5gb", "products": ["x"]}, "nvidia.com/mig-1g.5gb.product", "In", ["x"]),
        # An L4 of 24 GB has 23034 MiB, an H100 of 80 GB 81559.
        ({"memory": "22Gi"}, "nvidia.com/gpu.memory", "Gt", ["21852"]),
        ({"memory": "80Gi"}, "nvidia.com/gpu.memory", "Gt", ["79462"]),
        ({"partition": "1g.10gb", "memory": "9Gi"}, "nvidia.com/mig-1g.10gb.memory", "Gt", ["8939"]),
        ({"vendor": "amd", "memory": "192Gi"}, "amd.com/gpu.vram", "In", ["192G", "256G", "288G"]),
        ({"vendor": "amd", "memory": "195Gi"}, "amd.com/gpu.vram", "In", ["192G", "256G", "288G"]),
        ({"vendor": "amd", "memory": "200Gi"}, "amd.com/gpu.vram", "In", ["256G", "288G"]),
        ({"vendor": "tpu", "memory": "90Gi"}, "cloud.google.com/gke-tpu-accelerator", "In", ["tpu-v5p-slice", "tpu7x"]),
        ({"vendor": "neuron", "memory": "40Gi"}, "node.kubernetes.io/instance-type", "In", ["trn2.48xlarge"]),
    ],
)
def test_what_a_node_must_say(fields: Manifest, key: str, operator: str, values: list[str]) -> None:
    assert node_requirements(accelerator(**fields)) == [{"key": key, "operator": operator, "values": values}]


def test_nothing_is_demanded_of_nodes_unasked() -> None:
    assert node_requirements(accelerator(count=8)) == []


@pytest.mark.parametrize(
    ("fields", "message", "remedy"),
    [
        (
            {"vendor": "amd", "partition": "3g.40gb"},
            "spec.accelerator.partition: devices of amd cannot be partitioned.",
            "Leave it out.",
        ),
        (
            {"vendor": "amd", "memory": "300Gi"},
            "spec.accelerator.memory: no known device of amd has 300Gi; the largest has 288Gi.",
            "Ask for at most 288Gi, or name spec.accelerator.products instead.",
        ),
        (
            {"vendor": "intel", "memory": "24Gi"},
            "spec.accelerator.memory: nodes with devices of intel have no label that tells it.",
            "Leave memory out, and choose nodes by spec.placement.nodeSelector.",
        ),
        (
            {"vendor": "gaudi", "products": ["x"]},
            "spec.accelerator.products: nodes with devices of gaudi have no label that tells it.",
            "Leave products out, and choose nodes by spec.placement.nodeSelector.",
        ),
    ],
)
def test_what_cannot_be_asked_of_nodes(fields: Manifest, message: str, remedy: str) -> None:
    with pytest.raises(PlanError) as refused:
        node_requirements(accelerator(**fields))
    assert (refused.value.message, refused.value.remedy) == (message, remedy)
    assert (resource_name(accelerator(**fields)) is None) == ("partition" in fields)
