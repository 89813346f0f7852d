"""Area U: how processes are started, row by row: ASGI servers of others, and python -m."""

from __future__ import annotations

import signal
import textwrap
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from apps import Mcp, call, initialize
from hosting import (
    ends_in_order,
    has_everything_beside_the_endpoint,
    hosted,
    serves_streamed_calls,
)
from processes import http_server, stdio_server

UVICORN = ["hosted:{}", "--port", "{{port}}", "--log-level", "warning"]
# uvicorn ends by the signal that it was sent, once it has ended in order.
BY_SIGTERM = (0, -signal.SIGTERM)

SERVERS = {
    "uvicorn": (UVICORN, BY_SIGTERM),
    "granian": (["--interface", "asgi", "--port", "{{port}}", "hosted:{}"], (0,)),
    "hypercorn": (["hosted:{}", "-b", "{{host}}:{{port}}"], (0,)),
}


def of(arguments: Sequence[str], name: str) -> list[str]:
    """The arguments for one of the two objects in the module."""
    return [each.format(name) for each in arguments]


def test_s310_uvicorn_hosts_an_app(tmp_path: Path) -> None:
    """`uvicorn hosted:app`, with the app's own lifespan."""
    with hosted("uvicorn", of(UVICORN, "app"), tmp_path) as server:
        serves_streamed_calls(server)
        ends_in_order(server, BY_SIGTERM)


@pytest.mark.parametrize("name", SERVERS)
def test_s311_the_server_itself_is_the_application(name: str, tmp_path: Path) -> None:
    """`uvicorn hosted:mcp`, and the same with granian and hypercorn: MCP at /mcp, custom routes,
    /health and the REST view; the lifespan begins and ends.
    """
    arguments, codes = SERVERS[name]

    with hosted(name, of(arguments, "mcp"), tmp_path) as server:
        serves_streamed_calls(server)
        has_everything_beside_the_endpoint(server)
        ends_in_order(server, codes)


@pytest.mark.parametrize("name", ["uvicorn", "granian"])
def test_s311_a_client_that_listens_does_not_hold_up_their_end(name: str, tmp_path: Path) -> None:
    """They wait for open connections; those that listen are ended when the signal comes."""
    arguments, codes = SERVERS[name]

    with (
        hosted(name, of(arguments, "mcp"), tmp_path) as server,
        Mcp(server.url.removesuffix("/mcp")) as client,
        client.stream(headers=client.open()) as stream,
    ):
        assert stream.status == 200
        rest: list[object] = []
        reader = threading.Thread(target=lambda: rest.extend(stream.rest()))
        reader.start()
        began = time.monotonic()
        ends_in_order(server, codes)
        took = time.monotonic() - began
        reader.join()

    assert took < 5
    assert rest == []


HYBRID = """
    import os
    from fastmcp import FastMCP
    from .greeting import greet

    mcp = FastMCP("hybrid")
    mcp.tool(greet)

    def main() -> None:
        if os.environ.get("MCP_TRANSPORT", "stdio") == "http":
            mcp.run(transport="http", host="127.0.0.1", port=int(os.environ["PORT"]))
        else:
            mcp.run()

    if __name__ == "__main__":
        main()
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "your_package"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "greeting.py").write_text("def greet(name: str) -> str:\n    return f'Hi {name}'\n")
    (folder / "hybrid_server.py").write_text(textwrap.dedent(HYBRID), "utf-8")
    monkeypatch.chdir(tmp_path)
    return "your_package.hybrid_server"


def test_s312_a_module_of_a_package_is_run(package: str, log: Path) -> None:
    """`python -m your_package.hybrid_server`: stdio, and HTTP by MCP_TRANSPORT."""
    with stdio_server(["-m", package]) as server:
        server.ask(initialize())
        answer = server.ask(call("greet", name="Ada"))
        assert answer["result"]["content"][0]["text"] == "Hi Ada"
        assert server.finish() == 0

    with http_server(["-m", package], log, env={"MCP_TRANSPORT": "http"}) as http:
        with Mcp(http.url.removesuffix("/mcp")) as client:
            answer = client.post(call("greet", name="Ada"))
        assert "Hi Ada" in answer.text
        assert http.stop() == 0
