import pytest

from modelservice_operator.diagnose.image import registry_of
from unit.diagnose.builders import event, pod, problems, waiting

IMAGE = "ghcr.io/org/server:v1"
PULL = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
HEAD = "unexpected status from HEAD request to https://ghcr.io:443/v2/org/server/manifests/v1: "
OAUTH = "failed to authorize: failed to fetch oauth token: unexpected status: "
DOCKER_HUB = (
    "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: "
    "authorization failed"
)
BUSY = "429 Too Many Requests - Server message: toomanyrequests: access denied for a while"
TCP = "failed to do request: dial tcp 10.1.2.3:443: "
LOOKUP = "failed to do request: Head https://ghcr.io/v2/org/server/manifests/v1: dial tcp: lookup ghcr.io"

NO_SPACE = (
    f'failed to pull and unpack image "{IMAGE}": failed to extract layer sha256:0a1b: write '
    "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/9/fs/libtorch.so: no space left on device"
)

ABSENT = "ImageNotFound", "registry ghcr.io does not have it"
CREDENTIALS = "ImageUnauthorized", "registry ghcr.io says that credentials are missing or wrong (401 Unauthorized)"
NAME = "RegistryUnreachable", "the node cannot resolve the name of registry ghcr.io"
SILENT = "RegistryUnreachable", "registry ghcr.io does not answer in time"
TLS = "RegistryUnreachable", "the TLS connection to registry ghcr.io fails"
BROKEN = "RegistryUnreachable", "registry ghcr.io has an error of its own (5xx)"
GRANT = "add a pull Secret for ghcr.io to imagePullSecrets of ServiceAccount default in namespace ml."

SAYINGS = [
    # what the container runtime says, and how we understand it
    (PULL + f"{IMAGE}: not found", ABSENT),
    (PULL + HEAD + "404 Not Found", ABSENT),
    ("reading manifest v1 in ghcr.io/org/server: manifest unknown", ABSENT),
    (PULL + "no match for platform: not found", ("ImageNotFound", "it does not exist for the platform of the node")),
    (PULL + HEAD + "401 Unauthorized", CREDENTIALS),
    (PULL + "authentication required", CREDENTIALS),
    (PULL + OAUTH + "403 Forbidden", ("ImageUnauthorized", "registry ghcr.io denies access (403 Forbidden)")),
    (PULL + DOCKER_HUB, ("ImageUnauthorized", "it does not exist, or only credentials give access to it")),
    (PULL + HEAD + BUSY, ("RegistryRateLimited", "registry ghcr.io limits the rate of requests (429)")),
    (
        PULL + HEAD + "503 Service Unavailable",
        ("RegistryUnreachable", "registry ghcr.io has an error of its own (5xx)"),
    ),
    (PULL + LOOKUP + ": no such host", NAME),
    (PULL + LOOKUP + " on 10.0.0.10:53: read udp 10.0.0.2:34567->10.0.0.10:53: i/o timeout", NAME),
    (PULL + TCP + "connect: connection refused", ("RegistryUnreachable", "registry ghcr.io refuses connections")),
    (PULL + TCP + "network is unreachable", ("RegistryUnreachable", "the node has no connection to registry ghcr.io")),
    (PULL + TCP + "i/o timeout", SILENT),
    (PULL + "rpc error: code = DeadlineExceeded desc = context deadline exceeded", SILENT),
    (PULL + "tls: failed to verify certificate: x509: certificate signed by unknown authority", TLS),
    (NO_SPACE, ("NodeDiskFull", "the node has no room for it")),
    ("something new", ("RegistryUnreachable", "something new")),
]


@pytest.mark.parametrize(("saying", "understood"), SAYINGS)
def test_what_the_container_runtime_says(saying: str, understood: tuple[str, str]) -> None:
    (problem,) = problems(waiting("ErrImagePull", saying))
    reason, words = understood
    assert (problem.reason, problem.message) == (reason, f'1 of 1 pod cannot get the image "{IMAGE}": {words}.')


