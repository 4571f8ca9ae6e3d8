"""The process as a whole, without an API server."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

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


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """Without leader election, and without a cluster."""
    client = Client(Access("http://127.0.0.1:1"))
    yield App(Settings.from_env({}, leader_election="off"), client, client, Metrics(), asyncio.Event())
    await client.close()


async def test_without_leader_election_too_a_stop_lets_what_is_under_way_end(app: App) -> None:
    """Leadership that ends says that others work on already."""
    app._resync.primed.set()
    leading = asyncio.create_task(app._lead())
    await app._leading.wait()
    app._stop.set()
    await asyncio.wait({leading}, timeout=0.01)
    assert not leading.done()
    leading.cancel()


async def test_the_reconciler_hears_of_each_period_and_of_what_waits(app: App) -> None:
    reconcile: Any = app._workers._reconcile
    reconciler = reconcile.__self__
    assert app._resync._on_period == reconciler.forget_refusals
    assert reconciler._publisher._crowded == app._queue.crowded


@pytest.mark.parametrize("elects", [False, True])
async def test_a_lease_of_its_namespace_takes_the_right_to_write(elects: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a reconcile too: each write asks."""
    monkeypatch.setattr(Elector, "leading", True)
    client = Client(Access("http://127.0.0.1:1"))
    settings = Settings.from_env({}, leader_election="on" if elects else "off", leader_election_namespace="own")
    app = App(settings, client, client, Metrics(), asyncio.Event())
    assert (client.may_write("ml"), client.may_write("web")) == (True, True)
    metadata = {"namespace": "ml", "name": names.NAMESPACE_LEASE, "uid": "u", "resourceVersion": "7"}
    app._store.upsert({"kind": "Lease", "metadata": metadata, "spec": {"holderIdentity": "team-a/modelservice"}})
    assert (client.may_write("ml"), client.may_write("web")) == (False, True)
    await client.close()
