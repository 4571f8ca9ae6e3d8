"""The probes of the server container."""

from modelservice_operator.api.spec import ModelServiceSpec
from modelservice_operator.manifest import Manifest
from modelservice_operator.plan.server import Server
from modelservice_operator.plan.startup import PROBE_PERIOD_SECONDS

PORT_NAME = "http"


def probes(server: Server, spec: ModelServiceSpec) -> Manifest:
    """Startup, readiness and liveness probe, as fields of a container.

    Liveness is lenient, 6 failures in 90 s: during a long prefill a healthy server answers late.
    """
    paths = server.runtime.probes
    asked = spec.runtime.health_path
    return {
        "startupProbe": {
            **_check(asked or paths.startup),
            "periodSeconds": PROBE_PERIOD_SECONDS,
            "timeoutSeconds": 5,
            "failureThreshold": server.startup_seconds // PROBE_PERIOD_SECONDS,
        },
        "readinessProbe": {
            **_check(asked or paths.readiness),
            "periodSeconds": 5,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        "livenessProbe": {
            **_check(asked or paths.liveness),
            "periodSeconds": 15,
            "timeoutSeconds": 10,
            "failureThreshold": 6,
        },
    }


def _check(path: str | None) -> Manifest:
    if path:
        return {"httpGet": {"path": path, "port": PORT_NAME}}
    return {"tcpSocket": {"port": PORT_NAME}}
