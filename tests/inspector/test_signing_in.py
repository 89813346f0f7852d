"""Servers over HTTP that want to know who is there."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from processes import HttpServer, http_server

from .running import User

SERVER = Path(__file__).parent / "servers" / "signed_in.py"


@pytest.fixture
def private(tmp_path: Path) -> Generator[HttpServer]:
    """A server that only lets in who has signed in."""
    with http_server([SERVER], tmp_path / "log") as server:
        yield server


def begin(user: User, private: HttpServer, **auth: str) -> None:
    """Connect to it."""
    target: dict[str, Any] = {"transport": "http", "url": private.url, "auth": auth}
    user.act("connect", target=target)


def status(user: User, private: HttpServer, *statuses: str) -> dict[str, Any]:
    """The connection to that server, once it has one of these."""
    return user.until(
        "connection",
        lambda event: event["status"] in statuses and event["target"]["url"] == private.url,
    )


def test_a_person_signs_in_in_their_browser(user: User, private: HttpServer) -> None:
    """The page shows where; who has signed in need not do so for the next connection."""
    begin(user, private, kind="oauth")
    question = user.until("question")["question"]
    answer = httpx2.get(question["params"]["url"], follow_redirects=True)
    status(user, private, "open")
    told = user.call_tool("secret")
    user.forget()
    user.act("reconnect")
    status(user, private, "open")

    assert question["kind"] == "sign-in" and answer.status_code == 200
    assert told["content"][0]["text"] == "the secret"
    assert not [event for event, _ in user.events if event == "question"]


def test_who_does_not_sign_in_is_not_connected(user: User, private: HttpServer) -> None:
    """Nobody waits for them any longer."""
    begin(user, private, kind="oauth")
    question = user.until("question")["question"]
    user.act("answer", id=question["id"], answer=None)

    assert "did not sign in" in status(user, private, "open", "failed")["error"]["message"]
    assert user.until("answered")["id"] == question["id"]


def test_a_wrong_token_is_refused(user: User, private: HttpServer) -> None:
    """With the status of HTTP."""
    begin(user, private, kind="bearer", token="wrong")

    assert status(user, private, "open", "failed")["error"]["status"] == 401
