"""Area G: run_http, its workers, and transports as objects, row by row."""

from __future__ import annotations

import asyncio
import os
import signal
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import call, initialize, request
from processes import HttpServer, http_server, stdio_server

import fastmcp.client.transports
from fastmcp import Client, FastMCP
from fastmcp.transports import HttpTransport, StdioTransport

TOOLS = """
    import os, time
    from fastmcp import Context, FastMCP

    mcp = FastMCP("tools")

    @mcp.tool
    def pid() -> int:
        return os.getpid()

    @mcp.tool
    def nap(seconds: float) -> str:
        time.sleep(seconds)
        return "rested"

    @mcp.tool
    def greet(name: str) -> str:
        return f"Hello, {name}"

    PORT = int(os.environ.get("PORT", 0))
"""

# As the documents write it: the same file is a development server and a production one.
BY_ENVIRONMENT = """
    if __name__ == "__main__":
        if os.environ.get("ENVIRONMENT") == "production":
            mcp.run_http(
                host="127.0.0.1",
                port=PORT,
                workers=4,
                log_level="warning",
                access_log=True,
                stateless_http=True,
            )
        else:
            mcp.run()
"""

Script = Callable[..., Path]


def program_of(lines: str) -> str:
    """The source of the server with these lines at its end."""
    return textwrap.dedent(TOOLS) + textwrap.dedent(lines)


def value(target: Any, tool: str, **arguments: Any) -> Any:
    async def main() -> Any:
        async with Client(target, timeout=20) as client:
            return (await client.call_tool(tool, arguments)).data

    return asyncio.run(main())


def test_s113_run_http_serves_mcp_the_rest_view_and_health(script: Script, log: Path) -> None:
    """It blocks, takes uvicorn's keywords, and everything is on the one port."""
    run = """
        mcp.run_http(
            host="127.0.0.1",
            port=PORT,
            log_level="info",
            access_log=True,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=30,
            headers=[("x-served-by", "tools")],
        )
        print("returned")
    """

    with http_server([script(program_of(run))], log) as server:
        base = server.url.removesuffix("/mcp")
        health = httpx2.get(f"{base}/health")
        listed = httpx2.get(f"{base}/tools").json()
        called = httpx2.post(f"{base}/tools/greet", json={"name": "Ada"})
        assert value(server.url, "greet", name="Ada") == "Hello, Ada"
        code = server.stop(signal.SIGINT)

    assert (health.status_code, health.headers["x-served-by"]) == (200, "tools")
    names = [tool["name"] for tool in (listed["tools"] if isinstance(listed, dict) else listed)]
    assert names == ["pid", "nap", "greet"]
    assert "Hello, Ada" in called.text
    assert '"GET /health HTTP/1.1" 200' in server.output
    assert (code, server.output.splitlines()[-1]) == (0, "returned")


def test_s113_run_alone_serves_mcp_and_nothing_beside_it(script: Script, log: Path) -> None:
    """run(transport="http") has no REST view and no /health of its own."""
    with http_server([script(program_of('mcp.run("http", port=PORT)'))], log) as server:
        base = server.url.removesuffix("/mcp")
        assert value(server.url, "greet", name="Ada") == "Hello, Ada"
        assert [httpx2.get(base + path).status_code for path in ("/health", "/tools")] == [404, 404]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"prot": 1}, "did you mean port="),
        ({"worker": 2}, "did you mean workers="),
        ({"timeout_keepalive": 2}, "did you mean timeout_keep_alive="),
        ({"reload": True}, "unexpected keyword argument 'reload'"),
        ({"message_path": "/m"}, "transport='sse' only"),
    ],
)
def test_s113_a_keyword_that_nobody_knows_is_a_type_error(wrong: dict[str, Any], hint: str) -> None:
    """With the one that was meant, also where it would be uvicorn's."""
    with pytest.raises(TypeError, match=r"run_http\(\)") as caught:
        FastMCP("x").run_http(**wrong)

    assert hint in str(caught.value)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    folder = tmp_path_factory.mktemp("production")
    program = folder / "server.py"
    program.write_text(program_of(BY_ENVIRONMENT), "utf-8")
    with http_server([program], folder / "log", env={"ENVIRONMENT": "production"}) as server:
        yield server


async def answering(url: str, calls: int) -> list[int]:
    """The pids that answer so many clients at once."""

    async def one() -> int:
        async with Client(url, timeout=20) as client:
            return (await client.call_tool("pid")).data

    return await asyncio.gather(*(one() for _ in range(calls)))


def test_s114_several_processes_answer_on_one_port(production: HttpServer) -> None:
    """run_http(workers=4) in a plain script: four processes answer, none of them the first one."""
    found: set[int] = set()
    deadline = time.monotonic() + 20
    while len(found) < 4 and time.monotonic() < deadline:
        found.update(asyncio.run(answering(production.url, 20)))

    assert len(found) == 4
    assert production.process.pid not in found


def test_s114_fifty_calls_at_once_all_succeed(production: HttpServer) -> None:
    """Whichever worker they come to."""
    assert len(asyncio.run(answering(production.url, 50))) == 50


def test_s114_the_same_script_is_a_stdio_server_elsewhere(script: Script) -> None:
    """Without ENVIRONMENT=production nothing of it is started."""
    with stdio_server([script(program_of(BY_ENVIRONMENT))]) as server:
        server.ask(initialize())
        answer = server.ask(call("pid"))
        assert answer["result"]["structuredContent"]["result"] == server.process.pid
        assert server.finish() == 0


