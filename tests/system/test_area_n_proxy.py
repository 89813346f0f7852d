"""Area N: a server elsewhere, offered over another transport."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import httpx2
from apps import BOTH, served

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.server import create_proxy


def backend() -> FastMCP:
    """A server with one of everything."""
    mcp = FastMCP("backend")

    @mcp.tool
    def add(a: int, b: int) -> int:
        return a + b

    @mcp.tool
    async def ask(ctx: Context) -> str:
        return (await ctx.elicit("Which city?", str)).data

    @mcp.resource("data://note")
    def note() -> str:
        return "a note"

    @mcp.prompt
    def review(code: str) -> str:
        return f"Review {code}"

    return mcp


def test_s233_a_stdio_proxy_may_be_written_by_hand(tmp_path: Path) -> None:
    """A tool that posts to the endpoint needs no session, and hands on what it gets as it is."""
    with served(backend().http_app()) as base:
        script = tmp_path / "proxy.py"
        script.write_text(
            f"""
import httpx2
from fastmcp import FastMCP

mcp = FastMCP("proxy")

@mcp.tool
def call_remote(tool: str, arguments: dict):
    message = {{
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {{"name": tool, "arguments": arguments}},
    }}
    headers = {{"accept": {BOTH!r}, "mcp-protocol-version": "2025-11-25"}}
    response = httpx2.post({base + "/mcp"!r}, json=message, headers=headers)
    return response.json()["result"]

mcp.run()
"""
        )

        async def main() -> None:
            async with Client(script) as client:
                arguments = {"tool": "add", "arguments": {"a": 1, "b": 2}}
                result = await client.call_tool("call_remote", arguments)
                assert result.structured_content == {"result": 3}
                assert result.content[0].text == "3"

        asyncio.run(main())


def test_s234_run_serves_a_server_elsewhere_on_stdio() -> None:
    """`fastmcp run URL` is a transparent proxy."""

    async def answer(*_: object) -> object:
        return {"value": "Bern"}

    async def main(url: str, mode: str) -> None:
        command = StdioTransport(sys.executable, ["-m", "fastmcp", "run", url])
        async with Client(command, mode=mode, elicitation_handler=answer) as client:
            assert [tool.name for tool in await client.list_tools()] == ["add", "ask"]
            assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3
            assert (await client.call_tool("ask")).data == "Bern"
            assert (await client.read_resource("data://note"))[0].text == "a note"
            [message] = (await client.get_prompt("review", {"code": "x"})).messages
            assert message.content.text == "Review x"

    with served(backend().http_app()) as base:
        for mode in ("auto", "legacy"):
            asyncio.run(main(base + "/mcp", mode))


def test_s234_a_program_is_served_over_http(tmp_path: Path) -> None:
    """The other way round: from a configuration, and from a proxy object."""
    script = tmp_path / "server.py"
    script.write_text(
        "from fastmcp import FastMCP\n"
        "mcp = FastMCP('program')\n"
        "@mcp.tool\n"
        "def add(a: int, b: int) -> int:\n"
        "    return a + b\n"
        "mcp.run()\n"
    )
    config = tmp_path / "mcp.json"
    server = {"command": sys.executable, "args": [str(script)]}
    config.write_text(json.dumps({"mcpServers": {"program": server}}))
    for target in (script, config):
        with served(create_proxy(target).http_app()) as base:

            async def main(url: str) -> None:
                async with Client(url) as client:
                    assert (await client.call_tool("add", {"a": 1, "b": 2})).data == 3

            asyncio.run(main(base + "/mcp"))
            assert httpx2.get(base + "/nothing").status_code == 404
