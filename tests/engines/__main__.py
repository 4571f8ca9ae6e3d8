"""Writes what is known of an engine's flags (`write`), or reads all of them anew and compares (`check`)."""

import argparse
import sys
from difflib import unified_diff
from pathlib import Path

from engines.contract import DIRECTORY, load, text_of
from engines.packages import PUBLISHED, READERS, sources


def _anew(engine: str, version: str, given: Path | None = None, *, tag: str = "", source: str = "") -> str:
    known = load()[engine]
    if given:
        flags, environment = READERS[engine](given)
    else:
        with sources(engine, version) as root:
            flags, environment = READERS[engine](root)
    changes = {"version": version, "flags": flags, "environment": tuple(environment)}
    changes |= {name: text for name, text in {"tag": tag, "source": source}.items() if text}
    return text_of(known.model_copy(update=changes))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _check() -> int:
    differing = 0
    for engine, known in load().items():
        if engine not in PUBLISHED:
            _say(f"{engine} {known.version}: not read anew, no package has it: {known.source}")
            continue
        stored = (DIRECTORY / f"{engine}.yaml").read_text("utf-8")
        found = _anew(engine, known.version)
        difference = list(
            unified_diff(stored.splitlines(), found.splitlines(), "stored", "published", n=0, lineterm="")
        )
        differing += bool(difference)
        counts = f"{len(known.flags)} flags and {len(known.environment)} variables"
        verdict = (
            "differs:" if difference else f"{counts} read anew from the published sources, not by the engine's parser"
        )
        _say("\n".join([f"{engine} {known.version}: {verdict}", *difference]))
    return differing


def main() -> int:
    parser = argparse.ArgumentParser(prog="engines", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check")
    write = commands.add_parser("write")
    write.add_argument("engine", choices=READERS)
    write.add_argument("version")
    write.add_argument("--from", dest="given", type=Path, help="a file or directory, instead of the package")
    write.add_argument("--tag", default="", help="what the images' tags have of the version, where that changes")
    write.add_argument("--source", default="", help="where the flags are from, where that changes")
    asked = parser.parse_args()
    if asked.command == "check":
        return _check()
    if asked.given is None and asked.engine not in PUBLISHED:
        parser.error(f"{asked.engine} has no package: give --from, a file as its reader in packages.py takes it")
    text = _anew(asked.engine, asked.version, asked.given, tag=asked.tag, source=asked.source)
    (DIRECTORY / f"{asked.engine}.yaml").write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
