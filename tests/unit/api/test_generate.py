from pathlib import Path

import pytest

from modelservice_operator import generate
from modelservice_operator.chart_reference import values_reference
from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.generate import ROOT, main
from modelservice_operator.runtimes.catalogue import builtin
from modelservice_operator.settings import Settings

CRD = Path("crds/modelservice.dev_modelservices.yaml")
PAGE = Path("docs/reference/modelservice.md")
METRICS = Path("docs/reference/metrics.md")
REASONS = Path("docs/reasons.md")
RUNTIMES = Path("docs/reference/runtimes.md")
SETTINGS = Path("docs/reference/settings.md")
CHART = Path("charts/modelservice-operator/templates/crds.yaml")
VALUES = Path("docs/reference/values.md")


def test_the_files_of_the_repository_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err
    assert all((ROOT / path).exists() for path in (CRD, PAGE, REASONS, METRICS, RUNTIMES, SETTINGS, CHART, VALUES))


def test_it_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "charts" / "modelservice-operator").mkdir(parents=True)
    assert main([], tmp_path) == 0
    written = [CRD, REASONS, METRICS, PAGE, RUNTIMES, SETTINGS, CHART, VALUES]
    assert capsys.readouterr().out == "".join(f"Wrote {path}\n" for path in written)
    assert main([], tmp_path) == 0
    assert capsys.readouterr().out == ""
    assert main(["--check"], tmp_path) == 0


def test_without_a_chart_it_makes_none(tmp_path: Path) -> None:
    main([], tmp_path)
    assert not (tmp_path / "charts").exists()


def test_check_names_what_is_stale_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([], tmp_path)
    (tmp_path / PAGE).write_text("old")
    capsys.readouterr()
    assert main(["--check"], tmp_path) == 1
    error = capsys.readouterr().err
    assert str(PAGE) in error
    assert str(CRD) not in error
    assert error.endswith("Run: make generate\n")
    assert (tmp_path / PAGE).read_text() == "old"


def test_text_that_helm_would_evaluate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "crd", lambda: {"metadata": {}, "description": "Write {{ name }}."})
    with pytest.raises(ValueError, match="Helm would take for an action"):
        generate.chart_template()


def test_the_page_has_every_field_and_rule() -> None:
    page = (ROOT / PAGE).read_text()
    assert "| `spec.endpoint.port` | integer, 1 to 65535 | `80` | TCP port of the Service. |" in page
    assert "| `spec.model.uri` | string | required | Where the model comes from." in page
    assert "| `spec.runtime.args` | list of strings, at most 256 |" in page
    assert "| `spec.resources.limits.memory` | quantity |" in page
    assert "| `spec.placement.nodeSelector` | map of strings, at most 64 |" in page
    assert "| `spec.runtime.env[].name` | string" not in page, "Kubernetes' own types are described where they stand"
    assert "| `status.conditions[].status` | `True` or `False` or `Unknown` | required |" in page
    assert "| `spec.runtime.image` | must be set with name: custom," in page


def test_the_page_of_reasons_has_every_reason_once() -> None:
    page = (ROOT / REASONS).read_text()
    problems, _, states = page.partition("## States")
    listed = [line.partition("[")[2].partition("]")[0] for line in problems.splitlines() if line.startswith("| [")]
    assert listed == [str(reason) for reason in Reason if reason.is_problem], "in the order of precedence"
    assert "| `WaitingForPredecessor` | " in states
    assert "| `Pending` | The operator has not looked at this object yet." in states
    for reason in Reason:
        if reason.is_problem:
            assert f"| [{reason}](#{reason.lower()}) | {reason.fixer} | {reason.meaning} |" in problems
            assert problems.count(f"### {reason}\n") == 1
        else:
            assert states.count(f"| `{reason}` | {reason.meaning} |") == 1


