"""The process as a whole, without an API server."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from modelservice_operator.app import App
from modelservice_operator.cluster.access import Access
from modelservice_operator.cluster.client import Client
from modelservice_operator.cluster.leader import Elector
from modelservice_operator.metrics import Metrics
from modelservice_operator.plan import names
from modelservice_operator.settings import Settings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_right_after_the_start_is_a_clean_one(tmp_path: Path, number: signal.Signals) -> None:
    """Also while nothing answers: the first list is still under way."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "nowhere",
                "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
                "clusters": [{"name": "nowhere", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [{"name": "nobody", "user": {}}],
            }
        )
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MODELSERVICE_")}
    environment |= {"KUBECONFIG": str(kubeconfig), "MODELSERVICE_HTTP_PORT": "0"}
    command = [sys.executable, "-m", "modelservice_operator", "run"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            process.send_signal(number)
            rest = process.stderr.read()
            assert process.wait() == 0, first + rest
            assert "Traceback" not in rest
            assert rest.endswith("Stopped.\n")
        finally:
            process.kill()


@pytest.mark.parametrize("elects", [False, True])
async def test_a_lease_of_its_namespace_takes_the_right_to_write(elects: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a reconcile too: each write asks."""
    monkeypatch.setattr(Elector, "leading", True)
    client = Client(Access("http://127.0.0.1:1"))
    settings = Settings.from_env({}, leader_election="on" if elects else "off", leader_election_namespace="own")
    app = App(settings, client, Metrics(), asyncio.Event())
    assert (client.may_write("ml"), client.may_write("web")) == (True, True)
    metadata = {"namespace": "ml", "name": names.NAMESPACE_LEASE, "uid": "u", "resourceVersion": "7"}
    app._store.upsert({"kind": "Lease", "metadata": metadata, "spec": {"holderIdentity": "team-a/modelservice"}})
    assert (client.may_write("ml"), client.may_write("web")) == (False, True)
    await client.close()
