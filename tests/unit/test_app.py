"""The process as a whole, without an API server."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


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
