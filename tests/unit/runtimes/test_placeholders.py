import pytest

from modelservice_operator.runtimes import placeholders


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("{port}", "8000"),
        ("a-{port}-{model.name}-b", "a-8000-{port}-b"),
        ("{model.revision}", None),
        ("{port}{model.revision}", None),
        ('{"json": 1}', '{"json": 1}'),
    ],
)
def test_fill(text: str, filled: str | None) -> None:
    """Values are put in as they are, even when they look like a placeholder."""
    assert placeholders.fill(text, {"port": "8000", "model.name": "{port}"}) == filled
