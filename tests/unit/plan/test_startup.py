import pytest

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.plan.startup import budget_seconds, progress_deadline_seconds


@pytest.mark.parametrize(
    ("size", "seconds"),
    [
        (None, 3600),
        ("1Gi", 620),
        ("2Gi", 630),
        ("16Gi", 840),
        ("16384Mi", 840),
        ("16G", 830),
        ("132Gi", 2580),
        ("1Ti", 15960),
    ],
)
def test_budget(size: str | None, seconds: int) -> None:
    """600 s + 15 s per GiB, up to a multiple of the probe's period: 16 GB are 14.9 GiB, 823.5 s."""
    assert budget_seconds(size) == seconds


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({"model": {"uri": "hf://a/b", "size": "16Gi"}}, 1440),
        ({"model": {"uri": "hf://a/b"}}, 4200),
        ({"runtime": {"name": "custom", "image": "a"}}, 4200),
        ({"model": {"uri": "hf://a/b", "size": "16Gi"}, "rollout": {"progressDeadlineSeconds": 60}}, 60),
    ],
)
def test_deadline(spec: dict[str, object], seconds: int) -> None:
    assert progress_deadline_seconds(ModelServiceSpec.model_validate(spec)) == seconds
