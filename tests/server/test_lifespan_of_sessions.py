"""Session lifespans: opened for each session that uses them, and closed with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, SECONDS, call, http, messages, request

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import ToolError

REVISIONS = [HANDSHAKE, MODERN]


class Sessions:
    """A server with a session lifespan that numbers the sessions and notes what happens."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.changed = threading.Condition()
        numbers = count(1)

        async def of_server(server: FastMCP) -> AsyncIterator[None]:
            self.note("server opens")
            yield
            self.note("server closes")

        async def of_session(server: FastMCP) -> AsyncIterator[dict[str, Any]]:
            number = next(numbers)
            self.note(f"{number} opens")
            yield {"number": number, "server": server.name}
            self.note(f"{number} closes")

        self.mcp = FastMCP("x", lifespan=of_server, session_lifespan=of_session)

        @self.mcp.tool
        def number(ctx: Context) -> int:
            return ctx.session_context["number"]

        @self.mcp.resource("number://session")
        async def resource(ctx: Context) -> str:
            return str(ctx.session_context["number"])

        @self.mcp.prompt
        def prompt(ctx: Context) -> str:
            return str(ctx.session_context["number"])

    def note(self, entry: str) -> None:
        with self.changed:
            self.log.append(entry)
            self.changed.notify_all()

    def wait_for(self, entry: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: entry in self.log, SECONDS), self.log


@pytest.mark.parametrize("mode", REVISIONS)
def test_a_connection_opens_one_when_it_first_needs_it(mode: str) -> None:
    """Tools, resources and prompts share it; another connection has its own."""
    sessions = Sessions()

    async def main() -> None:
        async with Client(sessions.mcp, mode=mode) as one:
            if mode == HANDSHAKE:
                await one.ping()
            assert sessions.log == ["server opens"]
            assert (await one.call_tool("number")).data == 1
            async with Client(sessions.mcp, mode=mode) as two:
                assert (await two.call_tool("number")).data == 2
            [content] = await one.read_resource("number://session")
            prompt = await one.get_prompt("prompt")
            assert content.text == prompt.messages[0].content.text == "1"

    asyncio.run(main())
    assert sessions.log[:3] == ["server opens", "1 opens", "2 opens"]
    assert sorted(sessions.log[3:5]) == ["1 closes", "2 closes"]
    assert sessions.log[5:] == ["server closes"]


def number_of(answer: Any) -> int:
    return int(messages(answer)[-1]["result"]["content"][0]["text"])


def test_a_session_over_http_has_one_until_it_is_deleted() -> None:
    """Its requests come over connections of their own."""
    sessions = Sessions()

    with http(sessions.mcp) as client:
        one, two = client.open(), client.open()
        seen = [number_of(client.post(call("number"), who)) for who in (one, two, one, two)]
        client.client.delete(client.url, headers=one)
        sessions.wait_for("1 closes")
        assert "2 closes" not in sessions.log

    assert seen == [1, 2, 1, 2]
    assert sessions.log[-2:] == ["2 closes", "server closes"]


def test_a_session_that_expires_closes_its_own() -> None:
    """As if its client had ended it."""
    sessions = Sessions()

    with http(sessions.mcp, session_idle_timeout=0.3) as client:
        assert number_of(client.post(call("number"), client.open())) == 1
        sessions.wait_for("1 closes")
        assert "server closes" not in sessions.log


def test_a_request_that_stands_alone_has_its_own() -> None:
    """Modern ones over HTTP, and those of older clients without a session."""
    sessions = Sessions()

    with http(sessions.mcp) as client:
        for _ in range(2):
            client.modern(call("number"))
        client.post(call("number"))

    alone = [f"{number} {what}" for number in (1, 2, 3) for what in ("opens", "closes")]
    assert sessions.log == ["server opens", *alone, "server closes"]


def test_what_needs_no_session_opens_none() -> None:
    """A ping, and the handshake itself."""
    sessions = Sessions()

    with http(sessions.mcp) as client:
        assert client.post(request("ping"), client.open()).status_code == 200
    assert sessions.log == ["server opens", "server closes"]


def test_requests_that_come_together_share_one_opening() -> None:
    """They wait for it; each gets what it yielded."""
    opened: list[int] = []

    async def slow(server: FastMCP) -> AsyncIterator[dict[str, int]]:
        opened.append(1)
        for _ in range(20):
            await asyncio.sleep(0)
        yield {"number": len(opened)}

    async def main() -> list[int]:
        mcp = FastMCP("x", session_lifespan=slow)

        @mcp.tool
        async def number(ctx: Context) -> int:
            return ctx.session_context["number"]

        async with Client(mcp) as client:
            results = await asyncio.gather(*[client.call_tool("number") for _ in range(5)])
        return [result.data for result in results]

    assert asyncio.run(main()) == [1] * 5


@pytest.mark.parametrize("mode", REVISIONS)
def test_one_that_cannot_be_opened_fails_the_request(mode: str) -> None:
    """The next request tries again."""
    tries: list[int] = []

    async def flaky(server: FastMCP) -> AsyncIterator[dict[str, int]]:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("no database")
        yield {"tries": len(tries)}

    async def main() -> int:
        mcp = FastMCP("x", session_lifespan=flaky)

        @mcp.tool
        def number(ctx: Context) -> int:
            return ctx.session_context["tries"]

        async with Client(mcp, mode=mode) as client:
            with pytest.raises(ToolError, match="no database"):
                await client.call_tool("number")
            return (await client.call_tool("number")).data

    assert asyncio.run(main()) == 2


def test_one_that_fails_at_its_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The session has ended all the same."""

    async def clumsy(server: FastMCP) -> AsyncIterator[None]:
        yield
        raise OSError("disk full")

    async def main() -> Any:
        mcp = FastMCP("x", session_lifespan=clumsy)
        seen: list[Any] = []

        @mcp.tool
        def look(ctx: Context) -> None:
            seen.append(ctx.session_context)

        async with Client(mcp) as client:
            await client.call_tool("look")
        return seen

    assert asyncio.run(main()) == [{}]
    [record] = caplog.records
    assert record.getMessage() == "The lifespan of a session failed at its end"
    assert record.exc_info is not None


def test_a_call_that_the_end_cancels_is_over_before() -> None:
    """What the session opened is still open while the call cleans up."""
    log: list[str] = []

    async def life(server: FastMCP) -> AsyncIterator[None]:
        yield
        log.append("session closes")

    async def main() -> None:
        mcp = FastMCP("x", session_lifespan=life)
        began = asyncio.Event()

        @mcp.tool
        async def long() -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(20):
                    await asyncio.sleep(0)
                log.append("call ended")

        async with Client(mcp) as client:
            calling = asyncio.create_task(client.call_tool("long"))
            await began.wait()
        with suppress(Exception):
            await calling

    asyncio.run(main())
    assert log == ["call ended", "session closes"]


def test_without_one_there_is_nothing() -> None:
    """`ctx.session_context` is empty."""

    async def main() -> Any:
        mcp = FastMCP("x")
        seen: list[Any] = []

        @mcp.tool
        def look(ctx: Context) -> None:
            seen.append(ctx.session_context)

        async with Client(mcp) as client:
            await client.call_tool("look")
        return seen

    assert asyncio.run(main()) == [{}]
