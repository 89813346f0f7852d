"""The client that asks the API: given, or made for the document's server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import httpx2
import pytest
from apps import served

from fastmcp import Client, FastMCP
from openapi.documents import document
from openapi.echo import client_of, echo

PATHS = {"/x": {"get": {"operationId": "act"}}}


def test_a_client_is_made_for_each_event_loop() -> None:
    """For the first server of the document, with its variables' defaults, and closed at the end."""
    with served(echo, lifespan="off") as base:
        server = {
            "url": "http://{host}/{version}",
            "variables": {"host": {"default": base[7:]}, "version": {"default": "v2"}},
        }
        mcp = FastMCP.from_openapi(document(PATHS, servers=[server, {"url": "http://other"}]))

        async def once() -> Any:
            async with Client(mcp) as client:
                return (await client.call_tool("act")).structured_content["path"]

        assert [asyncio.run(once()), asyncio.run(once())] == ["/v2/x", "/v2/x"]


@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_a_given_client_stays_open(library: Any) -> None:
    """With all that it does to a request; of either library."""

    async def hook(request: Any) -> None:
        request.headers["x-hook"] = "1"

    transport = library.ASGITransport(app=echo)
    async with library.AsyncClient(
        base_url="http://api.test/deep/base/",
        transport=transport,
        auth=("user", "password"),
        headers={"x-default": "1", "user-agent": "ours"},
        cookies={"session": "s"},
        event_hooks={"request": [hook]},
    ) as http:
        mcp = FastMCP.from_openapi(document(PATHS), http)
        for _ in range(2):
            async with Client(mcp) as client:
                told = (await client.call_tool("act")).structured_content
        assert not http.is_closed

    assert told["path"] == "/deep/base/x"
    assert told["headers"]["authorization"].startswith("Basic ")
    wanted = {"x-default": "1", "x-hook": "1", "user-agent": "ours", "cookie": "session=s"}
    assert wanted.items() <= told["headers"].items()


async def test_a_client_without_a_base_url_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """Its requests would go to the wrong place."""
    with caplog.at_level(logging.WARNING):
        mcp = FastMCP.from_openapi(document(PATHS), client_of(base_url=""))
    async with Client(mcp) as client:
        told = (await client.call_tool("act")).structured_content

    assert "The client has no base_url" in caplog.text
    assert told["headers"]["host"] == "localhost"


async def test_a_call_that_is_given_up_leaves_the_rest_alone() -> None:
    """The request is cancelled; the session goes on."""
    heard = asyncio.Event()
    left = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].endswith("slow"):
            await echo(scope, receive, send)
            return
        heard.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    paths = {**PATHS, "/slow": {"get": {"operationId": "slow"}}}
    mcp = FastMCP.from_openapi(document(paths), client_of(slow))
    async with Client(mcp) as client:
        call = asyncio.create_task(client.call_tool("slow"))
        await asyncio.wait_for(heard.wait(), 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(left.wait(), 10)
        assert (await client.call_tool("act")).structured_content["path"] == "/v1/x"
