"""Which connections a proxy opens to the server behind it, and who shares them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from apps import served

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import FastMCPTransport
from fastmcp.exceptions import ToolError
from fastmcp.server import create_proxy
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.server.providers.proxy import (
    FastMCPProxy,
    ProxyClient,
    StatefulProxyClient,
    proxy_client,
)
from fastmcp.wire.shapes import META_LOG_LEVEL

from .counting import counted, within


def keeper() -> FastMCP:
    """A server that keeps something for each session."""
    behind = FastMCP("behind")

    @behind.tool
    async def keep(value: str, ctx: Context) -> str:
        await ctx.set_state("kept", value)
        return "kept"

    @behind.tool
    async def kept(ctx: Context) -> str:
        return str(await ctx.get_state("kept"))

    @behind.tool
    async def session(ctx: Context) -> str:
        return ctx.session_id

    return behind


def test_calls_need_no_lists_and_no_handshakes() -> None:
    """After the first one each is one request."""

    async def main() -> None:
        behind, counting = counted()
        with served(behind.http_app()) as base:
            async with Client(create_proxy(base + "/mcp")) as client:
                await client.call_tool("add", {"a": 1, "b": 2})
                await client.read_resource("data://row/1")
                before = counting.counts.copy()
                for n in range(5):
                    await client.call_tool("add", {"a": 1, "b": n})
                    await client.read_resource(f"data://row/{n + 2}")
                    await client.get_prompt("review", {"code": "x"})
                more = counting.counts - before
        assert more == {"tools/call": 5, "resources/read": 5, "prompts/get": 5, "prompts/list": 1}

    asyncio.run(main())


def test_calls_are_under_way_together() -> None:
    """Over one connection, none waits for another."""

    async def main() -> None:
        behind = FastMCP("behind")
        meeting = asyncio.Barrier(20)

        @behind.tool
        async def meet() -> str:
            await meeting.wait()
            return "met"

        async with within(), Client(create_proxy(behind)) as client:
            results = await asyncio.gather(*(client.call_tool("meet") for _ in range(20)))
            assert {result.data for result in results} == {"met"}

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_what_is_kept_for_a_session_is_kept_for_no_other(mode: str, front: str) -> None:
    """Each session in front is one behind, whatever connections there are."""

    async def main() -> None:
        with served(keeper().http_app()) as base:
            proxy = create_proxy(base + "/mcp", mode=mode)
            async with Client(proxy, mode=front) as one, Client(proxy, mode=front) as two:
                await one.call_tool("keep", {"value": "1"})
                await two.call_tool("keep", {"value": "2"})
                assert (await one.call_tool("kept")).data == "1"
                assert (await two.call_tool("kept")).data == "2"

    asyncio.run(main())


def test_callers_of_different_identity_share_no_connection() -> None:
    """Also where they say nothing of themselves to the server behind."""

    async def main() -> None:
        behind, counting = counted()
        proxy = create_proxy(behind, mode="legacy")

        def called(name: str) -> Client:
            identity = LocalIdentity.of({"sub": name})
            return Client(FastMCPTransport(proxy, identity=identity))

        async with called("ann") as ann, called("bob") as bob:
            await ann.call_tool("greet")
            await bob.call_tool("greet")
        assert len(counting.sessions) == 2

    asyncio.run(main())


def test_questions_go_to_the_client_whose_call_caused_them() -> None:
    """Of many that call at the same time, in both eras on both sides."""

    async def main(front: str, mode: str) -> None:
        behind = FastMCP("behind")

        @behind.tool
        async def whoami(ctx: Context) -> str:
            answer = await ctx.elicit("Who are you?", str)
            await ctx.info(f"to {answer.data}")
            await ctx.report_progress(1, 1, answer.data)
            return answer.data

        proxy = create_proxy(behind, mode=mode)

        async def call(name: str) -> tuple[str, list[Any]]:
            heard: list[Any] = []

            async def answer(*_: Any) -> Any:
                await asyncio.sleep(0)
                return {"value": name}

            client = Client(
                proxy,
                mode=front,
                elicitation_handler=answer,
                log_handler=lambda message: heard.append(message.data["msg"]),
                progress_handler=lambda *step: heard.append(step[2]),
            )
            async with client:
                await client.set_logging_level("info")
                return (await client.call_tool("whoami")).data, heard

        names = [f"client {n}" for n in range(6)]
        async with within():
            given = await asyncio.gather(*map(call, names))
        for name, (said, heard) in zip(names, given, strict=True):
            assert said == name
            assert sorted(heard) == sorted([f"to {name}", name])

    for front in ("legacy", "auto"):
        for mode in ("legacy", "auto"):
            asyncio.run(main(front, mode))


@pytest.mark.parametrize("several", [False, True])
def test_logs_are_wanted_behind_where_somebody_hears_them(several: bool) -> None:
    """By the client in front, as far as it wants them, or by a handler of the proxy's own."""
    wanted: list[Any] = []
    heard: list[str] = []
    own: list[str] = []

    async def main() -> None:
        behind = FastMCP("behind")

        @behind.tool
        async def talk(ctx: Context) -> None:
            wanted.append((ctx.request_context.meta or {}).get(META_LOG_LEVEL))
            await ctx.info("quiet")
            await ctx.error("loud")

        async def call(in_front: Any, level: Any = None, **handlers: Any) -> None:
            with served(behind.http_app()) as base:
                target: Any = base + "/mcp"
                if several:
                    target = {"mcpServers": {"a": {"url": target}, "b": {"url": target}}}
                proxy = create_proxy(ProxyClient(target, **handlers))
                async with within(), Client(proxy, log_handler=in_front) as client:
                    if level is not None:
                        await client.set_logging_level(level)
                    await client.call_tool("a_talk" if several else "talk")

        await call(None)
        await call(lambda message: heard.append(message.data["msg"]))
        await call(lambda message: heard.append(message.data["msg"]), "error")
        await call(None, log_handler=lambda message: own.append(message.data["msg"]))

    asyncio.run(main())
    assert wanted == [None, "debug", "error", "debug"]
    assert heard == ["quiet", "loud", "loud"]
    assert own == ["quiet", "loud"]


