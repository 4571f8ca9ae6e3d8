"""Flags from the Python sources of an engine, which are read and not run: running them wants torch and a device."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engines.contract import Flag, Takes

Choices = tuple[str, ...]


def _trees(files: Iterable[Path]) -> list[ast.Module]:
    return [ast.parse(file.read_text("utf-8")) for file in sorted(files)]


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List) else [node]


def _members(hint: ast.expr) -> list[ast.expr]:
    """The types of a union; wrappers such as Optional and Annotated taken off."""
    if isinstance(hint, ast.BinOp):
        return [*_members(hint.left), *_members(hint.right)]
    if isinstance(hint, ast.Subscript):
        wrapper = ast.unparse(hint.value)
        if wrapper in ("Optional", "Union"):
            return [member for element in _elements(hint.slice) for member in _members(element)]
        if wrapper in ("Annotated", "SkipValidation", "InitVar"):
            return _members(_elements(hint.slice)[0])
    return [hint]


class Literals:
    """Names of modules that stand for a choice: `X = Literal["a", "b"]`, and lists of texts."""

    def __init__(self, trees: Iterable[ast.Module]) -> None:
        self._values: dict[str, ast.expr] = {}
        for tree in trees:
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    self._values.setdefault(node.targets[0].id, node.value)

    def of_type(self, hint: ast.expr) -> Choices:
        """The texts of a Literal; empty for any other type."""
        if isinstance(hint, ast.Name) and hint.id in self._values:
            return self.of_type(self._values[hint.id])
        if not (isinstance(hint, ast.Subscript) and ast.unparse(hint.value) in ("Literal", "typing.Literal")):
            return ()
        nested = (_text(element) or self.of_type(element) for element in _elements(hint.slice))
        return tuple(text for texts in nested for text in texts)

    def of_list(self, value: ast.expr | None) -> Choices:
        """The texts of a list, or of the name of one; empty where it is computed."""
        if isinstance(value, ast.Name):
            value = self._values.get(value.id)
        if not isinstance(value, ast.List | ast.Tuple) or not all(isinstance(e, ast.Constant) for e in value.elts):
            return ()
        return tuple(text for element in value.elts for text in _text(element))


def _text(node: ast.expr) -> Choices:
    return (str(node.value),) if isinstance(node, ast.Constant) and node.value is not None else ()


def _fields(classes: Iterable[ast.ClassDef]) -> dict[str, ast.expr]:
    return {
        node.target.id: node.annotation
        for found in classes
        for node in found.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def _classes(trees: Iterable[ast.Module]) -> dict[str, ast.ClassDef]:
    return {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def _entry(names: Iterable[str], takes: Takes, choices: Choices, *, deprecated: bool = False) -> tuple[str, Flag]:
    listed = list(names)
    first = next((name for name in listed if name.startswith("--")), listed[0])
    also = tuple(name for name in listed if name != first)
    return first, Flag(also=also, takes=takes, choices=choices, deprecated=deprecated)


def _written(
    call: ast.Call, literals: Literals, inherited: tuple[Takes, Choices] = ("one", ())
) -> tuple[str, Flag] | None:
    """The flag of an add_argument call; `inherited` is what a field says of it. None for a positional argument."""
    names = [str(a.value) for a in call.args if isinstance(a, ast.Constant) and str(a.value).startswith("-")]
    if not names:
        return None
    takes, choices = inherited
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    action = ast.unparse(given["action"]) if "action" in given else ""
    if "BooleanOptional" in action or "store_true" in action or "StoreTrue" in action or "store_false" in action:
        takes = "nothing"
    if "nargs" in given:
        takes = _nargs(given["nargs"], takes)
    if takes == "nothing" and "BooleanOptional" in action:
        names += [f"--no-{name[2:]}" for name in names if name.startswith("--")]
    said = ast.unparse(given["help"]) if "help" in given else ""
    deprecated = "deprecated" in action.lower() or "deprecat" in said.lower()
    return _entry(names, takes, literals.of_list(given.get("choices")) or choices, deprecated=deprecated)


def _nargs(value: ast.expr, otherwise: Takes) -> Takes:
    written = value.value if isinstance(value, ast.Constant) else None
    if written == "?":
        return "optional"
    return otherwise if written is None else "many"


def _vllm_kind(hint: ast.expr, literals: Literals) -> tuple[Takes, Choices]:
    """How vLLM's get_kwargs (vllm/engine/arg_utils.py) turns the type of a field into an argument."""
    members = _members(hint)
    names = {ast.unparse(m.value if isinstance(m, ast.Subscript) else m) for m in members}
    if names == {"bool", "str", "None"}:
        return "optional", ()
    if "bool" in names:
        return "nothing", ()
    choices = tuple(text for member in members for text in literals.of_type(member))
    if choices:
        return "one", () if "str" in names else choices
    return ("many" if names & {"tuple", "list", "set"} else "one"), ()


