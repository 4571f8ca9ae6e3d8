"""The settings of the operator process. Each is declared once; its variable, its flag and its docs follow from that."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

M = TypeVar("M")

PREFIX: Final = "MODELSERVICE_"
AUTO: Final = "auto"
SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet mounts a pod's credentials and the name of its namespace."""


@dataclass(frozen=True, slots=True)
class Must:
    """Metadata of a setting: what is accepted, as the end of a sentence that begins with "must be"."""

    be: str


@dataclass(frozen=True, slots=True)
class InPod:
    """Metadata of a setting: its default in a pod. With it, `auto` is accepted and means the default."""

    default: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as a person sees it: what a command line or a page of documentation needs."""

    name: str
    variable: str
    flag: str
    default: str
    accepts: str
    help: str


class InvalidSettings(ValueError):
    """Some settings are wrong; `mistakes` has one sentence for each, naming its variable and its flag."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def _split(value: object) -> object:
    """`a, b,` is the two names a and b; a name counts once."""
    if isinstance(value, str):
        return tuple(dict.fromkeys(name for name in map(str.strip, value.split(",")) if name))
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_NAMESPACE: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class Settings(BaseModel):
    """All settings, read and checked; see `from_env` for where they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    kubeconfig: Annotated[str | None, Must("the path of a file")] = Field(
        None, description="Kubeconfig file to use. Default: the files in KUBECONFIG, or the pod's own credentials."
    )
    context: Annotated[str | None, Must("the name of a context")] = Field(
        None, description="Context of the kubeconfig. Default: its current context."
    )
    namespaces: Annotated[
        tuple[Annotated[str, Field(pattern=_NAMESPACE)], ...],
        BeforeValidator(_split),
        Must("exact names of namespaces, separated by commas (leave it empty to serve all)"),
    ] = Field((), description="Namespaces to serve, separated by commas. Empty: all.")
    namespace_holder: Annotated[str, Must("the holder that Leases name, such as modelservice-system/modelservice")] = (
        Field(
            "",
            description="Work in each of the namespaces only while its Lease modelservice-operator-namespace has this "
            "holder, so that an operator for all namespaces leaves them alone. Empty: no Lease is asked for.",
        )
    )
    http_host: Annotated[str, InPod("0.0.0.0"), Must("an address of this host")] = Field(  # noqa: S104 (the kubelet's probes come from outside the pod)
        "127.0.0.1", description="Address on which /healthz, /readyz and /metrics are served."
    )
    http_port: Annotated[int, Must("a port from 1 to 65535, or 0 for any that is free")] = Field(
        8080, ge=0, le=65535, description="Port on which /healthz, /readyz and /metrics are served. 0: any free one."
    )
    log_format: Annotated[
        Literal["text", "json"], BeforeValidator(_lower), InPod("json"), Must("text, json or auto")
    ] = Field("text", description="Format of the log: text, or one JSON object a line.")
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(_lower), Must("debug, info, warning or error")
    ] = Field("info", description="Least level that is logged.")
    leader_election: Annotated[Literal["on", "off"], BeforeValidator(_lower), InPod("on"), Must("on, off or auto")] = (
        Field("off", description="Whether to work only while holding the Lease, so that another can stand by.")
    )
    leader_election_namespace: Annotated[str, Must("the exact name of a namespace")] = Field(
        "", pattern=rf"{_NAMESPACE}|^$", description="Namespace of the Lease. Default: the pod's own."
    )
    lease_duration: Annotated[int, Must("a whole number of seconds, at least 1")] = Field(
        15, ge=1, le=3600, description="Seconds after which a standby takes over a Lease that is no longer renewed."
    )
    renew_deadline: Annotated[float, Must("a number of seconds greater than 0")] = Field(
        10, gt=0, allow_inf_nan=False, description="Seconds without a renewal after which the leader gives up."
    )
    retry_period: Annotated[float, Must("a number of seconds greater than 0")] = Field(
        2, gt=0, allow_inf_nan=False, description="Seconds between two looks at the Lease."
    )
    workers: Annotated[int, Must("a whole number from 1 to 256")] = Field(
        16,
        ge=1,
        le=256,
        description="How many ModelServices are reconciled at the same time. One that has waited for an answer for 2 s "
        "does not count: 240 more may then be worked on.",
    )
    watch_nodes: Annotated[bool, Must("on or off")] = Field(
        True, description="Whether to watch nodes, to explain why pods cannot be scheduled. Needs cluster-wide rights."
    )
    pod_logs: Annotated[bool, Must("on or off")] = Field(
        False, description="Read the last lines of crashed containers; needs permission get on pods/log."
    )
    resync_seconds: Annotated[float, Must("a number of seconds, at least 10")] = Field(
        600, ge=10, allow_inf_nan=False, description="Seconds after which everything is looked at again."
    )

    @property
    def elects(self) -> bool:
        """The process works only while it holds the Lease."""
        return self.leader_election == "on"

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT, /, **overrides: object
    ) -> "Settings":
        """Settings from the environment; an override (a flag) wins where it is not None. Empty means not set.

        Args:
            environ: `os.environ`, as a rule. KUBERNETES_SERVICE_HOST in it says that we run in a pod.
            service_account: the mounted credentials of the pod.
            overrides: by the name of the setting; text as on a command line, or a value of its type.

        Raises:
            InvalidSettings: naming every mistake.
        """
        in_pod = "KUBERNETES_SERVICE_HOST" in environ
        given: dict[str, object] = {}
        for name, field in cls.model_fields.items():
            value = overrides.pop(name, None)
            if value is None:
                value = environ.get(_variable(name)) or None
            pod = _metadata(field.metadata, InPod)
            if pod is not None and _lower(value) in (None, AUTO):
                value = pod.default if in_pod else field.default
            if value is not None:
                given[name] = value
        if overrides:
            raise TypeError(f"no such settings: {', '.join(sorted(overrides))}")
        if in_pod:
            given.setdefault("leader_election_namespace", _pod_namespace(environ, service_account))
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InvalidSettings(_mistakes(error, given)) from None

    @classmethod
    def declared(cls) -> list[Setting]:
        """All settings in the order of their declaration."""
        return [
            Setting(
                name=name,
                variable=_variable(name),
                flag=_flag(name),
                default=_default(field.default, _metadata(field.metadata, InPod)),
                accepts=_accepts(field.metadata),
                help=field.description or "",
            )
            for name, field in cls.model_fields.items()
        ]

    @field_validator("namespace_holder")
    @classmethod
    def _of_given_namespaces(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("namespaces"):
            raise ValueError(f"is for given namespaces: name them in {_variable('namespaces')}, or leave it empty")
        return value

    @field_validator("leader_election_namespace")
    @classmethod
    def _needed_to_elect(cls, value: str, info: ValidationInfo) -> str:
        if not value and info.data.get("leader_election") == "on":
            raise ValueError("is needed to elect a leader, as the pod's own is unknown: name the Lease's namespace")
        return value

    @field_validator("renew_deadline")
    @classmethod
    def _gives_up_in_time(cls, value: float, info: ValidationInfo) -> float:
        return _less_than(value, "lease_duration", info)

    @field_validator("retry_period")
    @classmethod
    def _retries_in_time(cls, value: float, info: ValidationInfo) -> float:
        return _less_than(value, "renew_deadline", info)


def _less_than(value: float, other: str, info: ValidationInfo) -> float:
    limit = info.data.get(other)
    if limit is not None and value >= limit:
        raise ValueError(f"must be less than {_variable(other)}, which is {limit:g}, not {value:g}")
    return value


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _metadata(metadata: list[object], kind: type[M]) -> M | None:
    return next((entry for entry in metadata if isinstance(entry, kind)), None)


def _accepts(metadata: list[object]) -> str:
    must = _metadata(metadata, Must)
    return must.be if must is not None else ""


def _default(value: object, pod: InPod | None) -> str:
    if pod is not None:
        return f"{pod.default} in a pod, {value} elsewhere"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value else ""


def _pod_namespace(environ: Mapping[str, str], service_account: Path) -> str:
    try:
        return environ.get("POD_NAMESPACE") or (service_account / "namespace").read_text().strip()
    except OSError:
        return ""


def _mistakes(error: ValidationError, given: Mapping[str, object]) -> tuple[str, ...]:
    """One sentence for each wrong setting, in the order of declaration."""
    sentences: dict[str, str] = {}
    for detail in error.errors():
        name = str(detail["loc"][0])
        own = detail.get("ctx", {}).get("error")
        must = _accepts(Settings.model_fields[name].metadata)
        sentence = str(own) if own is not None else f'must be {must}, not "{given.get(name)}"'
        sentences[name] = f"{_variable(name)} ({_flag(name)}) {sentence}."
    return tuple(sentences.values())
