"""The references for people, as Markdown pages: fields, reasons, settings."""

from collections.abc import Iterable, Iterator

from modelservice_operator.api.base import VALIDATIONS
from modelservice_operator.api.status import PENDING
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.manifest import Manifest
from modelservice_operator.settings import Setting

_KUBERNETES_OWN = "As in a pod."
"""Types of Kubernetes' own are described once, at the field that holds them."""


def field_reference(crd: Manifest) -> str:
    """A Markdown page: every field with its path, type, bounds, default and description, and every rule."""
    version = crd["spec"]["versions"][0]
    root = version["schema"]["openAPIV3Schema"]
    names = crd["spec"]["names"]
    api_version = f"{crd['spec']['group']}/{version['name']}"
    metadata = root["properties"]["metadata"]
    spec, status = root["properties"]["spec"], root["properties"]["status"]
    return "\n".join(
        [
            _header("api"),
            f"# {names['kind']}",
            "",
            f"`apiVersion: {api_version}`, `kind: {names['kind']}`. {root['description']}",
            "",
            f"`kubectl get {names['shortNames'][0]}` lists them; `kubectl explain {names['singular']}.spec` shows this "
            "page in the terminal.",
            "",
            "## spec",
            "",
            *_table(spec, "spec"),
            "",
            "## Rules",
            "",
            "The API server refuses an object that breaks one of these; so it does with a wrong type, a value outside "
            "its bounds, or a field that is required and missing.",
            "",
            "| Field | The value |",
            "|---|---|",
            *_rules(metadata, "metadata"),
            *_rules(spec, "spec"),
            "",
            "## status",
            "",
            "The operator writes it; everything else reads it.",
            "",
            *_table(status, "status"),
            "",
        ]
    )


def reason_reference() -> str:
    """A Markdown page: every reason, whether it is a problem or a state, and the precedence of the problems."""
    last = Reason.PROGRESS_DEADLINE_EXCEEDED.precedence
    problems = [reason for reason in Reason if reason.precedence <= last]
    states = [reason for reason in Reason if reason.precedence > last]
    pending: Manifest = PENDING["conditions"][0]
    return "\n".join(
        [
            _header("diagnose/reasons.py"),
            "# Reasons",
            "",
            "A reason is one word for programs. It stands in `status.conditions[].reason` and in "
            "`status.problems[].reason`, as STATUS in `kubectl get modelservices`, and in Events. The message beside "
            "it is for people and may change its wording.",
            "",
            "## Problems",
            "",
            "Something is wrong, and `status.problems` says what to do about it. With several at once, `Ready` carries "
            "the reason of the worst, which is the one with the lowest precedence here. First comes what nobody but a "
            "person can repair, then what may pass by itself.",
            "",
            "| Precedence | Reason | Meaning |",
            "|---|---|---|",
            *(f"| {place} | `{reason}` | {_cell(reason.meaning)} |" for place, reason in enumerate(problems, start=1)),
            "",
            "## States",
            "",
            "Nothing is wrong: something is under way, or is as it was asked for.",
            "",
            "| Reason | Meaning |",
            "|---|---|",
            f"| `{pending['reason']}` | {_cell(pending['message'])} |",
            *(f"| `{reason}` | {_cell(reason.meaning)} |" for reason in states),
            "",
        ]
    )


def settings_reference(settings: Iterable[Setting]) -> str:
    """A Markdown page: every setting of the operator with its variable, its flag, its default and its meaning."""
    return "\n".join(
        [
            _header("settings.py"),
            "# Settings of the operator",
            "",
            "Each is a flag of `modelservice run` and an environment variable. The flag wins; an empty variable counts "
            "as not set. Where the default depends on whether the process runs in a pod, the word `auto` means that "
            "default. A wrong value ends the process with exit code 2 and a sentence for each mistake.",
            "",
            "The chart sets variables from its values, and further ones from its value `env`.",
            "",
            "| Variable | Flag | Default | Value | Meaning |",
            "|---|---|---|---|---|",
            *(
                f"| `{setting.variable}` | `{setting.flag}` | {_cell(setting.default)} | {_cell(setting.accepts)} "
                f"| {_cell(setting.help)} |"
                for setting in settings
            ),
            "",
        ]
    )


def _header(source: str) -> str:
    return f"<!-- Generated by `make generate` from operator/modelservice_operator/{source}. Do not edit. -->"


def _table(schema: Manifest, path: str) -> Iterator[str]:
    yield "| Field | Type | Default | Description |"
    yield "|---|---|---|---|"
    yield from _rows(schema, path)


def _rows(schema: Manifest, path: str) -> Iterator[str]:
    """One row for each field below the path, in the order of the schema."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        below = f"{path}.{name}"
        default = f"`{field['default']}`" if "default" in field else ("required" if name in required else "")
        description = _cell(field.get("description", _KUBERNETES_OWN))
        yield f"| `{below}` | {_type(field)} | {default} | {description} |"
        yield from _rows(field.get("items", field), below + ("[]" if "items" in field else ""))


def _type(field: Manifest) -> str:
    if field.get("x-kubernetes-int-or-string"):
        return "quantity"
    if field["type"] == "array":
        return f"list of {_type(field['items'])}s, at most {field['maxItems']}"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    return f"{field['type']}{_bounds(field)}"


def _bounds(field: Manifest) -> str:
    if "maximum" in field:
        return f", {field['minimum']} to {field['maximum']}"
    if "minimum" in field:
        return f", at least {field['minimum']}"
    return ""


def _rules(schema: Manifest, path: str) -> Iterator[str]:
    """The rules of the path and of everything below it, outer ones first."""
    for rule in schema.get(VALIDATIONS, ()):
        yield f"| `{path}{rule.get('fieldPath', '')}` | {_cell(rule['message'])} |"
    for name, field in schema.get("properties", {}).items():
        yield from _rules(field, f"{path}.{name}")
    if "items" in schema:
        yield from _rules(schema["items"], f"{path}[]")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
