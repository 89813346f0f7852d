"""A client of HTTP+SSE as bare as a test wants it: one stream, and POSTs to where it says."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx2
from apps import HANDSHAKE, SECONDS, Events, initialize, notification


class Legacy:
    """One open stream: `place` is where its messages go, as the server has put it."""

    def __init__(self, url: str, client: httpx2.Client, response: httpx2.Response) -> None:
        self.client = client
        self.events = Events(response)
        self.first = self.events.next()
        self.place = self.first["data"]
        self.url = urljoin(url, self.place)

    @property
    def id(self) -> str:
        """The id of the session."""
        return self.place.partition("session_id=")[2]

    def post(self, body: Any, /, **headers: str) -> httpx2.Response:
        """POST a message (or bytes)."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(self.url, content=content, headers=given)

    def send(self, *messages: Any) -> None:
        """POST messages that are taken."""
        for message in messages:
            response = self.post(message)
            assert (response.status_code, response.content) == (202, b"")

    def ask(self, message: Any) -> Any:
        """Send a request and take the next message for its answer."""
        self.send(message)
        return self.events.message()

    def introduce(self, version: str = HANDSHAKE, **capabilities: Any) -> dict[str, Any]:
        """Do the handshake; its result."""
        answer = self.ask(initialize(version, capabilities=capabilities))
        self.send(notification("notifications/initialized"))
        return answer["result"]


@contextmanager
def opened(base: str, path: str = "/sse") -> Generator[Legacy]:
    """Open a stream, with no handshake done."""
    with (
        httpx2.Client(timeout=SECONDS) as client,
        client.stream("GET", base + path) as response,
    ):
        assert response.status_code == 200, response.read()
        legacy = Legacy(base + path, client, response)  # which holds the response open
        yield legacy


@contextmanager
def introduced(base: str, version: str = HANDSHAKE, **capabilities: Any) -> Generator[Legacy]:
    """Open a stream and do the handshake."""
    with opened(base) as legacy:
        legacy.introduce(version, **capabilities)
        yield legacy