@pytest.mark.parametrize("saying", [saying for saying, _ in SAYINGS])
def test_the_answer_is_the_same_while_the_kubelet_backs_off(saying: str) -> None:
    backing_off = waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}": ErrImagePull: {saying}')
    assert problems(backing_off) == problems(waiting("ErrImagePull", saying))


@pytest.mark.parametrize(
    ("kubelet", "saying", "reason", "words"),
    [
        ("ErrImageNeverPull", "not present", "ImageNeverPulled", "it is not on the node, and imagePullPolicy is Never"),
        ("ErrImagePull", "", "RegistryUnreachable", "the kubelet does not say why"),
        (
            "ImagePullBackOff",
            f'Back-off pulling image "{IMAGE}"',
            "RegistryUnreachable",
            "the kubelet does not say why",
        ),
        ("SignatureValidationFailed", "", "ImageUnauthorized", "the node does not accept its signature"),
        ("RegistryUnavailable", "", "RegistryUnreachable", "registry ghcr.io is not available"),
    ],
)
def test_what_the_kubelet_says(kubelet: str, saying: str, reason: str, words: str) -> None:
    (problem,) = problems(waiting(kubelet, saying))
    assert (problem.reason, problem.message) == (reason, f'1 of 1 pod cannot get the image "{IMAGE}": {words}.')


@pytest.mark.parametrize("image", ["denied.io/not-found/unauthorized:v401", "ghcr.io/timeout:404", "429:500"])
def test_the_name_of_the_image_is_no_cause(image: str) -> None:
    error = f'failed to pull "{image}": connection refused by http://{image.partition(":")[0]}/v2'
    (problem,) = problems(waiting("ErrImagePull", error, container={"image": image}))
    assert problem.message.endswith(" refuses connections.")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("not found", "Set spec.runtime.image to an image that exists, or push this one."),
        ("401", "A" + GRANT[1:]),
        ("429", f"Wait, mirror the image, or {GRANT}"),
        (
            "no space left on device",
            "Make room for images on the node, or use nodes with a larger disk: kubectl describe node gpu-1",
        ),
        ("timeout", "See that the node can reach ghcr.io; the kubelet keeps trying."),
    ],
)
def test_remedies(error: str, remedy: str) -> None:
    (problem,) = problems(waiting("ErrImagePull", error))
    assert problem.remedy == remedy


def test_the_image_of_an_init_container_counts_as_well() -> None:
    lacking = pod(
        init_containers=[{"name": "fetch", "image": "quay.io/fetch:1"}],
        init_statuses=[{"name": "fetch", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}],
        statuses=[{"name": "server", "state": {"waiting": {"reason": "PodInitializing"}}}],
    )
    (problem,) = problems(lacking)
    assert problem.message == '1 of 1 pod cannot get the image "quay.io/fetch:1": registry quay.io does not have it.'


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("ghcr.io/org/server:v1", "ghcr.io"),
        ("localhost:5000/server", "localhost:5000"),
        ("localhost/server", "localhost"),
        ("vllm/vllm-openai:v0.33.0", "docker.io"),
        ("server:v1", "docker.io"),
        ("", "docker.io"),
    ],
)
def test_registry(image: str, registry: str) -> None:
    assert registry_of(image) == registry


def test_an_older_kubelet_tells_why_in_an_event_alone() -> None:
    told = event("Failed", f'Failed to pull image "{IMAGE}": {PULL}{HEAD}401 Unauthorized')
    (problem,) = problems(waiting("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"', events=[told]))
    assert problem.reason == "ImageUnauthorized"


@pytest.mark.parametrize(
    ("kubelet", "error", "reason", "remedy"),
    [
        ("SignatureValidationFailed", "", "ImageUnauthorized", "Use an image that is signed"),
        ("ErrImagePull", "x509: unknown authority", "RegistryUnreachable", "trust the certificate of ghcr.io"),
        ("ErrImagePull", 'short-name "server" did not resolve to an alias', "InvalidImageName", "registry/repository"),
    ],
)
def test_remedies_of_particular_causes(kubelet: str, error: str, reason: str, remedy: str) -> None:
    (problem,) = problems(waiting(kubelet, error))
    assert problem.reason == reason
    assert remedy in problem.remedy
