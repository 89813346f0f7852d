"""HTTP+SSE, the older transport: its stream, its messages, and everything of MCP over them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import warnings
from collections.abc import Iterator
from typing import Any

import httpx2
import mcp as official
import pytest
from apps import HANDSHAKE, SECONDS, call, enveloped, notification, request, served
from left_behind import nothing_left
from legacy_sse import introduced, opened
from mcp.client.sse import sse_client
from settled import wait_until
from starlette.applications import Starlette
from starlette.routing import Mount

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import SSETransport
from fastmcp.exceptions import ConfigurationError, FastMCPDeprecationWarning
from fastmcp.server.http import create_sse_app

pytestmark = pytest.mark.filterwarnings("ignore:HTTP.SSE is deprecated")


CALLS: dict[str, str] = {}
"""What became of the calls of `wait`, by the names that they were given."""


def add(a: int, b: int) -> int:
    return a + b


def where(ctx: Context) -> list[Any]:
    assert ctx.request is not None
    said = ctx.request.headers.get("x-said")
    return [ctx.transport, ctx.request.url.path, said, ctx.session_id]


async def remember(value: str, ctx: Context) -> None:
    await ctx.set_state("value", value)


async def recall(ctx: Context) -> str | None:
    return await ctx.get_state("value")


async def work(ctx: Context) -> str:
    for step in (1, 2, 3):
        await ctx.report_progress(step, 3)
    await ctx.warning("almost")
    return "done"


async def ask_all(ctx: Context) -> list[str]:
    colour = await ctx.elicit("Which colour?", str)
    capital = await ctx.sample("The capital of France?")
    roots = await ctx.list_roots()
    return [str(getattr(colour, "data", "")), str(capital.text), str(roots[0].uri)]


async def wait(name: str) -> None:
    CALLS[name] = "waiting"
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        CALLS[name] = "cancelled"
        raise


def server() -> FastMCP:
    """A server with something of each kind."""
    mcp = FastMCP("offers", version="1.0")
    for tool in (add, where, remember, recall, work, ask_all, wait):
        mcp.tool(tool)

    @mcp.resource("config://app")
    def config() -> str:
        return "debug=false"

    @mcp.tool
    def change() -> None:
        mcp.notify_resource_updated("config://app")
        mcp.local_provider.enable(names={"nothing"})

    return mcp


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = server().http_app(transport="sse")
    with served(app) as base:
        yield base


# The stream and where messages go


def test_the_stream_begins_with_the_place_for_messages(base: str) -> None:
    """A path below which nobody guesses the session, different for each stream."""
    with opened(base) as first, opened(base) as second:
        assert first.first["event"] == "endpoint"
        assert re.fullmatch(r"/messages/\?session_id=[0-9a-f]{32}", first.place)
        assert first.place != second.place
        headers = first.events.response.headers

    assert headers["content-type"] == "text/event-stream"
    assert headers["cache-control"] == "no-cache, no-transform"
    assert headers["x-accel-buffering"] == "no"


def test_slashes_at_the_end_are_as_good_as_none(base: str) -> None:
    """The stream and the messages are where they are, without a redirection."""
    with opened(base, "/sse/") as legacy:
        legacy.url = legacy.url.replace("/messages/?", "/messages?")
        assert legacy.introduce()["serverInfo"]["name"] == "offers"


@pytest.mark.parametrize("mount", ["", "/a", "/a/b", "/grün/50%"])
def test_messages_find_their_way_below_any_mount(mount: str) -> None:
    """The place is told as the client sees it, however deep the application is mounted."""
    app: Any = server().http_app(transport="sse", path="/down/here", message_path="/up/there")
    for part in reversed(mount.split("/")[1:]):
        app = Starlette(routes=[Mount(f"/{part}", app)])
    with served(app, lifespan="off") as base:

        async def main() -> Any:
            async with Client(SSETransport(f"{base}{mount}/down/here"), timeout=SECONDS) as client:
                return (await client.call_tool("where")).data

        assert asyncio.run(main())[:2] == ["sse", f"{mount}/up/there"]


def test_a_prefix_that_a_proxy_takes_away_is_told() -> None:
    """Where the ASGI server knows of it, as its root path."""
    app = server().http_app(transport="sse")

    async def behind_proxy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["root_path"] = "/api"
            scope["path"] = "/api" + scope["path"]
        await app(scope, receive, send)

    with served(behind_proxy) as base, opened(base) as legacy:
        assert legacy.place.startswith("/api/messages/?session_id=")


def test_no_mount_leads_messages_to_another_host() -> None:
    """A path from outside that begins with two slashes would be taken for a host's name."""
    app = Starlette(routes=[Mount("/{tenant:path}/v1", server().http_app(transport="sse"))])
    with served(app, lifespan="off") as base, opened(base, "//evil.example/v1/sse") as legacy:
        assert legacy.place.startswith("/evil.example/v1/messages/?")


