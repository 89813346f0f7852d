"""Who called: restored where the task runs, and kept from everybody else."""
# ruff: noqa: B008 - dependencies are calls in defaults

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from apps import http
from processes import http_server
from task_processes import NO_WORKER, tasks_command, worker

from fastmcp import Client, Context, FastMCP
from fastmcp.client import FastMCPTransport, StreamableHttpTransport
from fastmcp.dependencies import CurrentAccessToken, CurrentHeaders, TokenClaim
from fastmcp.server.auth import StaticTokenVerifier
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.server.dependencies import get_access_token, get_http_headers, get_http_request

TOKEN = "a-token-that-nobody-shall-read"
SECRET = "a-header-that-nobody-shall-read"
ARGUMENT = "an-argument-that-nobody-shall-read"
CLAIMS = {
    "client_id": "shop",
    "sub": "ada",
    "scopes": ["read"],
    "tenant": "north",
    "expires_at": 4_000_000_000,
}

PROGRAM = f"""
    import os
    from fastmcp import Context, FastMCP
    from fastmcp.dependencies import CurrentAccessToken, CurrentHeaders, TokenClaim
    from fastmcp.server.auth import StaticTokenVerifier
    from fastmcp.server.dependencies import get_access_token, get_http_headers, get_http_request

    mcp = FastMCP("x", tasks=True, auth=StaticTokenVerifier({{{TOKEN!r}: {CLAIMS!r}}}))

    @mcp.tool
    async def who(
        word: str,
        ctx: Context,
        token=CurrentAccessToken(),
        headers: dict = CurrentHeaders(),
        tenant: str = TokenClaim("tenant"),
    ) -> dict:
        request = get_http_request()
        return {{
            "process": os.getpid(),
            "word": word,
            "token": [get_access_token().token, token.client_id, token.subject, token.scopes],
            "expires_at": token.expires_at,
            "tenant": tenant,
            "principal": ctx.principal,
            "header": [headers["x-secret"], get_http_headers()["x-secret"]],
            "authorization": "authorization" in get_http_headers(),
            "path": [request.method, request.url.path, request.query_params["a"]],
            "user": request.user.access_token.claims["tenant"],
            "task": ctx.task_id,
            "background": ctx.is_background_task,
            "origin": ctx.origin_request_id,
            "session": ctx.session_id,
            "client": ctx.client_id,
            "transport": ctx.transport,
        }}

    if __name__ == "__main__":
        mcp.run("http", port=int(os.environ["PORT"]))
"""


def program(folder: Path) -> Path:
    """The program of a server; its path."""
    path = folder / "server.py"
    path.write_text(textwrap.dedent(PROGRAM), "utf-8")
    return path


def client_of(url: str, mode: Any) -> Client:
    """A client with a token and a header of its own."""
    transport = StreamableHttpTransport(f"{url}?a=b", auth=TOKEN, headers={"X-Secret": SECRET})
    return Client(transport, mode=mode, name="teller")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_another_process_restores_the_caller(mode: Any, tmp_path: Path, log: Path) -> None:
    """All that a function sees of it in the process that it called; nothing is to be read in the
    file, where there is a key.
    """
    server, file = program(tmp_path), tmp_path / "tasks.db"
    shared = {"FASTMCP_DOCKET_URL": f"sqlite:///{file}", "FASTMCP_TASKS_ENCRYPTION_KEY": "secret"}
    with (
        http_server([server], log, env={**shared, **NO_WORKER}) as served,
        worker(tmp_path / "worker.log", server, **shared) as found,
    ):
        async with client_of(served.url, mode) as client:
            task = await client.call_tool("who", {"word": ARGUMENT}, task=True)
            seen = (await task.result()).data
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("tasks.db*"))

    assert seen["process"] == found.process.pid
    assert seen["word"] == ARGUMENT
    assert seen["token"] == [TOKEN, "shop", "ada", ["read"]]
    assert seen["expires_at"] == 4_000_000_000
    assert seen["tenant"] == seen["user"] == "north"
    assert seen["principal"] == '["shop",null,"ada"]'
    assert (seen["header"], seen["authorization"]) == ([SECRET, SECRET], False)
    assert seen["path"] == ["POST", "/mcp", "b"]
    assert (seen["task"], seen["background"]) == (task.task_id, True)
    assert seen["origin"] and seen["session"]
    assert (seen["client"], seen["transport"]) == ("teller", "streamable-http")
    assert not [each for each in (TOKEN, SECRET, ARGUMENT, "north") if each.encode() in kept]
    assert task.task_id.encode() in kept


