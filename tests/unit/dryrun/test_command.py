"""What `modelservice plan` says of a ModelService of which nothing can be foreseen."""

import pytest

from modelservice_operator.dryrun.command import _Failure, _look
from modelservice_operator.dryrun.server import Applying, Server
from unit.fake_api import Failure, FakeApi, FakeClient


@pytest.mark.parametrize("status", [422, 500])
async def test_a_refusal_has_no_secret_in_it(status: int) -> None:
    api = FakeApi()
    api.fail("apply ModelService", Failure(status, "Invalid", 'not "p;ss,word"'))
    given = {
        "apiVersion": "modelservice.dev/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "qwen", "namespace": "ml"},
        "spec": {"runtime": {"args": ["--api-key=p;ss,word"]}},
    }
    client = FakeClient(api)
    found = await _look(client, Server(client, Applying()), given)
    assert isinstance(found, _Failure)
    assert found.message.endswith('not "***"')