def test_the_page_of_settings_has_every_setting() -> None:
    page = (ROOT / SETTINGS).read_text()
    assert "| `MODELSERVICE_HTTP_HOST` | `--http-host` | 0.0.0.0 in a pod, 127.0.0.1 elsewhere |" in page
    for setting in Settings.declared():
        assert f"| `{setting.variable}` | `{setting.flag}` | {setting.default} | {setting.accepts} |" in page


def test_the_page_of_runtimes_has_every_image_and_flag() -> None:
    page = (ROOT / RUNTIMES).read_text()
    sections = {section.partition("\n")[0]: section for section in page.split("\n## ")[1:]}
    assert sections.keys() == builtin().keys()
    for name, runtime in builtin().items():
        for text in (*runtime.image.values(), *(argument.flag for argument in runtime.args)):
            assert f"`{text}`" in sections[name]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("vllm", "| Pod Security | `restricted`; `baseline` with amd, intel, tpu |"),
        ("vllm", "| `--tensor-parallel-size` | `-tp` | `{accelerator.count}` |  |"),
        ("vllm", "| `HF_HUB_OFFLINE` | `1` | `pvc://`, `oci://` |"),
        ("sglang", "| `--uvicorn-access-log-exclude-prefixes` |  | `/ready` `/health` `/metrics` |  |"),
        ("llamacpp", "| `--metrics` |  |  |  |"),
        ("llamacpp", "| `--hf-repo` | `-hf`, `-hfr` | `{model.reference}` | `hf://` without a quantization |"),
        ("llamacpp", "| Refuses | a revision (`@`) |"),
        ("llamacpp", "| To stop | serves on for 30 s, then has 0 s for what runs |"),
        ("tei", "| Command | the entrypoint of the image |"),
        ("tei", "| Probes | startup `/health`, readiness `/health`, liveness an open port |"),
        ("tgi", "| Chosen for | nothing: only by its name |"),
        ("vllm", "| Chosen for | `safetensors` |"),
        ("llamacpp", "| Chosen for | `gguf`, `http://`, `https://` |"),
        ("ollama", "| Chosen for | `ollama://` |"),
        ("ollama", "| Refuses | nothing of the model |"),
        ("triton", "| Refuses | `model.name` |"),
        ("tgi", "| Pod Security | `baseline` |"),
        (
            "triton",
            "| Credentials | `s3://` `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` (optional), ",
        ),
        ("triton", "; `gs://` `GOOGLE_APPLICATION_CREDENTIALS` (a file) |"),
        ("triton", "| API | its own |"),
        ("ollama", "| Before it starts | an init container fetches the model |"),
        ("custom", "| Images | none: `runtime.image` must be set |"),
        ("custom", "| Models from | `pvc://` (mounted at `/model`), `oci://` (mounted at `/model`) |"),
    ],
)
def test_the_page_of_runtimes_says(name: str, line: str) -> None:
    page = (ROOT / RUNTIMES).read_text()
    assert line in page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ("# How many.\nreplicas: 2\n", "| `replicas` | `2` | How many. |"),
        ("log:\n  # text\n  # or json\n  format: json\n", "| `log.format` | `json` | text or json |"),
        (
            "# As in a pod.\nresources:\n  limits: {memory: 1Gi}\n",
            "| `resources` | `{limits: {memory: 1Gi}}` | As in a pod. |",
        ),
        ('# One | two.\nlabels:\n  a: "1"\n  b: [x, ""]\n', '| `labels` | `{a: "1", b: [x, ""]}` | One &#124; two. |'),
    ],
)
def test_the_page_of_values_has_their_comments(values: str, row: str) -> None:
    assert row in values_reference(values).splitlines()


@pytest.mark.parametrize(("values", "name"), [("a: 1\n", "a"), ("a:\n  # One.\n  b: 1\n\n  c: {}\n", "a.c")])
def test_a_value_without_a_comment_is_refused(values: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} needs a comment"):
        values_reference(values)
