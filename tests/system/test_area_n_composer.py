"""Area N: servers made of servers, row by row."""

from __future__ import annotations

import asyncio
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import http
from processes import SECONDS, free_port, listening, run_python
from reaching import Reach, used

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.composition import ServerComposer
from fastmcp.exceptions import NotFoundError

PLATFORM = """
    from fastmcp import FastMCP
    from fastmcp.composition import ServerComposer

    auth_server = FastMCP("Authentication Service")
    data_server = FastMCP("Data Service")
    notify_server = FastMCP("Notification Service")

    @auth_server.tool
    def authenticate_user(username: str, password: str) -> dict:
        if password != "secret":
            return {"authenticated": False}
        return {"authenticated": True, "user_id": f"id-{username}"}

    @data_server.tool
    def get_user_data(user_id: str) -> dict:
        return {"user_id": user_id, "plan": "pro"}

    @notify_server.tool
    async def send_notification(user_id: str, message: str) -> dict:
        return {"sent": True, "to": user_id, "message": message}

    composer = ServerComposer("Unified Service Platform")
    composer.add_server("auth", auth_server)
    composer.add_server("data", data_server)
    composer.add_server("notify", notify_server)

    @composer.workflow
    def complete_user_workflow(username: str, password: str) -> dict:
        '''Authenticate a user, fetch what is known of them, and tell them.'''
        auth_result = composer.call_tool("auth", "authenticate_user", {
            "username": username, "password": password,
        })
        if not auth_result["authenticated"]:
            return {"error": "Authentication failed"}
        data = composer.call_tool("data", "get_user_data", {"user_id": auth_result["user_id"]})
        told = composer.call_tool("notify", "send_notification", {
            "user_id": auth_result["user_id"], "message": "Welcome back",
        })
        return {"user": data, "notified": told["sent"]}

    if __name__ == "__main__":
        composer.run()
"""
DONE = {"user": {"user_id": "id-ada", "plan": "pro"}, "notified": True}
ADA = {"username": "ada", "password": "secret"}
TOOLS = [
    "complete_user_workflow",
    "auth_authenticate_user",
    "data_get_user_data",
    "notify_send_notification",
]


def platform() -> dict[str, Any]:
    """The names of the platform's module."""
    names: dict[str, Any] = {"__name__": "platform_server"}
    exec(textwrap.dedent(PLATFORM), names)
    return names


def test_s223_a_composer_is_a_server(reach: Reach, mode: str) -> None:
    """Imported and constructed as it is written, and asked as any other."""
    from fastmcp.composition import ServerComposer

    composer = ServerComposer("Unified Service Platform")

    async def use(client: Client) -> Any:
        return client.server_info.name, await client.list_tools()

    assert used(reach(composer), use, mode=mode) == ("Unified Service Platform", [])


def test_s224_what_is_added_appears_in_its_namespace_and_live(reach: Reach, mode: str) -> None:
    """Tools, resources, templates and prompts; a later tool, too."""
    auth = FastMCP("auth")
    auth.tool(lambda username: username, name="authenticate_user")
    auth.resource("data://users", name="users")(lambda: "ada")
    auth.resource("data://users/{id}", name="user")(lambda id: f"user {id}")
    auth.prompt(lambda: "Log in", name="log_in")
    composer = ServerComposer("x")
    composer.add_server("auth", auth)
    target = reach(composer)
    auth.tool(lambda: "late", name="later")

    async def use(client: Client) -> Any:
        return (
            [tool.name for tool in await client.list_tools()],
            [resource.uri for resource in await client.list_resources()],
            [each.uri_template for each in await client.list_resource_templates()],
            [prompt.name for prompt in await client.list_prompts()],
            (await client.call_tool("auth_authenticate_user", {"username": "ada"})).data,
            (await client.read_resource("data://auth/users/7"))[0].text,
            (await client.get_prompt("auth_log_in")).messages[0].content.text,
            (await client.call_tool("auth_later")).data,
        )

    assert used(target, use, mode=mode) == (
        ["auth_authenticate_user", "auth_later"],
        ["data://auth/users"],
        ["data://auth/users/{id}"],
        ["auth_log_in"],
        "ada",
        "user 7",
        "Log in",
        "late",
    )


