"""Pods recorded as test data: every status that they had, and what Events said about them.

A recording is what `modelservice diagnose -f` reads and what `tests/data/pods` holds: the pod as last seen (`final`),
its `history` (each distinct status with `t`, the seconds since the pod's creation), and the `events` about it.
"""

import json
import subprocess
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from localcluster.kubectl import Kubectl

_OF_EVENT: Final = ("type", "reason", "message", "count", "firstTimestamp", "lastTimestamp", "source")
_WATCH: Final = ("--watch", "--output-watch-events", "-o", "json")


class Recording:
    """What is known of pods, by uid. Pure: times are passed in."""

    def __init__(self) -> None:
        self._pods: dict[str, dict[str, Any]] = {}
        self._events: dict[str, dict[str, dict[str, Any]]] = {}

    def see_pod(self, pod: Mapping[str, Any], now: datetime) -> None:
        """A pod as it is now. The same status again is no news."""
        metadata = pod["metadata"]
        known = self._pods.setdefault(metadata["uid"], {"name": metadata["name"], "final": pod, "history": []})
        known["final"] = {**pod, "metadata": {key: metadata[key] for key in metadata if key != "managedFields"}}
        if not known["history"] or known["history"][-1]["status"] != pod["status"]:
            age = (now - datetime.fromisoformat(metadata["creationTimestamp"])).total_seconds()
            known["history"].append({"t": round(age, 1), "status": pod["status"]})

    def see_event(self, event: Mapping[str, Any]) -> None:
        """An Event, new or counted up."""
        about = event["involvedObject"]
        kept = {key: event[key] for key in _OF_EVENT if event.get(key)}
        if "fieldPath" in about:
            kept["involvedObject"] = {"fieldPath": about["fieldPath"]}
        self._events.setdefault(about.get("uid", ""), {})[event["metadata"]["name"]] = kept

    def all(self) -> list[dict[str, Any]]:
        """The recording of each pod, in the order in which they came."""
        return [{**pod, "events": [*self._events.get(uid, {}).values()]} for uid, pod in self._pods.items()]


class Recorder:
    """Watches the pods of a namespace that a selector selects (all, if it is empty), as long as the context lasts."""

    def __init__(self, kubectl: Kubectl, selector: str = "") -> None:
        self.recording = Recording()
        self._lock = threading.Lock()
        command = [str(kubectl.program), "--kubeconfig", str(kubectl.kubeconfig), "--namespace", kubectl.namespace]
        self._commands = (
            [*command, "get", "pods", "--selector", selector, *_WATCH],
            [*command, "get", "events", "--field-selector", "involvedObject.kind=Pod", *_WATCH],
        )
        self._watches: list[subprocess.Popen[str]] = []
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for watch in self._commands:
            process = subprocess.Popen(watch, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            reader = threading.Thread(target=self._read, args=(process,), daemon=True)
            reader.start()
            self._watches.append(process)
            self._readers.append(reader)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process, reader in zip(self._watches, self._readers, strict=True):
            process.terminate()
            process.wait()
            reader.join()

    def write(self, directory: Path) -> list[Path]:
        """One file for each pod seen so far, called after it."""
        with self._lock:
            recordings = self.recording.all()
        files = [directory / f"{recording['name']}.json" for recording in recordings]
        for file, recording in zip(files, recordings, strict=True):
            file.write_text(json.dumps(recording, indent=1) + "\n")
        return files

    def _read(self, watch: subprocess.Popen[str]) -> None:
        for line in watch.stdout or ():
            change = json.loads(line)
            with self._lock:
                if change["object"]["kind"] == "Pod":
                    self.recording.see_pod(change["object"], datetime.now(UTC))
                elif change["type"] != "DELETED":
                    self.recording.see_event(change["object"])