def test_s124_transports_of_servers_are_not_those_of_clients() -> None:
    """fastmcp.transports has objects of its own under the same name."""
    assert StdioTransport is not fastmcp.client.transports.StdioTransport
    assert not isinstance(StdioTransport(), fastmcp.client.transports.ClientTransport)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (fastmcp.client.transports.StdioTransport("python", []), "is for a Client"),
        (fastmcp.client.transports.StreamableHttpTransport("http://x/mcp"), "is for a Client"),
        ("http", "run(transport='http')"),
        (8000, "not int"),
        (HttpTransport, "not type"),
    ],
)
def test_s124_run_with_transport_refuses_what_is_none(given: Any, hint: str) -> None:
    """A client's transport, a name or anything else is told from a server's."""
    with pytest.raises(TypeError, match=r"fastmcp\.transports") as caught:
        FastMCP("x").run_with_transport(given)

    assert hint in str(caught.value)


def test_s125_a_request_over_the_limit_is_an_error_and_idling_is_not(script: Script) -> None:
    """StdioTransport(timeout=0.5): a slow tool fails; a session that waits longer goes on."""
    run = """
        from fastmcp.transports import StdioTransport
        mcp.run_with_transport(StdioTransport(buffer_size=8192, timeout=0.5))
    """

    with stdio_server([script(program_of(run))]) as server:
        server.ask(initialize())
        began = time.monotonic()
        slow = server.ask(call("nap", 1, seconds=30))
        took = time.monotonic() - began
        while time.monotonic() - began < 1.2:  # longer than the limit, with nothing in between
            time.sleep(0.1)
        quick = server.ask(call("greet", 2, name="Ada"))
        long = server.ask(call("greet", 3, name="a" * 300_000))
        assert server.finish() == 0

    assert slow["error"]["code"] == 408
    assert "0.5 seconds" in slow["error"]["message"]
    assert took < 10
    assert quick["result"]["content"][0]["text"] == "Hello, Ada"
    assert len(long["result"]["content"][0]["text"]) == 300_007


def test_s125_the_buffer_is_how_much_is_read_at_a_time(script: Script) -> None:
    """buffer_size=1 takes a message byte by byte, and serves it all the same."""
    run = """
        from fastmcp.transports import StdioTransport
        reads, read = [], os.read

        def counted(fd, size):
            reads.append(size)
            return read(fd, size)

        @mcp.tool
        def sizes() -> list[int]:
            return sorted(set(reads))

        os.read = counted
        mcp.run_with_transport(StdioTransport(buffer_size=7))
    """

    with stdio_server([script(program_of(run))]) as server:
        server.ask(initialize())
        assert server.ask(call("sizes"))["result"]["structuredContent"] == {"result": [7]}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: StdioTransport(buffer_size=0),
        lambda: StdioTransport(timeout=-1),
        lambda: HttpTransport(request_timeout=0),
        lambda: HttpTransport(max_request_size=-5),
    ],
)
def test_s125_limits_have_to_be_greater_than_nothing(wrong: Callable[[], Any]) -> None:
    """A limit of 0 would refuse everything; it is refused itself."""
    with pytest.raises(ValueError, match="greater than 0"):
        wrong()


def test_s125_an_option_that_no_transport_has_is_a_type_error() -> None:
    """With the nearest one that it has."""
    with pytest.raises(TypeError, match="did you mean buffer_size="):
        StdioTransport(bufer_size=1)
    with pytest.raises(TypeError, match="did you mean request_timeout="):
        FastMCP("x").run_with_transport(HttpTransport(request_timout=1))


def test_s126_s130_an_http_transport_is_served_at_its_address(script: Script, log: Path) -> None:
    """run_with_transport(HttpTransport(host, port)) blocks, with the REST view and /health."""
    run = """
        from fastmcp.transports import HttpTransport
        mcp.run_with_transport(HttpTransport(host="127.0.0.2", port=PORT))
    """

    # Listening is looked for at 127.0.0.1, where this server is not.
    front = 'import socket\nfront = socket.create_server(("127.0.0.1", PORT))\n'
    with http_server([script(program_of(front + textwrap.dedent(run)))], log) as server:
        base = f"http://127.0.0.2:{server.port}"
        server.wait_for(f"{base}/mcp")
        assert value(f"{base}/mcp", "greet", name="Ada") == "Hello, Ada"
        assert httpx2.get(f"{base}/health").status_code == 200
        assert httpx2.get(f"{base}/tools").status_code == 200
        assert server.stop() == 0


def test_s130_a_stdio_transport_is_served_until_eof(script: Script) -> None:
    """run_with_transport(StdioTransport()) is run()."""
    run = """
        from fastmcp.transports import StdioTransport
        mcp.run_with_transport(StdioTransport())
    """

    with stdio_server([script(program_of(run))]) as server:
        server.ask(initialize())
        assert server.ask(request("ping"))["result"] == {}
        assert server.finish() == 0


def test_s130_the_process_is_the_one_that_called(script: Script, log: Path) -> None:
    """Without workers nothing is started: the caller's process serves."""
    run = "mcp.run_http(port=PORT, workers=1)"

    with http_server([script(program_of(run))], log) as server:
        assert value(server.url, "pid") == server.process.pid != os.getpid()
