"""What of a real node can be told without one: its addresses, images, control groups, and what a machine lacks."""

import hashlib
import json
import re
import tarfile
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from localcluster.realnode import cgroups, images, preflight
from localcluster.realnode.addresses import SLOTS, Addresses, free, slot

ROOT = Path(__file__).parents[2]


def test_no_two_slots_share_an_address() -> None:
    ranges = [part for number in range(SLOTS) for part in _parts(slot(number))]
    assert not [pair for pair in combinations(ranges, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        (["default", "192.0.2.0/24"], 0),
        (["198.18.0.0/30"], 1),
        (["198.18.16.0/24"], 1),
        (["198.19.0.0/20", "198.18.0.5"], 2),
        (["0.0.0.0/1", "128.0.0.0/1"], None),
    ],
)
def test_a_node_gets_the_first_addresses_that_nothing_leads_to(routes: list[str], expected: int | None) -> None:
    assert free(routes) == (None if expected is None else slot(expected))


def _parts(found: Addresses) -> list[IPv4Network]:
    return [found.link, found.pods, found.services]


def test_an_image_is_an_oci_layout_with_the_names_and_files_given(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "tool").write_text("tool")
    archive = images.write_image(
        tmp_path / "image.tar",
        ["a.test/x:1", "b.test/y:2"],
        {"/app": tree},
        ["/app/bin/tool"],
        env=["A=b"],
        user="1000",
    )
    blobs = _read(archive)
    index = json.loads(blobs["index.json"])
    assert [entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]] == [
        "a.test/x:1",
        "b.test/y:2",
    ]
    manifest = json.loads(_blob(blobs, index["manifests"][0]))
    config = json.loads(_blob(blobs, manifest["config"]))
    assert config["config"] | {"Env": None} == {
        "Entrypoint": ["/app/bin/tool"],
        "Env": None,
        "User": "1000",
        "WorkingDir": "/",
    }
    assert config["config"]["Env"][1:] == ["A=b"]
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    layer = tmp_path / "layer.tar"
    layer.write_bytes(_blob(blobs, manifest["layers"][0]))
    with tarfile.open(layer) as tar:
        entries = {entry.name: entry for entry in tar}
    assert {"etc", "tmp", "app/bin/tool"} <= entries.keys()
    assert {(entry.uid, entry.gid, entry.uname) for entry in entries.values()} == {(0, 0, "")}
    assert entries["tmp"].mode == 0o1777
    assert not list(tmp_path.glob("*.layer"))


def _read(archive: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for entry in tar:
            file = tar.extractfile(entry)
            found[entry.name] = file.read() if file else b""
    return found


def _blob(blobs: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    data = blobs[f"blobs/{descriptor['digest'].replace(':', '/')}"]
    assert len(data) == descriptor["size"]
    assert descriptor["digest"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    return data


def test_a_group_in_each_hierarchy_has_what_its_parent_has(tmp_path: Path) -> None:
    for name in ("cpu", "cpuset"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    (tmp_path / "cpuset" / "cpuset.cpus").write_text("0-1")
    (tmp_path / "cpuset" / "cpuset.mems").write_text("0")
    assert cgroups.lacking(tmp_path) == ["cpuacct", "memory", "pids"]
    cgroups.create("mine", tmp_path)
    assert (tmp_path / "cpu" / "mine").is_dir()
    assert (tmp_path / "cpuset" / "mine" / "cpuset.cpus").read_text() == "0-1"


def test_one_hierarchy_has_to_hand_on_its_controllers(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids cpuset")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    assert cgroups.lacking(tmp_path) == ["cpu", "cpuset"]
    cgroups.create("mine", tmp_path)
    assert (tmp_path / "mine").is_dir()


def test_missing_programs_are_told_by_package(tmp_path: Path) -> None:
    for name in ("ip", "mount", "unshare", "nsenter", "hostname", "nft", "ctr"):
        (tmp_path / name).touch(mode=0o755)
    assert preflight.missing_programs(str(tmp_path)) == [
        "containerd, containerd-shim-runc-v2: install the Debian package containerd",
        "runc: install the Debian package runc",
    ]


def test_another_system_is_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert preflight.missing() == ["Linux: this is darwin"]


def test_who_is_not_root_is_told_what_else_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(preflight, "PATH", "")
    monkeypatch.setattr(preflight, "PLUGIN_DIRECTORIES", ())
    found = preflight.missing()
    assert found[0] == "root: this is user 1000"
    assert [line.rpartition(" ")[2] for line in found[1:]] == [
        *dict.fromkeys(preflight.PACKAGES.values()),
        "containernetworking-plugins",
    ]
    assert preflight.in_words(found).splitlines()[1] == "  - root: this is user 1000"


def test_the_makefile_installs_the_packages_that_are_asked_for() -> None:
    listed = re.search(r"^NODE_PACKAGES := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed
    assert {*preflight.PACKAGES.values(), preflight.PLUGIN_PACKAGE} <= {*listed[1].split()}
