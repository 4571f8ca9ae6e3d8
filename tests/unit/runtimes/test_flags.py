import pytest

from modelservice_operator.runtimes import flags


@pytest.mark.parametrize(
    ("argument", "flag"),
    [
        ("--port", "--port"),
        ("--port=8000", "--port"),
        ("--tensor_parallel_size=2", "--tensor-parallel-size"),
        ("--tensor-parallel_size", "--tensor-parallel-size"),
        ("--no-enable-prefix-caching", "--enable-prefix-caching"),
        ("--no_enable_prefix_caching", "--enable-prefix-caching"),
        ("-tp", "-tp"),
        ("-tp=2", "-tp"),
        ("-1", "-1"),
        ("8000", ""),
        ("", ""),
        ("name=--port", ""),
    ],
)
def test_canonical(argument: str, flag: str) -> None:
    assert flags.canonical(argument) == flag


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ([], None),
        (["--ports=1"], None),
        (["--port=9000"], "9000"),
        (["--port", "9000"], "9000"),
        (["--port", "9000", "--port=9001"], "9001"),
        (["--port"], ""),
        (["--port", "--other"], ""),
        (["--port=--other"], "--other"),
        (["-p", "7"], "7"),
    ],
)
def test_value_of(arguments: list[str], value: str | None) -> None:
    assert flags.value_of({"--port", "-p"}, arguments) == value
