"""What Argo CD makes of an object by Lua scripts of ours, in its sandbox: Lua 5.1 without most of the libraries."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import lupa.lua51

from modelservice_operator.manifest import Manifest

ROOT: Final = Path(__file__).parents[2]
SCRIPTS: Final = ROOT / "argocd" / "resource_customizations" / "modelservice.dev" / "ModelService"
ACTIONS: Final = SCRIPTS / "actions"

_SANDBOX: Final = """
getmetatable("").__index = nil
os = {time = os.time, date = os.date}
string, math, io, debug, coroutine, package, require, python = nil
"""
"""What Argo CD has when useOpenLibs is off: the base functions, `table`, and time and date of `os`."""


def health(live: Manifest) -> tuple[str, str]:
    """Status and message. Argo CD asks no script about an object that is being deleted."""
    if "deletionTimestamp" in live["metadata"]:
        return "Progressing", "Pending deletion"
    answer = _run((SCRIPTS / "health.lua").read_text("utf-8"), live)
    return answer["status"], answer["message"]


def available(live: Manifest) -> dict[str, bool]:
    """The actions that are offered, and whether each can be taken."""
    offered = _run((ACTIONS / "discovery.lua").read_text("utf-8"), live)
    return {name: not about["disabled"] for name, about in offered.items()}


def acted(action: str, live: Manifest) -> Manifest:
    """The object as an action wants it; Argo CD patches what differs."""
    return _run((ACTIONS / action / "action.lua").read_text("utf-8"), live)


def _run(script: str, live: Manifest) -> Manifest:
    lua = lupa.lua51.LuaRuntime(unpack_returned_tuples=True)
    lua.execute(_SANDBOX)
    lua.globals()["obj"] = lua.table_from(live, recursive=True)
    answer = _plain(lua.execute(script), live)
    assert isinstance(answer, dict), f"Argo CD expects a table, not {answer!r}"
    return answer


def _plain(value: object, before: object) -> object:
    """A Lua value as JSON would have it. An empty table is what it was before: Lua knows no difference."""
    if lupa.lua51.lua_type(value) != "table":
        return value
    entries = dict(cast("Mapping[object, object]", value).items())
    if not entries:
        return [] if isinstance(before, list) else {}
    if set(entries) == set(range(1, len(entries) + 1)):
        past = before if isinstance(before, list) else []
        return [_plain(entries[index + 1], past[index] if index < len(past) else None) for index in range(len(entries))]
    earlier = before if isinstance(before, dict) else {}
    return {key: _plain(item, earlier.get(key)) for key, item in entries.items()}