def test_a_stateful_proxy_has_a_session_behind_for_each_in_front() -> None:
    """It is there for all of its calls, and ends with it."""

    async def main() -> None:
        with served(keeper().http_app()) as base:
            stateful = StatefulProxyClient(base + "/mcp", mode="legacy")
            proxy = FastMCPProxy(client_factory=stateful.new_stateful, name="front")
            async with Client(proxy) as one:
                async with Client(proxy) as two:
                    first = (await one.call_tool("session")).data
                    second = (await two.call_tool("session")).data
                    assert first != second
                    assert (await two.call_tool("session")).data == second
                assert (await one.call_tool("session")).data == first
            async with Client(proxy) as three:
                assert (await three.call_tool("session")).data not in (first, second)
            await stateful.clear()

    asyncio.run(main())


def test_nothing_is_left_open() -> None:
    """With the server that serves the proxy its connections end."""

    async def main() -> None:
        behind, _ = counted()
        app = behind.http_app()
        with served(app) as base:
            for mode in ("legacy", "auto"):
                async with Client(create_proxy(base + "/mcp", mode=mode)) as client:
                    await client.call_tool("add", {"a": 1, "b": 2})
            before = asyncio.all_tasks()
        assert before == {asyncio.current_task()}

    asyncio.run(main())


def test_headers_stay_here_unless_they_are_to_be_sent_on() -> None:
    """Those of the transport win; what belongs to one message never goes on."""

    async def main(forward: bool) -> dict[str, str]:
        from fastmcp.server.dependencies import get_http_headers
        from fastmcp.server.providers.proxy import ProxyClient

        behind = FastMCP("behind")

        @behind.tool
        def headers() -> dict[str, str]:
            return get_http_headers(include_all=True)

        with served(behind.http_app()) as base:
            from fastmcp.client.transports import StreamableHttpTransport

            transport = StreamableHttpTransport(base + "/mcp", headers={"x-own": "proxy"})
            target = ProxyClient(transport, forward_incoming_headers=forward)
            with served(create_proxy(target).http_app()) as front:
                sent = {"authorization": "Bearer secret", "x-tenant": "t", "x-own": "client"}
                sent["accept-encoding"] = "gzip"
                there = StreamableHttpTransport(front + "/mcp", headers=sent)
                async with Client(there) as client:
                    return (await client.call_tool("headers")).structured_content

    kept = asyncio.run(main(False))
    assert "authorization" not in kept and "x-tenant" not in kept and kept["x-own"] == "proxy"
    sent = asyncio.run(main(True))
    assert sent["authorization"] == "Bearer secret"
    assert (sent["x-tenant"], sent["x-own"]) == ("t", "proxy")
    assert sent["accept-encoding"] == "identity"


def test_a_server_may_run_in_one_loop_after_the_other() -> None:
    """Nothing of the first is used in the second."""
    behind, _ = counted()
    proxy = create_proxy(behind)

    async def main() -> int:
        async with Client(proxy) as client:
            return (await client.call_tool("add", {"a": 1, "b": 2})).data

    assert [asyncio.run(main()), asyncio.run(main())] == [3, 3]


WHOSE = """
import asyncio
from fastmcp import Context, FastMCP

mcp = FastMCP("behind")
calls = 0

@mcp.tool
async def whoami(ctx: Context) -> str:
    return (await ctx.elicit("Who are you?", str)).data

@mcp.tool
async def wait(seconds: float) -> str:
    global calls
    calls += 1
    await asyncio.sleep(seconds)
    return "waited"

@mcp.tool
def waiting() -> int:
    return calls

mcp.run()
"""


@pytest.mark.parametrize("front", ["legacy", "auto"])
def test_where_it_is_not_said_whose_a_question_is_it_waits_until_that_is_clear(
    front: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program has one session for all; what could be anybody's is put to nobody."""
    monkeypatch.setattr(proxy_client, "PATIENCE", 3.0)
    script = tmp_path / "behind.py"
    script.write_text(WHOSE)
    asked: list[str] = []

    def named(proxy: FastMCP, name: str) -> Client:
        async def answer(*_: Any) -> Any:
            asked.append(name)
            return {"value": name}

        return Client(proxy, mode=front, elicitation_handler=answer)

    async def main() -> None:
        proxy = create_proxy(script, mode="legacy")
        async with within(40), named(proxy, "ann") as ann, named(proxy, "bob") as bob:
            assert (await ann.call_tool("whoami")).data == "ann"
            waiting = asyncio.create_task(bob.call_tool("wait", {"seconds": 1.0}))
            while (await ann.call_tool("waiting")).data < 1:
                pass
            assert (await ann.call_tool("whoami")).data == "ann"
            assert (await waiting).data == "waited"
            assert asked == ["ann", "ann"]
            waiting = asyncio.create_task(bob.call_tool("wait", {"seconds": 8.0}))
            while (await ann.call_tool("waiting")).data < 2:
                pass
            with pytest.raises(ToolError, match="not said to which of them"):
                await ann.call_tool("whoami")
            waiting.cancel()
            assert asked == ["ann", "ann"]

    asyncio.run(main())
