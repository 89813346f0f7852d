"""Inspectors in processes of their own, and those who use them as their page does."""

from __future__ import annotations

import io
import json
import queue
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx2
from processes import SECONDS, _kill, environment, free_port

EVERYTHING = Path(__file__).parent / "servers" / "everything.py"


class Running(NamedTuple):
    """A command that runs, and the link that it printed."""

    process: subprocess.Popen[str]
    link: str
    log: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.link.partition("/#")[0]

    @property
    def token(self) -> str:
        """What the link has to show."""
        return urlsplit(self.link).fragment.removeprefix("token=").partition("&")[0]

    @property
    def errors(self) -> str:
        """What it has written to standard error."""
        return self.log.read_text("utf-8")


@contextmanager
def inspecting(*arguments: str | Path, cwd: Path) -> Generator[Running]:
    """Run `fastmcp dev` with these arguments, without a browser, at a free port."""
    port = str(free_port())
    line = [sys.executable, "-m", "fastmcp", "dev", *arguments, "--no-open", "--ui-port", port]
    log = cwd / f"inspector-{port}.err"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            line,
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            start_new_session=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert "#token=" in said, log.read_text("utf-8")
            yield Running(process, said.split()[-1], log)
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            finally:
                _kill(process)


class User:
    """Asks an inspector for actions, and hears its events."""

    def __init__(self, running: Running, key: str) -> None:
        self.key = key
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._http = httpx2.Client(
            base_url=running.url, headers={"authorization": f"Bearer {key}"}, timeout=SECONDS
        )
        self._queue: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._name = f"test-{uuid.uuid4().hex[:6]}"
        self._calls = 0
        self._connection = HTTPConnection(urlsplit(running.url).netloc)
        self._connection.connect()
        self._socket = self._connection.sock
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()
        self.snapshot: dict[str, Any] = self.until("snapshot")

    def _listen(self) -> None:
        headers = {"authorization": f"Bearer {self.key}"}
        self._connection.request("GET", "/api/events", headers=headers)
        name = ""
        with suppress(HTTPException, OSError, ValueError), self._connection.getresponse() as answer:
            for line in io.TextIOWrapper(answer, "utf-8"):
                if line.startswith("event: "):
                    name = line.removeprefix("event: ").strip()
                elif line.startswith("data: "):
                    self._queue.put((name, json.loads(line.removeprefix("data: "))))

    def until(self, name: str, fits: Callable[[dict[str, Any]], Any] = lambda _: True) -> Any:
        """The first event of that name that fits, of those that were and those to come."""
        for known, members in self.events:
            if known == name and fits(members):
                return members
        deadline = time.monotonic() + SECONDS
        while True:
            left = max(0.001, deadline - time.monotonic())
            try:
                event = self._queue.get(timeout=left)
            except queue.Empty:
                raise AssertionError(f"no {name} in time, but {self.events}") from None
            self.events.append(event)
            if event[0] == name and fits(event[1]):
                return event[1]

    def forget(self) -> None:
        """Wait for nothing that was."""
        self.events.clear()

    def act(self, action: str, **members: Any) -> Any:
        """Ask for an action."""
        answer = self._http.post(f"/api/{action}", json=members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, action: str, **members: Any) -> tuple[int, str]:
        """What an action is refused with."""
        answer = self._http.post(f"/api/{action}", json=members)
        return answer.status_code, answer.text

    def begin(self, action: str, **members: Any) -> str:
        """Ask for something whose result comes later; the name of the call."""
        self._calls += 1
        call = f"{self._name}-{self._calls}"
        self.act(action, call=call, **members)
        return call

    def outcome(self, call: str) -> dict[str, Any]:
        """What came of a call."""
        return self.until("result", lambda event: event["call"] == call)

    def request(self, method: str, /, **params: Any) -> Any:
        """The result of a request of the protocol."""
        outcome = self.outcome(self.begin("request", method=method, params=params))
        assert "error" not in outcome, outcome
        return outcome["result"]

    def call_tool(self, name: str, /, **arguments: Any) -> Any:
        """The result of a tool."""
        return self.request("tools/call", name=name, arguments=arguments)

    def connected(self, **target: Any) -> dict[str, Any]:
        """Connect to a target; with none, wait for the one that the command line named."""
        if target:
            self.forget()
            self.act("connect", target=target)
            self.until("connection", lambda event: event["status"] == "connecting")
        ended = ("open", "failed")
        found = self.until("connection", lambda event: event["status"] in ended)
        assert found["status"] == "open", found
        return found

    def messages(self, **members: Any) -> list[dict[str, Any]]:
        """Messages that have passed and have these members."""
        return [
            event
            for name, event in self.events
            if name == "message" and members.items() <= event.items()
        ]

    def close(self) -> None:
        """Leave."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._listener.join(SECONDS)
        self._connection.close()
        self._socket.close()
        self._http.close()


def enter(running: Running) -> User:
    """Exchange the token of the link for its key."""
    answer = httpx2.post(f"{running.url}/api/enter", json={"token": running.token})
    assert answer.status_code == 200, answer.text
    return User(running, answer.json()["key"])


def command(path: Path = EVERYTHING, arguments: Sequence[str] = ()) -> str:
    """The command line of a server in a file, over stdio."""
    import shlex

    return shlex.join([sys.executable, str(path), *arguments])