def test_s225_a_workflow_is_a_tool_and_a_function(reach: Reach, mode: str) -> None:
    """Called through a client, and directly."""
    names = platform()

    async def use(client: Client) -> Any:
        tools = {tool.name: tool for tool in await client.list_tools()}
        schema = tools["complete_user_workflow"].input_schema
        assert list(tools) == TOOLS
        assert schema["required"] == ["username", "password"]
        return (await client.call_tool("complete_user_workflow", ADA)).data

    assert used(reach(names["composer"]), use, mode=mode) == DONE
    assert names["complete_user_workflow"](**ADA) == DONE
    assert names["complete_user_workflow"]("ada", "x") == {"error": "Authentication failed"}


def test_s226_call_tool_blocks_in_plain_code_and_is_awaited_in_async_code(mode: str) -> None:
    """At top level, in a worker thread inside of a workflow, and on the loop."""
    names = platform()
    composer = names["composer"]

    @composer.workflow
    async def on_the_loop(username: str) -> dict[str, Any]:
        arguments = {"username": username, "password": "secret"}
        answer = await composer.call_tool("auth", "authenticate_user", arguments)
        answer["mine"] = True
        return answer

    async def use(client: Client) -> Any:
        by_hand = await composer.call_tool("auth", "authenticate_user", ADA)
        by_client = await client.call_tool("on_the_loop", {"username": "ada"})
        return by_hand, by_client.data

    value = {"authenticated": True, "user_id": "id-ada"}
    assert composer.call_tool("auth", "authenticate_user", ADA) == value
    assert used(composer, use, mode=mode) == (value, {**value, "mine": True})


@pytest.mark.parametrize(
    ("server", "tool", "message"),
    [
        ("auht", "authenticate_user", "There is no server 'auht'; did you mean 'auth'?"),
        ("auth", "authenticate", "has no tool 'authenticate'; did you mean 'authenticate_user'?"),
        ("data", "send_notification", "The server 'data' has no tool 'send_notification'"),
    ],
)
def test_s226_what_is_unknown_is_told(server: str, tool: str, message: str) -> None:
    """In plain code, and in async code."""
    composer = platform()["composer"]

    async def use() -> Any:
        return await composer.call_tool(server, tool, {})

    for call in (lambda: composer.call_tool(server, tool, {}), lambda: asyncio.run(use())):
        with pytest.raises(NotFoundError) as caught:
            call()
        assert message in str(caught.value)


def test_s226_workflows_inside_of_each_other_do_not_run_out_of_threads() -> None:
    """More at once than there are worker threads, each of which waits for another."""
    composer = ServerComposer("deep")
    inner = FastMCP("inner")
    composer.add_server("inner", inner)

    @inner.tool
    def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + composer.call_tool("inner", "down", {"depth": depth - 1})

    async def use(client: Client) -> list[int]:
        calls = [client.call_tool("inner_down", {"depth": 8}) for _ in range(50)]
        return [each.data for each in await asyncio.gather(*calls)]

    assert used(composer, use) == [8] * 50


def test_s227_a_composer_runs_on_stdio(script: Callable[..., Path]) -> None:
    """As it is written: with `composer.run()`."""
    command = StdioTransport(sys.executable, [str(script(PLATFORM))])

    async def use(client: Client) -> Any:
        names = [tool.name for tool in await client.list_tools()]
        return names, (await client.call_tool("complete_user_workflow", ADA)).data

    assert used(command, use) == (TOOLS, DONE)


