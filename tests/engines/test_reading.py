"""Flags as they are read from sources and documents: small ones, of the same forms."""

from pathlib import Path

from engines import python, texts
from engines.contract import Flag

README = r"""
| `-m, --model FNAME` | model path to load<br/>(env: LLAMA_ARG_MODEL) |
| `--perf, --no-perf` | whether to measure<br/>(env: LLAMA_ARG_PERF) |
| `--split {none,layer}` | how to split |
| `-fit, --fit [on\|off]` | whether to fit |
| `-hft, --hf-token TOKEN` | token<br/>(env: HF_TOKEN) |
| `-dt, --defrag N` | threshold (DEPRECATED) |
"""


def test_llamacpp() -> None:
    assert texts.llamacpp(README) == (
        {
            "--model": Flag(also=("-m",)),
            "--perf": Flag(also=("--no-perf",), takes="nothing"),
            "--split": Flag(choices=("none", "layer")),
            "--fit": Flag(also=("-fit",), choices=("on", "off")),
            "--hf-token": Flag(also=("-hft",)),
            "--defrag": Flag(also=("-dt",), deprecated=True),
        },
        ["LLAMA_ARG_MODEL", "LLAMA_ARG_PERF"],
    )


USAGE = """
      --model-id <MODEL_ID>
          The model, as in --revision main
      --json-output
          JSON
  -p, --port <PORT>
          [env: PORT=]
      --dtype <DTYPE>
          [possible values: float16, float32]
      --stats <STATS>
          Possible values:
          - on:  Default
          - off: Nothing
      --truncate [<TRUNCATE>]
"""


def test_clap() -> None:
    assert texts.clap(USAGE)[0] == {
        "--model-id": Flag(),
        "--json-output": Flag(takes="nothing"),
        "--port": Flag(also=("-p",)),
        "--dtype": Flag(choices=("float16", "float32")),
        "--stats": Flag(choices=("on", "off")),
        "--truncate": Flag(takes="optional"),
    }


def test_triton() -> None:
    source = """{OPTION_A, "a-store", Option::ArgStr, ""}); {OPTION_A, "a-repository",
        Option::ArgStr}); {OPTION_B, "b", Option::ArgNone}); {OPTION_C, "c",\n "<string>", "help"});"""
    assert texts.triton(source)[0] == {
        "--a-store": Flag(also=("--a-repository",)),
        "--b": Flag(takes="nothing"),
        "--c": Flag(),
    }


def test_ollama() -> None:
    table = 'func AsMap() {\n\t"OLLAMA_HOST": {"OLLAMA_HOST", 1},\n\tret["OLLAMA_X"] = 1\n\t"HTTP_PROXY": {}'
    source = f'"OLLAMA_NO":\n{table}'
    assert texts.ollama(source) == ({}, ["OLLAMA_HOST", "OLLAMA_X"])


VLLM = {
    "config/model.py": """
Mode = Literal["a", "b"]
class ModelConfig:
    mode: Mode = "a"
    free: Mode | str = "a"
    eager: bool = False
    token: bool | str | None = None
    names: list[str] | None = None
""",
    "engine/arg_utils.py": """
def add(parser):
    kw = get_kwargs(ModelConfig)
    group.add_argument("--mode", "-m", **kw["mode"])
    group.add_argument("--free", **kw["free"])
    group.add_argument("--eager", **kw["eager"])
    group.add_argument("--token", **kw["token"])
    group.add_argument("--names", **kw["names"])
    parser.add_argument("--old", action="store_true", help="Deprecated.")
""",
    "entrypoints/common/cli_args.py": """
class BaseFrontendArgs:
    root_path: str | None = None
class FrontendArgs(BaseFrontendArgs):
    origins: list[str] = []
    def customize(frontend_kwargs):
        del frontend_kwargs["origins"]["nargs"]
def make(parser):
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--headless", action="store_true")
""",
    "envs.py": 'environment_variables = {"VLLM_PORT": 1, "OTHER": 2}',
}


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def test_vllm(tmp_path: Path) -> None:
    written(tmp_path / "vllm", VLLM)
    assert python.vllm(tmp_path) == (
        {
            "--mode": Flag(also=("-m",), choices=("a", "b")),
            "--free": Flag(),
            "--eager": Flag(also=("--no-eager",), takes="nothing"),
            "--token": Flag(takes="optional"),
            "--names": Flag(takes="many"),
            "--old": Flag(takes="nothing", deprecated=True),
            "--headless": Flag(takes="nothing"),
            "--root-path": Flag(),
            "--origins": Flag(),
        },
        ["VLLM_PORT"],
    )


SGLANG = {
    "arg_groups/fields/all.py": """
class All:
    host: A[str, "The host."] = ""
    trust: A[bool, "Whether."] = False
    prefixes: A[List[str], Arg(help="Paths", nargs="*")] = []
    tp_size: A[int, Arg(help="Size.", aliases=["--tensor-parallel-size"])] = 1
    kind: A[Optional[str], Arg(help="Kind", choices=KINDS, cli_name="--kind-of")] = None
    hidden: A[bool, Arg(help="", no_cli=True)] = False
    plain: int = 0
""",
    "arg_groups/choices.py": 'KINDS = ["x", "y"]',
    "server_args.py": 'parser.add_argument("--config", type=str)',
    "environ.py": "class Envs:\n    SGLANG_PORT = EnvInt(1)\n    OTHER = 1",
}


def test_sglang(tmp_path: Path) -> None:
    written(tmp_path / "sglang/srt", SGLANG)
    assert python.sglang(tmp_path) == (
        {
            "--host": Flag(),
            "--trust": Flag(takes="nothing"),
            "--prefixes": Flag(takes="many"),
            "--tp-size": Flag(also=("--tensor-parallel-size",)),
            "--kind-of": Flag(choices=("x", "y")),
            "--config": Flag(),
        },
        ["SGLANG_PORT"],
    )
