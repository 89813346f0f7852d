"""Area W, row by row: systems of several servers and clients."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from apps import call, initialize, request, served
from processes import free_port, stdio_server
from reaching import Reach

from fastmcp import Client, FastMCP
from fastmcp.client import MCPClient, MultiServerClient
from fastmcp.composition import ServerComposer
from fastmcp.proxy import ServerProxy
from fastmcp.testing import create_test_client

Script = Callable[..., Path]


# S332: backends behind one server


def backends() -> list[FastMCP]:
    servers: list[FastMCP] = []
    for i in range(3):
        server = FastMCP(f"Backend {i}")

        @server.tool
        def process_request(data: str, server_id: int = i) -> dict[str, Any]:
            return {"server_id": server_id, "processed": data.upper()}

        servers.append(server)
    return servers


class LoadBalancer:
    def __init__(self, servers: list[FastMCP], strategy: str = "round_robin") -> None:
        self.servers = servers
        self.strategy = strategy
        self.current = 0

    def get_server(self) -> FastMCP:
        if self.strategy == "random":
            return random.choice(self.servers)
        server = self.servers[self.current]
        self.current = (self.current + 1) % len(self.servers)
        return server


@pytest.mark.parametrize("strategy", ["round_robin", "random"])
def test_s332_a_balancer_of_ones_own_chooses_a_backend(
    strategy: str, reach: Reach, mode: str
) -> None:
    """In a tool of a proxy, by a blocking call whose result may be changed."""
    balancer = LoadBalancer(backends(), strategy)
    proxy = ServerProxy("Load Balanced Proxy")

    @proxy.tool
    def process_request(data: str) -> dict:  # type: ignore[type-arg]
        selected_server = balancer.get_server()
        result = selected_server.call_tool("process_request", {"data": data})
        result["backend"] = selected_server.name  # type: ignore[index]
        return result  # type: ignore[return-value]

    async def main(target: Any) -> list[Any]:
        async with Client(target, mode=mode) as client:
            return [
                (await client.call_tool("process_request", {"data": "x"})).data for _ in range(12)
            ]

    results = asyncio.run(main(reach(proxy)))

    assert all(each["processed"] == "X" for each in results)
    assert all(each["backend"] == f"Backend {each['server_id']}" for each in results)
    numbers = [each["server_id"] for each in results]
    assert set(numbers) <= {0, 1, 2}
    if strategy == "round_robin":
        assert numbers == [0, 1, 2] * 4


def test_s332_a_proxy_balances_by_itself() -> None:
    """Over the same servers, in turn."""
    proxy = ServerProxy("Balanced", backends=backends())

    async def main() -> Counter[int]:
        async with Client(proxy) as client:
            calls = [
                (await client.call_tool("process_request", {"data": "x"})).data["server_id"]
                for _ in range(9)
            ]
            return Counter(calls)

    assert asyncio.run(main()) == {0: 3, 1: 3, 2: 3}


# S333: a workflow over services

ORCHESTRA = """
    import sys
    from fastmcp import FastMCP
    from fastmcp.composition import ServerComposer

    auth_server = FastMCP("Authentication Service")
    data_server = FastMCP("Data Service")
    mail_server = FastMCP("Notification Service")

    @auth_server.tool
    def authenticate_user(username: str, password: str) -> dict:
        return {"authenticated": password == "secret", "user_id": f"user-{username}"}

    @data_server.tool
    def get_user_data(user_id: str) -> dict:
        return {"user_id": user_id, "plan": "premium"}

    @data_server.resource("data/schema")
    def schema() -> str:
        return "{}"

    @mail_server.tool
    async def send_notification(user_id: str, message: str) -> dict:
        return {"sent": True, "to": user_id, "message": message}

    composer = ServerComposer("Unified Service Platform")
    composer.add_server("auth", auth_server)
    composer.add_server("data", data_server)
    composer.add_server("notify", mail_server)

    @composer.workflow
    def complete_user_workflow(username: str, password: str) -> dict:
        auth = composer.call_tool(
            "auth", "authenticate_user", {"username": username, "password": password}
        )
        if not auth["authenticated"]:
            return {"error": "Authentication failed"}
        user = composer.call_tool("data", "get_user_data", {"user_id": auth["user_id"]})
        notice = composer.call_tool(
            "notify",
            "send_notification",
            {"user_id": user["user_id"], "message": f"Welcome, {user['plan']}"},
        )
        return {"user": user, "notification": notice}

    if __name__ == "__main__":
        notice = complete_user_workflow("ann", "secret")["notification"]
        print(notice["message"], file=sys.stderr)
        composer.run()