def test_a_worker_without_the_key_does_not_start(tmp_path: Path, log: Path) -> None:
    """Nor does one with another; and the server that has it finds out about a file without."""
    server, file = program(tmp_path), f"sqlite:///{tmp_path}/tasks.db"
    shared = {"FASTMCP_DOCKET_URL": file}
    with worker(log, server, FASTMCP_TASKS_ENCRYPTION_KEY="secret", **shared):
        pass

    without = tasks_command("worker", server, **shared)
    another = tasks_command("worker", server, FASTMCP_TASKS_ENCRYPTION_KEY="other", **shared)

    for found in (without, another):
        assert found.returncode == 1
        assert "give every server and worker the same FASTMCP_TASKS_ENCRYPTION_KEY" in found.stderr


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_over_http_a_task_has_what_its_request_had(mode: Any) -> None:
    """In the process of the server, as in a call that is waited for."""
    import asyncio

    mcp = FastMCP("x", tasks=True, auth=StaticTokenVerifier({TOKEN: CLAIMS}))

    @mcp.tool
    def who(
        ctx: Context,
        token: Any = CurrentAccessToken(),
        headers: dict[str, str] = CurrentHeaders(),
        tenant: str = TokenClaim("tenant"),
    ) -> list[Any]:
        request = get_http_request()
        same = get_access_token() == token and get_http_headers()["x-secret"] == SECRET
        return [
            same,
            token.claims,
            headers["authorization"],
            tenant,
            ctx.principal,
            ctx.client_id,
            str(request.url.path),
        ]

    async def main(url: str) -> None:
        async with client_of(url, mode) as client:
            called = (await client.call_tool("who")).data
            task = await client.call_tool("who", task=True)
            assert (await task.result()).data == called
            assert called[0] is True

    with http(mcp) as served:
        asyncio.run(main(served.url))


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_in_memory_a_task_belongs_to_the_session_of_its_call(mode: Any) -> None:
    """It has the state of the session, and no HTTP request."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def keep(ctx: Context) -> str:
        await ctx.set_state("word", "kept")
        return ctx.session_id

    @mcp.tool
    async def look(ctx: Context) -> list[Any]:
        return [
            ctx.session_id,
            await ctx.get_state("word"),
            ctx.is_background_task,
            ctx.task_id,
            ctx.request is None,
            get_http_headers(),
            get_access_token(),
            ctx.transport,
        ]

    async with Client(mcp, mode=mode) as client:
        session = (await client.call_tool("keep")).data
        task = await client.call_tool("look", task=True)
        seen = (await task.result()).data

    assert seen == [session, "kept", True, task.task_id, True, {}, None, "memory"]


async def test_the_word_of_a_program_is_kept_with_a_task() -> None:
    """Of a test that says who its user is."""
    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    def who(ctx: Context, team: str = TokenClaim("team")) -> list[Any]:
        return [team, ctx.principal, ctx.user_info["sub"], type(ctx.access_token).__name__]

    user = {"sub": "ada", "team": "north"}
    async with Client(FastMCPTransport(mcp, identity=LocalIdentity.of(user))) as client:
        called = (await client.call_tool("who")).data
        task = await client.call_tool("who", task=True)
        assert (await task.result()).data == called


async def test_the_runs_of_a_task_are_one_session(tmp_path: Path) -> None:
    """What one leaves in its state, the next one finds; of a request that stands alone, too."""
    from docket import Retry

    mcp = FastMCP("x", tasks=True)

    @mcp.tool
    async def again(ctx: Context, retry: Retry = Retry(attempts=2)) -> bool:
        if retry.attempt == 1:
            await ctx.set_state("session", ctx.session_id)
            raise ValueError("not yet")
        return await ctx.get_state("session") == ctx.session_id

    with http(mcp) as served:
        async with Client(served.url) as client:
            task = await client.call_tool("again", task=True)
            assert (await task.result()).data is True
