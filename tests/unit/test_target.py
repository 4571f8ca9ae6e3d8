"""What a command says of a cluster that does not do what it is asked."""

import pytest

from modelservice_operator.cluster.errors import ApiError
from modelservice_operator.target import ERROR, run


@pytest.mark.parametrize("words", ["no, not you", "no, not you."])
def test_a_refusal_is_a_sentence_before_the_advice(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def refused() -> int:
        raise ApiError(403, "Forbidden", words)

    assert run(refused()) == ERROR
    assert capsys.readouterr().err == (
        "Error: the API server answered 403 Forbidden: no, not you. Whoever has the cluster's role view in the "
        "namespace may read ModelServices: see docs/install.md.\n"
    )
