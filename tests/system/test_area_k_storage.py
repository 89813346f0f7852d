"""Area K: where OAuth keeps what outlives a process, row by row; and S258, S259."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis
from redis_server import redis_server

from fastmcp import FastMCP
from fastmcp.server.auth.oauth.stored import StoredOAuthProvider

BASE = "https://mcp.example.com"
CLIENT = {"redirect_uris": ["http://127.0.0.1:5000/callback"], "client_name": "Probe"}


def instance() -> FastMCP:
    """One of several instances of a server at which clients register."""
    return FastMCP("S", auth=StoredOAuthProvider(base_url=BASE, authenticate=lambda request: "ann"))


@asynccontextmanager
async def running(mcp: FastMCP) -> AsyncGenerator[httpx2.AsyncClient]:
    app = mcp.http_app(stateless_http=True)
    transport = httpx2.ASGITransport(app=app)
    async with app.lifespan(app), httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        try:
            yield http
        finally:
            assert mcp._parts.oauth_storage is not None
            await mcp._parts.oauth_storage.close()


async def registered(mcp: FastMCP) -> dict[str, Any]:
    """A client that has registered."""
    async with running(mcp) as http:
        answer = await http.post("/register", json=CLIENT)
        assert answer.status_code == 201, answer.text
        return answer.json()


async def error_at(mcp: FastMCP, client: dict[str, Any]) -> str:
    """What the token endpoint has against a client with a code that does not exist."""
    form = {
        "grant_type": "authorization_code",
        "code": "none",
        "code_verifier": "v" * 43,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "redirect_uri": CLIENT["redirect_uris"][0],
    }
    async with running(mcp) as http:
        return (await http.post("/token", data=form)).json()["error"]


@pytest.mark.parametrize("decodes", [True, False])
async def test_s194_s258_and_s259_registrations_are_shared_and_cannot_be_read(
    tmp_path: Path, decodes: bool
) -> None:
    """Register at A, look up at B; in redis is no secret in clear, whatever the key is like."""
    with (
        redis_server(tmp_path) as server,
        redis.Redis.from_url(server.url, decode_responses=decodes) as client,
    ):
        instances = [instance(), instance()]
        for mcp in instances:
            mcp.configure_oauth_storage(
                backend="redis", redis_client=client, encryption_key="your-fernet-key"
            )
        known = await registered(instances[0])

        assert await error_at(instances[1], known) == "invalid_grant"
        assert await error_at(instances[1], {**known, "client_secret": "x"}) == "invalid_client"
        with redis.Redis.from_url(server.url) as raw:
            kept = repr({key: raw.dump(key) for key in raw.scan_iter()})

    assert len(kept) > 100
    for told in (known["client_secret"], known["client_id"], "Probe", "127.0.0.1:5000"):
        assert told not in kept


@pytest.mark.parametrize("backend", ["memory", "file", "sqlite"])
async def test_s194_backends_are_those_that_there_are(tmp_path: Path, backend: str) -> None:
    """In memory for as long as the server, and in files for the next one, too."""
    place: dict[str, Any] = {
        "memory": {},
        "file": {"path": tmp_path / "folder"},
        "sqlite": {"path": tmp_path / "one.db"},
    }[backend]
    one, other = instance(), instance()
    for mcp in (one, other):
        mcp.configure_oauth_storage(backend, encryption_key="some passphrase, 4711", **place)
    known = await registered(one)

    assert await error_at(one, known) == "invalid_grant"
    told = "invalid_client" if backend == "memory" else "invalid_grant"
    assert await error_at(other, known) == told
