"""Tools that run as tasks, behind proxies: in each era on both sides, over each transport."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from apps import HANDSHAKE, MODERN, served
from tasks.talking import talking

from fastmcp import Client, Context, FastMCP
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import McpError, StoreUnavailable, ToolError
from fastmcp.proxy import ServerProxy
from fastmcp.server import create_proxy
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.server.dependencies import get_http_headers
from fastmcp.server.providers.proxy import FastMCPProxy, ProxyClient

from . import task_server
from .ways import Servers

SECONDS = 20
BEHIND = ["memory", "stdio", "http"]
# What is spoken with the server behind: `auto` is the modern era.
BEHIND_MODES = ["auto", "legacy"]
FRONT_MODES = {HANDSHAKE: "legacy", MODERN: "auto"}


@pytest.fixture(scope="module")
def servers() -> Generator[Servers]:
    """What is behind the proxies."""
    with ExitStack() as stack:
        yield Servers(task_server, stack)


@pytest.fixture(params=BEHIND)
def behind(request: pytest.FixtureRequest, servers: Servers) -> Any:
    return servers[request.param]


every_way = pytest.mark.parametrize("mode", BEHIND_MODES)
in_both_eras = pytest.mark.parametrize("front", FRONT_MODES)


async def answer(message: str, *_: Any) -> ElicitResult:
    """Answers every question with what it asks for."""
    return ElicitResult(action="accept", content={"value": message.removesuffix("?")})


def used(
    proxy: FastMCP, front: str, use: Callable[[Client], Awaitable[Any]], **options: Any
) -> Any:
    """What comes of using a client of a proxy."""
    options = {"elicitation_handler": answer, **options}

    async def main() -> Any:
        client = Client(proxy, timeout=SECONDS, mode=FRONT_MODES[front], **options)
        async with asyncio.timeout(SECONDS), client:
            return await use(client)

    return asyncio.run(main())


@in_both_eras
@every_way
@pytest.mark.parametrize("depth", [1, 2])
def test_a_tool_behind_runs_as_a_task(behind: Any, mode: str, front: str, depth: int) -> None:
    """It is a task for the client, with the status, the result, and the questions."""
    proxy = create_proxy(behind, mode=mode)
    if depth == 2:
        proxy = create_proxy(proxy)

    async def use(client: Client) -> None:
        task = await client.call_tool("add", {"a": 1, "b": 2}, task=True)
        assert not task.returned_immediately
        assert (await task.result()).data == 3
        assert (await task.status()).status == "completed"
        task = await client.call_tool("greet", task=True)
        assert not task.returned_immediately
        assert (await task.wait(state="input_required")).status == "input_required"
        assert (await task.result()).data == "First name Last name"
        with pytest.raises(ToolError, match="that did not work"):
            await (await client.call_tool("wrong", task=True)).result()

    used(proxy, front, use)


async def until(client: Client, name: str, state: str) -> None:
    """Wait until `wait` is so behind."""
    while (await client.call_tool("state", {"name": name})).data != state:
        await asyncio.sleep(0.01)


@in_both_eras
@every_way
def test_a_task_behind_is_heard_of_and_cancelled(behind: Any, mode: str, front: str) -> None:
    """What it reports is its status; cancelled here it ends there, also while it asks."""

    async def use(client: Client) -> None:
        name = f"{front} {mode} {id(behind)}"
        task = await client.call_tool("wait", {"name": name}, task=True)
        while (await task.status()).status_message != "halfway":
            await asyncio.sleep(0.01)
        await task.cancel()
        assert (await task.status()).status == "cancelled"
        await until(client, name, "cancelled")

        task = await client.call_tool("asks", {"name": name}, task=True)
        await task.wait(state="input_required")
        await task.cancel()
        while not (await client.call_tool("all_cancelled", {"name": name})).data:
            await asyncio.sleep(0.01)

    used(create_proxy(behind, mode=mode), front, use)


@in_both_eras
@every_way
def test_a_call_is_as_it_is_without_a_proxy(behind: Any, mode: str, front: str) -> None:
    """It is waited for, unless the client wants a task."""

    async def use(client: Client) -> None:
        assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
        assert (await client.call_tool("greet")).data == "First name Last name"
        assert (await client.call_tool("plain", {"a": 1})).data == 1
        task = await client.call_tool("only_as_task", task=True)
        assert not task.returned_immediately
        assert (await task.result()).data == "done"
        if (front, mode) == (HANDSHAKE, "legacy"):
            with pytest.raises(ToolError, match="has to be called as a task"):
                await client.call_tool("only_as_task")
            with pytest.raises(ToolError, match="cannot be run as a task"):
                await client.call_tool("plain", {"a": 1}, task=True)
        else:
            assert (await client.call_tool("only_as_task")).data == "done"
            task = await client.call_tool("plain", {"a": 1}, task=True)
            assert task.returned_immediately == (front == MODERN)
            assert (await task.result()).data == 1
        task = await client.call_tool("refused", task=True)
        with pytest.raises(ToolError, match="not like this") as raised:
            await task.result()
        assert isinstance(raised.value, McpError)
        assert (raised.value.code, raised.value.data) == (-32099, {"why": 1})

    used(create_proxy(behind, mode=mode), front, use)


# Whose tasks they are, and who runs them


@in_both_eras
@every_way
def test_somebody_elses_task_is_not_to_be_had(mode: str, front: str) -> None:
    """The proxy knows whose its tasks are, whatever the server behind does."""

    async def main() -> None:
        proxy = create_proxy(task_server.mcp, mode=mode)
        async with talking(proxy, front) as ann, talking(proxy, front) as bob:
            ann.talk.connection.identity = LocalIdentity.of({"sub": "ann"})
            bob.talk.connection.identity = LocalIdentity.of({"sub": "bob"})
            id = (await ann.begin("greet"))["taskId"]
            await ann.until(id, "input_required")
            assert (await bob.error("tasks/get", taskId=id))["code"] == -32602
            assert (await bob.error("tasks/cancel", taskId=id))["code"] == -32602
            assert (await ann.get(id))["status"] == "input_required"

    asyncio.run(main())


@in_both_eras
@every_way
def test_a_task_goes_on_where_another_process_left_it(
    servers: Servers, tmp_path: Path, mode: str, front: str
) -> None:
    """It is not begun once more behind, and a question that was asked stays answerable."""
    url = f"sqlite:///{tmp_path}/tasks.db"
    name = f"{front} {mode}"

    def proxy() -> FastMCP:
        return create_proxy(servers["http"], mode=mode, name="front", docket=url)

    async def begin(client: Client) -> list[str]:
        waits = await client.call_tool("wait", {"name": name}, task=True)
        asks = await client.call_tool("greet", task=True)
        await asks.wait(state="input_required")
        while (await waits.status()).status_message != "halfway":
            await asyncio.sleep(0.01)
        return [waits.task_id, asks.task_id]

    async def go_on(client: Client) -> list[Any]:
        assert (await client.get_task_status(waits)).status == "working"
        await client.call_tool("release", {"name": name})
        results = [await client.get_task_result(id) for id in (waits, asks)]
        assert (await client.call_tool("begun", {"name": name})).data == 1
        return [result["content"][0]["text"] for result in results]

    waits, asks = used(proxy(), front, begin)

    assert used(proxy(), front, go_on) == ["released", "First name Last name"]


@in_both_eras
@every_way
def test_a_task_outlives_the_connection_of_its_client(
    servers: Servers, mode: str, front: str
) -> None:
    """Whoever was given its id gets the result over another one."""
    name = f"parted {front} {mode}"
    app = create_proxy(servers["http"], mode=mode).http_app()

    async def main(url: str) -> Any:
        async with Client(url, mode=FRONT_MODES[front], timeout=SECONDS) as client:
            id = (await client.call_tool("wait", {"name": name}, task=True)).task_id
            await until(client, name, "waiting")
        async with Client(url, mode=FRONT_MODES[front], timeout=SECONDS) as client:
            await client.call_tool("release", {"name": name})
            return await client.get_task_result(id)

    with served(app) as base:
        result = asyncio.run(main(base + "/mcp"))

    assert result["content"][0]["text"] == "released"


@in_both_eras
@every_way
@pytest.mark.parametrize("shared", [True, False])
def test_credentials_go_with_what_is_asked_of_a_task(
    servers: Servers, mode: str, front: str, shared: bool
) -> None:
    """Those of the caller, whenever the server behind is asked."""
    heard: list[str | None] = []

    def reach() -> ProxyClient:
        heard.append(get_http_headers().get("x-caller"))
        return ProxyClient(servers["http"], mode=mode)

    if shared:
        proxy = create_proxy(ProxyClient(servers["http"], mode=mode, forward_incoming_headers=True))
    else:
        proxy = FastMCPProxy(client_factory=reach)

    async def main(url: str) -> Any:
        transport = StreamableHttpTransport(url, headers={"x-caller": "ann"})
        async with Client(transport, mode=FRONT_MODES[front], timeout=SECONDS) as client:
            task = await client.call_tool("caller", task=True)
            assert not task.returned_immediately
            return (await task.result()).data

    with served(proxy.http_app()) as base:
        assert asyncio.run(main(base + "/mcp")) == ("ann" if shared else None)

    assert set(heard) == (set() if shared else {"ann"})


# Tasks of the proxy's alone, and of servers that it is a part of


@in_both_eras
@every_way
def test_a_server_without_tasks_is_called_in_those_of_the_proxy(mode: str, front: str) -> None:
    """Also where it asks something."""
    behind = FastMCP("behind")

    @behind.tool
    async def greet(ctx: Context) -> str:
        await ctx.report_progress(1, 2, "halfway")
        name = (await ctx.elicit("First name?", str)).data
        return f"{name} {(await ctx.elicit('Last name?', str)).data}"

    async def use(client: Client) -> str:
        task = await client.call_tool("greet", task=True)
        assert not task.returned_immediately
        return (await task.result()).data

    proxy = create_proxy(behind, mode=mode, tasks=True)
    assert used(proxy, front, use) == "First name Last name"


@in_both_eras
def test_a_server_that_is_mounted_as_a_proxy_has_tasks(front: str) -> None:
    """By the names that its tools have there."""
    host = FastMCP("host")
    host.mount(task_server.mcp, "in", as_proxy=True)

    @host.tool
    async def use_it() -> int:
        return await host.call_tool("in_add", {"a": 2, "b": 2})

    async def use(client: Client) -> Any:
        task = await client.call_tool("in_greet", task=True)
        assert not task.returned_immediately
        assert (await client.call_tool("use_it")).data == 4
        return (await task.result()).data

    assert used(host, front, use) == "First name Last name"


@in_both_eras
def test_a_task_stays_with_the_backend_that_it_was_begun_on(front: str) -> None:
    """Of several that share the work."""
    proxy = ServerProxy("front", backends={"one": task_server.make(), "two": task_server.make()})

    async def use(client: Client) -> list[Any]:
        tasks = [await client.call_tool("greet", task=True) for _ in range(3)]
        assert not any(task.returned_immediately for task in tasks)
        return [(await task.result()).data for task in tasks]

    assert used(proxy, front, use) == ["First name Last name"] * 3


def test_a_program_waits_for_a_tool_behind() -> None:
    """There is no client to be given a task."""

    async def main() -> Any:
        proxy = create_proxy(task_server.mcp)
        return await proxy.call_tool("only_as_task")

    assert asyncio.run(main()) == "done"


@in_both_eras
@every_way
def test_a_task_goes_on_behind_while_the_store_of_the_proxy_is_away(mode: str, front: str) -> None:
    """Nobody has cancelled it, and its question stays answerable."""
    proxy = create_proxy(task_server.make(), mode=mode)
    looked: list[str] = []

    async def use(client: Client) -> str:
        task = await client.call_tool("greet", task=True)
        await task.wait(state="input_required")
        service = proxy._parts.tasks.service()
        read = service.store.get

        async def away(id: str) -> Any:
            looked.append(id)
            raise StoreUnavailable("It is away")

        service.store.get = away
        service.watchers.changed(task.task_id)
        while not looked:
            await asyncio.sleep(0)
        service.store.get = read
        return (await task.result()).data

    assert used(proxy, front, use) == "First name Last name"