"""


def test_s333_a_workflow_uses_several_services(script: Script) -> None:
    """Called directly before the server runs, and by a client over stdio."""
    with stdio_server([script(ORCHESTRA)]) as server:
        server.ask(initialize())
        names = {tool["name"] for tool in server.ask(request("tools/list"))["result"]["tools"]}
        assert names == {
            "complete_user_workflow",
            "auth_authenticate_user",
            "data_get_user_data",
            "notify_send_notification",
        }
        good = server.ask(call("complete_user_workflow", username="ann", password="secret"))
        assert good["result"]["structuredContent"] == {
            "user": {"user_id": "user-ann", "plan": "premium"},
            "notification": {"sent": True, "to": "user-ann", "message": "Welcome, premium"},
        }
        bad = server.ask(call("complete_user_workflow", username="ann", password="wrong"))
        assert bad["result"]["structuredContent"] == {"error": "Authentication failed"}
        assert server.finish() == 0
    assert server.errors.startswith("Welcome, premium")


def test_s333_workflows_run_at_the_same_time() -> None:
    """Each waits in a thread for several calls; none waits for another."""
    service, composer = FastMCP("Slow"), ServerComposer("Composed")
    composer.add_server("slow", service)

    @service.tool
    async def step(number: int) -> int:
        await asyncio.sleep(0.05)
        return number + 1

    @composer.workflow
    def three(number: int) -> int:
        for _ in range(3):
            number = composer.call_tool("slow", "step", {"number": number})  # type: ignore[assignment]
        return number

    async def main() -> list[int]:
        async with Client(composer) as client:
            calls = (client.call_tool("three", {"number": number}) for number in range(50))
            return [result.data for result in await asyncio.gather(*calls)]

    begun = time.monotonic()
    assert asyncio.run(main()) == [number + 3 for number in range(50)]
    assert time.monotonic() - begun < 50 * 0.15


# S334: a manager of several servers


def service(name: str) -> FastMCP:
    mcp = FastMCP(name)

    @mcp.tool
    def status() -> dict[str, str]:
        return {"server": name}

    mcp.tool(lambda: name, name=f"only_{name}")

    @mcp.resource("config/database")
    def config() -> str:
        return name

    return mcp


class MultiServerManager:
    """What people write over simple clients."""

    def __init__(self) -> None:
        self.clients: dict[str, MCPClient] = {}
        self.server_info: dict[str, Any] = {}

    def add_server(self, name: str, url: str) -> bool:
        client = MCPClient(url)
        try:
            info = client.get_server_info()
        except Exception as error:
            client.close()
            self.server_info[name] = {"error": str(error)}
            return False
        self.clients[name] = client
        self.server_info[name] = {
            "name": info["name"],
            "tools": [tool["name"] for tool in client.list_tools()],
            "resources": [resource["name"] for resource in client.list_resources()],
        }
        return True

    def find_tool(self, tool: str) -> list[str]:
        return [name for name in self.clients if tool in self.server_info[name]["tools"]]

    def broadcast(self, tool: str) -> dict[str, Any]:
        return {name: client.call_tool(tool, {}) for name, client in self.clients.items()}

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


def test_s334_a_manager_of_ones_own_has_several_servers() -> None:
    """Two that answer, and one that is not there."""
    manager = MultiServerManager()
    with ExitStack() as stack:
        stack.callback(manager.close)
        for name in ("north", "south"):
            assert manager.add_server(name, stack.enter_context(served(service(name).http_app())))
        assert not manager.add_server("dead", f"http://127.0.0.1:{free_port()}")

        assert manager.find_tool("status") == ["north", "south"]
        assert manager.find_tool("only_south") == ["south"]
        assert manager.broadcast("status") == {
            "north": {"server": "north"},
            "south": {"server": "south"},
        }
        assert manager.server_info["north"]["resources"] == ["config"]
        assert "connection" in manager.server_info["dead"]["error"].lower()


def test_s334_the_client_for_several_servers_does_the_same() -> None:
    """By its own methods."""
    with ExitStack() as stack:
        urls = {
            name: {"url": stack.enter_context(served(service(name).http_app()))}
            for name in ("north", "south")
        }
        urls["dead"] = {"url": f"http://127.0.0.1:{free_port()}"}
        client = MultiServerClient(urls)
        stack.callback(client.close_all)

        assert client.call_tool("south", "status", {}) == {"server": "south"}
        assert set(client.find_tool("status")) == {"north", "south"}
        answers = client.broadcast_tool_call("status", {})
        assert answers["north"] == {"server": "north"}
        assert answers["south"] == {"server": "south"}
        assert "connection" in str(answers["dead"]).lower()


# S335: a client that tries again

AGAIN = ("timeout", "connection", "network", "502", "503", "504")


class RobustMCPClient:
    """What people write: it tries again when an error sounds like that of a connection."""

    def __init__(self, url: str, max_retries: int = 3) -> None:
        self.url = url
        self.max_retries = max_retries
        self.waits: list[float] = []
        self.client: MCPClient | None = None

    def connect(self) -> MCPClient:
        if self.client is None:
            self.client = MCPClient(self.url)
        return self.client

    def call_tool_with_retry(self, name: str, arguments: dict[str, Any]) -> Any:
        for attempt in range(self.max_retries):
            try:
                return {"success": True, "result": self.connect().call_tool(name, arguments)}
            except Exception as error:
                if not any(word in str(error).lower() for word in AGAIN):
                    return {"success": False, "error": str(error), "retryable": False}
                self.waits.append(2**attempt / 100)
                time.sleep(self.waits[-1])
                self.close()
        return {"success": False, "error": "Max retries exceeded", "retryable": True}

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None


def test_s335_a_robust_client_tells_what_is_worth_a_retry() -> None:
    """A result and a tool's error come at once; a server that is gone is tried again and again."""
    mcp = FastMCP("x")

    @mcp.tool
    def divide(a: float, b: float) -> float:
        if b == 0:
            raise ValueError("Cannot divide by zero")
        return a / b

    with served(mcp.http_app()) as base:
        robust = RobustMCPClient(base)
        good = robust.call_tool_with_retry("divide", {"a": 6, "b": 2})
        assert good == {"success": True, "result": 3}
        for name, arguments, said in [
            ("divide", {"a": 1, "b": 0}, "Cannot divide by zero"),
            ("nonexistent_tool", {}, "nonexistent_tool"),
            ("divide", {"a": 1}, "b"),
        ]:
            outcome = robust.call_tool_with_retry(name, arguments)
            assert (outcome["success"], outcome["retryable"]) == (False, False)
            assert said in outcome["error"]
        assert robust.waits == []
        robust.close()

    gone = robust.call_tool_with_retry("divide", {"a": 6, "b": 2})
    assert gone == {"success": False, "error": "Max retries exceeded", "retryable": True}
    assert len(robust.waits) == 3
    robust.close()


def test_s335_the_server_comes_back_while_it_is_tried() -> None:
    """A new client of the same URL reaches it."""
    mcp = FastMCP("x")
    mcp.tool(lambda: "here", name="where")
    port = free_port()
    robust = RobustMCPClient(f"http://127.0.0.1:{port}", max_retries=50)
    with contextlib.closing(create_test_client(mcp)) as direct:
        assert direct.call_tool("where") == "here"

    config = uvicorn.Config(mcp.http_app(), port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Timer(0.2, server.run)
    thread.start()
    try:
        outcome = robust.call_tool_with_retry("where", {})
        assert outcome == {"success": True, "result": "here"}
        assert robust.waits
    finally:
        robust.close()
        server.should_exit = True
        thread.join(20)