def vllm(root: Path) -> tuple[dict[str, Flag], list[str]]:
    """From a directory with the package vllm: the configuration classes, and the flags made of their fields."""
    package = root / "vllm"
    engine = ast.parse((package / "engine/arg_utils.py").read_text("utf-8"))
    frontend = ast.parse((package / "entrypoints/common/cli_args.py").read_text("utf-8"))
    trees = [*_trees(package.glob("config/*.py")), engine, frontend]
    literals, classes = Literals(trees), _classes(trees)
    sources = _kwargs_sources(engine)
    flags: dict[str, Flag] = {}
    for call in [*_calls(engine, "add_argument"), *_calls(frontend, "add_argument")]:
        kind = _inherited(call, sources, classes, literals)
        entry = _written(call, literals, kind or ("one", ()))
        if entry:
            flags.setdefault(*_switched(entry) if kind and kind[0] == "nothing" else entry)
    changed = _customized(frontend)
    for name, hint in _fields([classes["BaseFrontendArgs"], classes["FrontendArgs"]]).items():
        takes, choices = _vllm_kind(hint, literals)
        entry = _entry([f"--{name.replace('_', '-')}"], changed.get(name, takes), choices)
        flags.setdefault(*_switched(entry) if takes == "nothing" else entry)
    environment = ast.parse((package / "envs.py").read_text("utf-8"))
    return flags, sorted({n for n in _keys(environment) if n.startswith("VLLM_")})


def _switched(entry: tuple[str, Flag]) -> tuple[str, Flag]:
    name, flag = entry
    return name, flag.model_copy(update={"also": (*flag.also, f"--no-{name[2:]}")})


def _kwargs_sources(tree: ast.Module) -> dict[str, str]:
    """`model_kwargs = get_kwargs(ModelConfig)`: the class behind a name."""
    return {
        node.targets[0].id: ast.unparse(node.value.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "get_kwargs"
    }


def _inherited(
    call: ast.Call, sources: Mapping[str, str], classes: Mapping[str, ast.ClassDef], literals: Literals
) -> tuple[Takes, Choices] | None:
    """What `**model_kwargs["field"]` brings."""
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg is None and isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
            hint = _fields([classes[sources[ast.unparse(value.value)]]])[str(value.slice.value)]
            return _vllm_kind(hint, literals)
    return None


def _customized(tree: ast.Module) -> dict[str, Takes]:
    """`del frontend_kwargs["field"]["nargs"]`: one value after all."""
    return {
        str(target.value.slice.value): "one"
        for node in ast.walk(tree)
        if isinstance(node, ast.Delete)
        for target in node.targets
        if isinstance(target, ast.Subscript)
        and isinstance(target.value, ast.Subscript)
        and isinstance(target.value.slice, ast.Constant)
        and ast.unparse(target.slice) == "'nargs'"
    }


def _keys(tree: ast.Module) -> Iterator[str]:
    """The texts that are keys of dictionaries."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str))


def sglang(root: Path) -> tuple[dict[str, Flag], list[str]]:
    """From a directory with the package sglang: fields `A[type, Arg(...)]`, and add_argument in server_args.py."""
    package = root / "sglang/srt"
    trees = _trees(package.glob("arg_groups/fields/*.py"))
    server = ast.parse((package / "server_args.py").read_text("utf-8"))
    literals = Literals([*trees, *_trees([package / "arg_groups/choices.py"]), server])
    flags = dict(
        entry for name, hint in _fields(_classes(trees).values()).items() if (entry := _sglang(name, hint, literals))
    )
    for call in _calls(server, "add_argument"):
        entry = _written(call, literals)
        if entry:
            flags.setdefault(*entry)
    names = [
        target.id
        for found in _classes([ast.parse((package / "environ.py").read_text("utf-8"))]).values()
        for node in found.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return flags, sorted({name for name in names if name.startswith("SGLANG_")})


def _sglang(name: str, hint: ast.expr, literals: Literals) -> tuple[str, Flag] | None:
    """How SGLang's add_cli_args_from_dataclass (arg_groups/arg_utils.py) turns a field into an argument."""
    if not (isinstance(hint, ast.Subscript) and ast.unparse(hint.value) == "A"):
        return None
    kind, *metadata = _elements(hint.slice)
    said = next((m for m in metadata if isinstance(m, ast.Call) and ast.unparse(m.func) == "Arg"), None)
    if said is None and not any(isinstance(m, ast.Constant | ast.JoinedStr | ast.BinOp) for m in metadata):
        return None
    given = {keyword.arg: keyword.value for keyword in said.keywords if keyword.arg} if said else {}
    if "no_cli" in given:
        return None
    cli_name = given.get("cli_name")
    first = str(cli_name.value) if isinstance(cli_name, ast.Constant) else f"--{name.replace('_', '-')}"
    members = _members(kind)
    names = {ast.unparse(m.value if isinstance(m, ast.Subscript) else m) for m in members} - {"None"}
    takes: Takes = "one"
    if names == {"bool"} and "action" not in given and "type_parser" not in given:
        takes = "nothing"
    elif names & {"List", "list"} and "type_parser" not in given:
        takes = "many"
    call = ast.Call(
        ast.Name("add_argument"),
        [ast.Constant(first), *_elements(given.get("aliases", ast.Tuple([])))],
        said.keywords if said else [],
    )
    choices = tuple(text for member in members for text in literals.of_type(member))
    return _written(call, literals, (takes, choices))
