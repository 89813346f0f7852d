"""A session over HTTP belongs to whom opened it, in this process and in a store."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from apps import Mcp, call, http, initialize
from starlette.middleware import Middleware

from fastmcp import FastMCP
from fastmcp.server.backplane import MemoryBackplane


class ByHeader:
    """Stands in for authentication: the caller is who the header `x-user` says."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        user = dict(scope.get("headers", ())).get(b"x-user")
        if user is not None:
            token = SimpleNamespace(client_id="app", subject=user.decode(), claims={})
            scope = {**scope, "user": SimpleNamespace(access_token=token)}
        await self.app(scope, receive, send)


@pytest.fixture(params=[None, "store"])
def client(request: pytest.FixtureRequest) -> Iterator[Mcp]:
    store = MemoryBackplane() if request.param else None
    mcp = FastMCP("owned", session_store=store)

    @mcp.tool
    def plain() -> str:
        return "plain"

    with http(mcp, middleware=[Middleware(ByHeader)]) as bare:
        yield bare


def opened_by(client: Mcp, user: str | None) -> dict[str, str]:
    who = {} if user is None else {"x-user": user}
    answer = client.post(initialize(), who)
    return {**who, "mcp-session-id": answer.headers["mcp-session-id"]}


@pytest.mark.parametrize("stored", [False, True])
def test_a_caller_has_so_many_sessions_and_no_more(stored: bool) -> None:
    """Others go on to open theirs, and callers without a name are bound by the limit for all only;
    a session that ends makes room.
    """
    mcp = FastMCP("owned", session_store=MemoryBackplane() if stored else None)
    limits = {"max_sessions_per_principal": 2, "max_sessions": 7}
    with http(mcp, middleware=[Middleware(ByHeader)], **limits) as client:
        ada = {"x-user": "ada"}
        session, _ = opened_by(client, "ada"), opened_by(client, "ada")
        refused = client.post(initialize(), ada)
        assert refused.status_code == 503 and "Too many sessions" in refused.text
        opened_by(client, "bob")
        for _ in range(4):
            opened_by(client, None)
        assert client.post(initialize(), {"x-user": "bob"}).status_code == 503

        assert client.client.delete(client.url, headers=session).status_code == 200
        opened_by(client, "ada")


@pytest.mark.parametrize("owner", ["ada", None])
@pytest.mark.parametrize("other", ["bob", None])
def test_a_session_is_nobody_elses(client: Mcp, owner: str | None, other: str | None) -> None:
    """For anybody else it does not exist: not to call, to listen, or to end it."""
    session = opened_by(client, owner)
    assert client.post(call("plain"), session).status_code == 200
    if other == owner:
        return

    stolen = {"mcp-session-id": session["mcp-session-id"]}
    if other is not None:
        stolen["x-user"] = other
    assert client.post(call("plain"), stolen).status_code == 404
    with client.stream(headers=stolen) as events:
        assert events.status == 404
    assert client.client.delete(client.url, headers=stolen).status_code == 404
    assert client.post(call("plain"), session).status_code == 200
