"""Fixtures of the tests on the real control plane. What cannot be built or booted fails the tests: nothing skips but
what is marked `node`, where no real node can run, and the rolling upgrade, where a clone has no history.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from _pytest.capture import CaptureManager

from cluster.harness.audit import Audit
from cluster.harness.lengths import FAULT_SECONDS, SOAK_REPETITIONS, SOAK_SECONDS
from cluster.harness.namespaces import temporary_namespace
from cluster.harness.operator import Operator, install
from localcluster import Kubectl, LocalCluster
from localcluster.build import built, programs
from localcluster.cluster import say
from localcluster.engines import llamacpp_image, tei_image, vllm_image
from localcluster.module import HELM_3
from localcluster.realnode import RealNodeSpec, in_words, missing
from localimage import BuilderMissingError, build_operator_image

CLUSTERS = pytest.StashKey[list[LocalCluster]]()
LOG_SIZES = pytest.StashKey[dict[Path, int]]()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """The control plane that all tests of a run share."""
    yield from _booted(request.config)


@pytest.fixture
def own_cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """A control plane for one test, which may break it."""
    yield from _booted(request.config)


@pytest.fixture(scope="module")
def breakable(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """A control plane for the tests of one module, which may break it, with what the chart installs."""
    for cluster in _booted(request.config):
        install(cluster)
        yield cluster


@pytest.fixture(scope="module")
def bare_cluster(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """A control plane for the tests of one module, on which nothing of ours is installed."""
    yield from _booted(request.config)


@pytest.fixture(scope="session")
def needs_node() -> None:
    """Skip, or fail with REQUIRE_NODE, where no real node can run, and say what is missing."""
    if lacks := missing():
        (pytest.fail if os.environ.get("REQUIRE_NODE") else pytest.skip)(in_words(lacks))


@pytest.fixture(scope="session")
def node_cluster(request: pytest.FixtureRequest, needs_node: None) -> Iterator[LocalCluster]:
    """A control plane with a real node of two GPUs, which all tests marked `node` share."""
    yield from _booted(request.config, LocalCluster(real_node=RealNodeSpec(gpus=2)))


@pytest.fixture
def own_node_cluster(request: pytest.FixtureRequest, needs_node: None) -> Iterator[LocalCluster]:
    """The same for one test, which may break it."""
    yield from _booted(request.config, LocalCluster(real_node=RealNodeSpec(gpus=2)))


@pytest.fixture(scope="module")
def serving_cluster(
    request: pytest.FixtureRequest, needs_node: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCluster]:
    """A control plane with a real node of eight GPUs that has the images of the model servers."""
    directory = tmp_path_factory.mktemp("engines")
    with _showing_progress(request.config):
        images = [make(directory) for make in (vllm_image, llamacpp_image, tei_image)]
    yield from _booted(request.config, LocalCluster(real_node=RealNodeSpec(gpus=8, images=images)))


@pytest.fixture(scope="session")
def operator_archive(needs_node: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's image, from the Dockerfile. Skips, or fails with REQUIRE_NODE, where there is no builder."""
    try:
        return build_operator_image(tmp_path_factory.mktemp("operator") / "operator.tar")
    except BuilderMissingError as error:
        (pytest.fail if os.environ.get("REQUIRE_NODE") else pytest.skip)(f"No image was built. {error}")


@pytest.fixture(scope="session")
def helm_3(request: pytest.FixtureRequest) -> Path:
    """The program."""
    with _showing_progress(request.config):
        return built(HELM_3, say) / "helm"


@pytest.fixture(params=[4, 3], ids=["helm4", "helm3"])
def either_helm(request: pytest.FixtureRequest, helm_3: Path) -> Path:
    """The program, of each version of Helm that the chart is for."""
    return helm_3 if request.param == 3 else programs(say).helm


@pytest.fixture
def namespace(cluster: LocalCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for one test, on `cluster`."""
    with temporary_namespace(cluster, request.node.name.removeprefix("test_")) as name:
        yield name


@pytest.fixture
def kubectl(cluster: LocalCluster, namespace: str) -> Kubectl:
    """kubectl as administrator of `cluster`, in the test's namespace."""
    return cluster.kubectl.within(namespace)


@pytest.fixture(scope="session")
def audit(cluster: LocalCluster) -> Audit:
    """The requests that `cluster` got."""
    return Audit(cluster)


@pytest.fixture(scope="session")
def installed(cluster: LocalCluster) -> LocalCluster:
    """`cluster` with what the chart installs, but the operator itself."""
    install(cluster)
    return cluster


@pytest.fixture(scope="session")
def running_operator(installed: LocalCluster) -> Operator:
    """The operator that all tests share, under the chart's ServiceAccount."""
    return Operator(installed, "operator")


@pytest.fixture
def operator(running_operator: Operator) -> Operator:
    """The shared operator, up and leading."""
    running_operator.ensure_working()
    return running_operator


def _booted(config: pytest.Config, cluster: LocalCluster | None = None) -> Iterator[LocalCluster]:
    cluster = cluster or LocalCluster()
    with _showing_progress(config):
        cluster.start()
    alive = config.stash.setdefault(CLUSTERS, [])
    alive.append(cluster)
    yield cluster
    alive.remove(cluster)
    cluster.stop()


def _showing_progress(config: pytest.Config) -> AbstractContextManager[None]:
    """A build of minutes shows how far it is."""
    capture: CaptureManager | None = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()


def pytest_report_header() -> str:
    """How long the faults go on, so that a log tells what it shows."""
    return f"{FAULT_SECONDS=:g} {SOAK_SECONDS=:g} {SOAK_REPETITIONS=}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note where each log stands before the test."""
    alive = item.config.stash.get(CLUSTERS, [])
    logs = [process.log for cluster in alive for process in cluster.processes]
    item.stash[LOG_SIZES] = {log: log.stat().st_size for log in logs if log.exists()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what each process logged during a test that failed."""
    report = yield
    if report.failed:
        for cluster in item.config.stash.get(CLUSTERS, []):
            for process in cluster.processes:
                if logged := process.tail(since=item.stash.get(LOG_SIZES, {}).get(process.log, 0)):
                    report.sections.append((f"log of {process.name}", logged))
    return report