@pytest.mark.parametrize("path", ["http://x.example/messages", "//x.example/m", "/m?a=b", "/m#a"])
def test_a_place_that_is_no_path_is_refused(path: str) -> None:
    """Before anybody connects, by name."""
    with pytest.raises(ConfigurationError, match=r"message_path="):
        server().http_app(transport="sse", message_path=path)


@pytest.mark.parametrize(
    "make",
    [
        lambda mcp: mcp.http_app(transport="sse"),
        lambda mcp: mcp.sse_app(),
        lambda mcp: create_sse_app(mcp, "/messages/", "/sse"),
    ],
    ids=["http_app", "sse_app", "create_sse_app"],
)
def test_it_warns_once_that_it_is_deprecated(make: Any) -> None:
    """Where the application is made, in words that name the cure."""
    with pytest.warns(FastMCPDeprecationWarning, match='use transport="http"') as caught:
        make(server())

    made = make.__code__.co_firstlineno
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, made)]


# Everything of MCP


def test_everything_works_over_it(base: str) -> None:
    """Results, progress, logs, questions of three kinds, state, headers, changes."""
    heard: list[Any] = []

    async def fill_in(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return {"value": "blue"}

    async def main() -> Any:
        client = Client(
            SSETransport(base + "/sse", headers={"x-said": "hello"}),
            timeout=SECONDS,
            roots=["file:///work"],
            sampling_handler=lambda messages, params, context: "Paris",
            elicitation_handler=fill_in,
            log_handler=lambda message: heard.append(message.data["msg"]),
            progress_handler=lambda done, total, message: heard.append((done, total)),
            message_handler=lambda message: heard.append(getattr(message, "method", None)),
        )
        async with client:
            assert client.protocol_version == HANDSHAKE
            await client.call_tool("remember", {"value": "kept"})
            assert (await client.call_tool("recall")).data == "kept"
            assert (await client.call_tool("work")).data == "done"
            assert (await client.call_tool("ask_all")).data == ["blue", "Paris", "file:///work"]
            assert [item.text for item in await client.read_resource("config://app")] == [
                "debug=false"
            ]
            await client.subscribe_resource("config://app")
            await client.call_tool("change")
            sums = [client.call_tool("add", {"a": n, "b": n}) for n in range(50)]
            assert [one.data for one in await asyncio.gather(*sums)] == [2 * n for n in range(50)]
            return (await client.call_tool("where")).data

    transport, path, said, session = asyncio.run(main())

    assert (transport, path, said) == ("sse", "/messages/", "hello")
    assert re.fullmatch("[0-9a-f]{32}", session)
    assert [step for step in heard if isinstance(step, tuple)] == [(1, 3), (2, 3), (3, 3)]
    changes = {f"notifications/{kind}/list_changed" for kind in ("tools", "resources", "prompts")}
    assert {"almost", "notifications/resources/updated", *changes} <= {*heard}


def test_clients_have_state_of_their_own(base: str) -> None:
    """What one remembers is nothing to another."""
    with introduced(base) as first, introduced(base) as second:
        first.ask(call("remember", 1, value="secret"))
        recalled = [one.ask(call("recall", 2))["result"]["content"] for one in (first, second)]

    assert [[item["text"] for item in content] for content in recalled] == [["secret"], []]


def test_a_cancelled_call_stops_and_is_not_answered(base: str) -> None:
    """The next message is the answer to something else."""
    with introduced(base) as legacy:
        legacy.send(call("wait", 1, name="cancel"))
        wait_until(lambda: "cancel" in CALLS)
        legacy.send(notification("notifications/cancelled", requestId=1))
        assert legacy.ask(request("ping", 2))["id"] == 2

    assert CALLS["cancel"] == "cancelled"


def test_a_client_that_leaves_ends_its_session_and_its_calls(base: str) -> None:
    """Its place for messages is gone at once."""
    with introduced(base) as legacy:
        legacy.send(call("wait", 1, name="leave"))
        wait_until(lambda: "leave" in CALLS)
    wait_until(lambda: CALLS["leave"] == "cancelled")

    assert httpx2.post(legacy.url, json=request("ping")).status_code == 404


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18", HANDSHAKE])
def test_every_handshake_revision_is_spoken(base: str, revision: str) -> None:
    """The client's own, and batches in the one that has them."""
    batch = [request("ping", 2), notification("nothing"), 7, request("ping", 3), request("ping", 3)]
    with opened(base) as legacy:
        assert legacy.introduce(revision)["protocolVersion"] == revision
        response = legacy.post(batch)
        if revision == "2025-03-26":
            answers = [legacy.events.message() for _ in range(4)]
            assert response.status_code == 202
            assert sorted(str(a["id"]) for a in answers) == ["2", "3", "3", "None"]
            assert [a["error"]["code"] for a in answers if "error" in a] == [-32600, -32600]
        else:
            assert response.status_code == 400
            assert response.json()["error"]["code"] == -32600


def test_the_modern_era_is_not_spoken(base: str) -> None:
    """A client that tries it is told on the stream, and can go on with a handshake."""
    with opened(base) as legacy:
        refused = legacy.ask(enveloped(request("server/discover")))["error"]
        agreed = legacy.introduce("2026-07-28")["protocolVersion"]

    assert refused["code"] == -32600
    assert "streamable HTTP" in refused["message"]
    assert agreed == HANDSHAKE


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_official_client_uses_it(base: str, mode: Any) -> None:
    """It calls, is told of progress and is asked, whichever era it tries first."""
    steps: list[float] = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        steps.append(done)

    async def main() -> list[str]:
        async with official.Client(sse_client(base + "/sse"), mode=mode) as client:
            await client.call_tool("work", {}, progress_callback=on_progress)
            result = await client.call_tool("add", {"a": 2, "b": 3})
            return [client.protocol_version, result.content[0].text]  # type: ignore[union-attr]

    assert asyncio.run(main()) == [HANDSHAKE, "5"]
    assert steps == [1, 2, 3]


# Its end


def test_calls_are_answered_before_the_server_ends() -> None:
    """A stream on which nothing is due ends at once, another one after its answers."""
    mcp = FastMCP("x")
    begun, release = asyncio.Event(), asyncio.Event()

    @mcp.tool
    async def hold() -> str:
        begun.set()
        await release.wait()
        return "x" * 300_000

    async def main() -> Any:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/sse"
            serving = asyncio.create_task(
                mcp.run_async("sse", sockets=[listener], log_level="error")
            )
            async with Client(SSETransport(url)) as idle, Client(SSETransport(url)) as busy:
                answer = asyncio.create_task(busy.call_tool("hold"))
                await begun.wait()
                serving.cancel()
                while idle.is_connected():
                    await asyncio.sleep(0.01)
                assert not answer.done()
                release.set()
                text = (await answer).data
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            return text

    assert asyncio.run(main()) == "x" * 300_000


def test_a_session_leaves_nothing_behind() -> None:
    """No descriptor and no thread: of clients that end in order, and of those that do not."""

    async def one(url: str) -> None:
        async with Client(SSETransport(url), timeout=SECONDS) as client:
            await client.call_tool("add", {"a": 1, "b": 2})

    with nothing_left(), served(server().http_app(transport="sse")) as base:
        asyncio.run(one(base + "/sse"))
        host, port = base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as cut:
            cut.sendall(b"GET /sse HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            with cut.makefile("rb") as lines:
                assert b"event: endpoint\r\n" in iter(lines.readline, b"")
