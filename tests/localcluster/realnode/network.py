"""The link between the machine and a node: made, and routed to, without a change to anything else of the machine."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from localcluster.polling import attempts
from localcluster.process import ProcessError
from localcluster.realnode.addresses import SLOTS, Addresses, free
from localcluster.realnode.preflight import PATH

LOCK = "\0modelservice-cluster-addresses"
LOCK_SECONDS = 60.0
INTERFACE = "eth0"


def connect(name: str, pid: int) -> Addresses:
    """Make the link `name`, whose other end is `INTERFACE` of the network namespace of process `pid`, with free
    addresses and the routes to the node's pods and the services. It goes with the namespace.

    Raises `ProcessError` when all addresses are taken.
    """
    with _alone():
        addresses = free(_routes())
        if addresses is None:
            raise ProcessError(f"All {SLOTS} ranges of addresses for nodes are taken: see `ip route`")
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", INTERFACE, "netns", str(pid))
        _run("ip", "address", "add", f"{addresses.machine}/30", "dev", name)
        _run("ip", "link", "set", name, "up")
        _inside(pid, addresses)
        for range_ in (addresses.pods, addresses.services):
            _run("ip", "route", "add", str(range_), "via", addresses.node, "dev", name)
    return addresses


def _inside(pid: int, addresses: Addresses) -> None:
    enter = ("nsenter", "--target", str(pid), "--net")
    _run(*enter, "ip", "link", "set", "lo", "up")
    _run(*enter, "ip", "address", "add", f"{addresses.node}/30", "dev", INTERFACE)
    _run(*enter, "ip", "link", "set", INTERFACE, "up")
    _run(*enter, "ip", "route", "add", str(addresses.services), "via", addresses.machine)
    # Whatever else a pod calls fails at once instead of after a timeout.
    _run(*enter, "ip", "route", "add", "unreachable", "default")
    _run(*enter, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")


def _routes() -> list[str]:
    return [route["dst"] for route in json.loads(_run("ip", "-4", "-json", "route", "show", "table", "all"))]


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a name that only one process of the machine can have, and that ends with it."""
    with socket.socket(socket.AF_UNIX) as lock:
        for _ in attempts(LOCK_SECONDS):
            try:
                lock.bind(LOCK)
            except OSError:
                continue
            yield
            return
    raise ProcessError(f"Another process has been choosing addresses for {LOCK_SECONDS:g} s")


def _run(*command: str) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={"PATH": PATH}, check=False
    )
    if done.returncode:
        raise ProcessError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
