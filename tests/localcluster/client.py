"""Clients of a model: what they ask, and which pod answered."""

import json
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Final

POD: Final = "x-inference-pod"
"""The header in which the simulator of vLLM names its pod."""
CLIENTS: Final = 4
TIMEOUT_SECONDS: Final = 60


@dataclass(frozen=True)
class Answer:
    """One request: when it was made, which pod answered, and what; `failure` says what went wrong, if anything."""

    at: float
    pod: str = ""
    body: Any = None
    failure: str = ""

    @property
    def text(self) -> str:
        """What the model said."""
        assert self.body, self.failure
        return str(self.body["choices"][0]["message"]["content"])


class Client:
    """Asks for a model at an address, where its API is below `base`. Each request has a connection of its own and is
    made once.
    """

    def __init__(self, address: str, model: str, *, port: int = 80, base: str = "/v1") -> None:
        self._address = address
        self._port = port
        self._base = base
        self.model = model

    def models(self) -> list[str]:
        """Names of the models that it lists."""
        answer = self._ask("GET", f"{self._base}/models")
        assert answer.body, answer.failure
        return [model["id"] for model in answer.body["data"]]

    def chat(self, text: str) -> Answer:
        """A chat completion of 16 tokens."""
        messages = [{"role": "user", "content": text}]
        return self.post(f"{self._base}/chat/completions", model=self.model, messages=messages, max_tokens=16)

    def post(self, path: str, **body: object) -> Answer:
        """POST to a path of the server."""
        return self._ask("POST", path, json.dumps(body))

    def _ask(self, verb: str, path: str, body: str | None = None) -> Answer:
        at = time.monotonic()
        connection = HTTPConnection(self._address, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(verb, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            pod, text = response.headers.get(POD, ""), response.read().decode()
            if response.status != HTTPStatus.OK:
                return Answer(at, pod, failure=f"{response.status} {text}")
            return Answer(at, pod, json.loads(text))
        except (OSError, HTTPException, ValueError) as error:  # ValueError: the body is no JSON
            return Answer(at, failure=f"{type(error).__name__}: {error}")
        finally:
            connection.close()


class Traffic(AbstractContextManager["Traffic"]):
    """Clients that chat without a pause from enter to exit, and keep every answer."""

    def __init__(self, client: Client, clients: int = CLIENTS) -> None:
        self.answers: list[Answer] = []
        self._client = client
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._chat, daemon=True) for _ in range(clients)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def failures(self) -> list[str]:
        """What went wrong, each with the pod that answered if one did."""
        return [f"{answer.pod} {answer.failure}".strip() for answer in self.answers if answer.failure]

    @property
    def pods(self) -> set[str]:
        """Names of those that answered."""
        return {answer.pod for answer in self.answers if answer.pod}

    def since(self, moment: float) -> list[Answer]:
        """The answers to what was asked after a moment of `time.monotonic`."""
        return [answer for answer in self.answers if answer.at > moment]

    def _chat(self) -> None:
        while not self._over.is_set():
            self.answers.append(self._client.chat("Why is the sky blue?"))