def test_s227_a_composer_runs_on_http(script: Callable[..., Path], log: Path) -> None:
    """With the REST view of its tools."""
    port = free_port()
    source = textwrap.dedent(PLATFORM).replace("composer.run()", f"composer.run_http(port={port})")
    with listening([sys.executable, script(source)], log, port) as server:
        base = server.url.removesuffix("/mcp")
        answer = httpx2.post(f"{base}/tools/complete_user_workflow", json=ADA, timeout=SECONDS)

        async def use(client: Client) -> Any:
            return (await client.call_tool("complete_user_workflow", ADA)).data

        assert used(server.url, use) == DONE
    assert DONE in (answer.json(), answer.json().get("result"))


def test_s227_a_workflow_is_called_from_a_script(script: Callable[..., Path]) -> None:
    """Without a client and without a loop."""
    ending = "print(complete_user_workflow('ada', 'secret'))"
    source = textwrap.dedent(PLATFORM).replace("composer.run()", ending)

    done = run_python(str(script(source)))

    assert done.stdout.strip() == str(DONE), done.stderr


def test_s231_call_tool_of_a_server_needs_no_await_in_plain_code(mode: str) -> None:
    """A dict of the caller's own, whose changes stay with it; errors are raised."""
    worker = FastMCP("worker")
    kept = {"data": "kept"}

    @worker.tool
    def process_request(data: str) -> dict[str, Any]:
        if data == "bad":
            raise ValueError("bad data")
        return kept

    proxy = FastMCP("front")

    @proxy.tool
    def handle(data: str) -> dict[str, Any]:
        result: Any = worker.call_tool("process_request", {"data": data})
        result["server_id"] = 1
        return result

    async def use(client: Client) -> Any:
        return (await client.call_tool("handle", {"data": "x"})).data

    assert worker.call_tool("process_request", {"data": "x"}) == {"data": "kept"}
    assert used(proxy, use, mode=mode) == {"data": "kept", "server_id": 1}
    assert kept == {"data": "kept"}
    with pytest.raises(ValueError, match="bad data"):
        worker.call_tool("process_request", {"data": "bad"})  # type: ignore[unused-coroutine]


def test_s231_fifty_calls_within_calls_do_not_wait_for_each_other(mode: str) -> None:
    """Each blocks a thread until the one inside of it has ended."""
    mcp = FastMCP("deep")

    @mcp.tool
    def down(depth: int) -> int:
        value: Any = 0 if depth == 0 else mcp.call_tool("down", {"depth": depth - 1})
        return value + (depth > 0)

    async def use(client: Client) -> Any:
        deep = (await client.call_tool("down", {"depth": 50})).data
        calls = [client.call_tool("down", {"depth": 3}) for _ in range(50)]
        return deep, [each.data for each in await asyncio.gather(*calls)]

    began = time.monotonic()
    assert used(mcp, use, mode=mode) == (50, [3] * 50)
    assert time.monotonic() - began < SECONDS


def test_s235_a_server_is_mounted_in_another(reach: Reach, mode: str) -> None:
    """Live, with a namespace and without."""
    main, sub = FastMCP("main"), FastMCP("sub")
    main.mount(sub, "sub")
    target = reach(main)
    sub.tool(lambda: "from sub", name="hello")

    async def use(client: Client) -> Any:
        return (
            [tool.name for tool in await client.list_tools()],
            (await client.call_tool("sub_hello")).data,
        )

    assert used(target, use, mode=mode) == (["sub_hello"], "from sub")


def test_s236_custom_routes_of_composed_servers_are_served() -> None:
    """By a composer and by what servers are mounted in, at any depth; later ones, too."""
    sub, composer, main = FastMCP("sub"), ServerComposer("composer"), FastMCP("main")
    composer.add_server("sub", sub)
    main.mount(composer, "all")

    @sub.custom_route("/status", methods=["GET"])
    async def status() -> dict[str, str]:
        return {"status": "ok"}

    for server in (composer, main):
        with http(server) as mcp:
            path = f"/late/{server.name}"
            sub.custom_route(path, methods=["GET"])(lambda: "late")
            assert mcp.client.get(f"{mcp.base}/status").json() == {"status": "ok"}
            assert mcp.client.get(mcp.base + path).text == "late"
