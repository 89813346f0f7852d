"""Our client uses the servers of others, over stdio and over HTTP, in both protocol eras."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

from .environments import NodePackages
from .processes import free_port, serving

pytestmark = pytest.mark.timeout(120, func_only=True)

HERE = Path(__file__).parent
HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"


@pytest.fixture(params=["stdio", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Name the transport that the server under test is reached over."""
    return request.param


@contextmanager
def reached_over(transport: str, stdio: list[str], http: list[str], home: Path) -> Generator[Any]:
    """Yield what a `Client` is given for a server: its stdio command, or its URL once it runs."""
    log = home / "log"
    try:
        if transport == "stdio":
            command, *arguments = stdio
            yield StdioTransport(command, arguments, log_file=log)
        else:
            port = free_port()
            with serving([part.format(port=port) for part in http], port, log) as server:
                yield server.url
    finally:
        print(log.read_text(errors="replace") if log.exists() else "", file=sys.stderr)


@pytest.fixture(params=["python-sdk-2", "fastmcp-4"])
def python_server(
    request: pytest.FixtureRequest, transport: str, fastmcp4_python: str, tmp_path: Path
) -> Generator[Any]:
    """Reach a server that makes the offers of `server.py` with the framework of someone else."""
    if request.param == "python-sdk-2":
        command = [sys.executable, str(HERE / "sdk2_server.py")]
    else:
        command = [fastmcp4_python, str(HERE / "server.py")]
    with reached_over(transport, command, [*command, "http", "{port}"], tmp_path) as target:
        yield target


@pytest.fixture
def everything_server(
    transport: str, node_packages: NodePackages, tmp_path: Path
) -> Generator[Any]:
    """Reach the reference server of the TypeScript SDK."""
    program = node_packages.program("@modelcontextprotocol/server-everything/dist/index.js")
    command = [node_packages.node(22), program]
    with reached_over(
        transport, [*command, "stdio"], [*command, "streamableHttp"], tmp_path
    ) as target:
        yield target


async def use_a_python_server(client: Any) -> dict[str, Any]:
    """Use every feature of a server that offers what `server.py` offers."""
    steps: list[tuple[float, float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total))

    with pytest.raises(ToolError, match="out of paper"):
        await client.call_tool("fail")
    add = await client.call_tool("add", {"a": 2, "b": 3})
    done = await client.call_tool("progress", {"n": 3}, progress_handler=on_progress)
    structured = await client.call_tool("structured")
    review = await client.get_prompt("review", {"code": "x = 1"})
    templates = await client.list_resource_templates()
    return {
        "protocol": client.protocol_version,
        "tools": sorted({tool.name for tool in await client.list_tools()} - {"change"}),
        "resources": [str(resource.uri) for resource in await client.list_resources()],
        "templates": [template.uri_template for template in templates],
        "prompts": [prompt.name for prompt in await client.list_prompts()],
        "add": (add.content[0].text, add.structured_content, add.is_error),
        "progress": (done.content[0].text, steps),
        "structured": structured.structured_content,
        "config": (await client.read_resource("config://app"))[0].text,
        "greet": (await client.read_resource("greet://Ada"))[0].text,
        "review": review.messages[0].content.text,
    }


@pytest.mark.parametrize(("mode", "protocol"), [("legacy", HANDSHAKE), ("auto", MODERN)])
def test_the_client_sees_and_uses_all_that_a_python_server_offers(
    python_server: Any, mode: Any, protocol: str
) -> None:
    """The client lists and uses everything of the official SDK's server and of FastMCP's."""

    async def main() -> dict[str, Any]:
        async with Client(python_server, mode=mode, timeout=30) as client:
            return await use_a_python_server(client)

    assert asyncio.run(main()) == {
        "protocol": protocol,
        "tools": ["add", "echo", "fail", "progress", "structured"],
        "resources": ["config://app"],
        "templates": ["greet://{name}"],
        "prompts": ["review"],
        "add": ("5", {"result": 5}, False),
        "progress": ("done", [(1, 3), (2, 3), (3, 3)]),
        "structured": {"city": "Zürich", "degrees": -3.5},
        "config": "debug=false",
        "greet": "Hello, Ada!",
        "review": "Please review: x = 1",
    }


async def use_the_reference_server(client: Any) -> dict[str, Any]:
    """Use a tool, a resource of a template and a prompt of `server-everything`, and more."""
    steps: list[tuple[float, float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        steps.append((progress, total))

    total = await client.call_tool("get-sum", {"a": 2, "b": 3})
    weather = await client.call_tool("get-structured-content", {"location": "Chicago"})
    slow = {"duration": 0.2, "steps": 2}
    await client.call_tool("trigger-long-running-operation", slow, progress_handler=on_progress)
    text = await client.read_resource("demo://resource/dynamic/text/7")
    prompt = await client.get_prompt("args-prompt", {"city": "Zürich"})
    tools = {tool.name for tool in await client.list_tools()}
    resources = {resource.mime_type for resource in await client.list_resources()}
    templates = {template.uri_template for template in await client.list_resource_templates()}
    prompts = {prompt.name for prompt in await client.list_prompts()}
    return {
        "ping": await client.ping(),
        "tools": tools & {"echo", "get-sum"},
        "resources": resources,
        "templates": templates & {"demo://resource/dynamic/text/{resourceId}"},
        "prompts": prompts & {"simple-prompt", "args-prompt"},
        "sum": total.content[0].text,
        "weather": (weather.structured_content, weather.data["temperature"]),
        "steps": steps,
        "text": text[0].text.partition(":")[0],
        "prompt": prompt.messages[0].content.text,
    }


def test_the_client_uses_the_typescript_reference_server(everything_server: Any) -> None:
    """The client lists and uses tools, resources, a template and prompts of `server-everything`."""

    async def main() -> dict[str, Any]:
        async with Client(everything_server, timeout=30) as client:
            return await use_the_reference_server(client)

    assert asyncio.run(main()) == {
        "ping": True,
        "tools": {"echo", "get-sum"},
        "resources": {"text/markdown"},
        "templates": {"demo://resource/dynamic/text/{resourceId}"},
        "prompts": {"simple-prompt", "args-prompt"},
        "sum": "The sum of 2 and 3 is 5.",
        "weather": (
            {"temperature": 36, "conditions": "Light rain / drizzle", "humidity": 82},
            36,
        ),
        "steps": [(1, 2), (2, 2)],
        "text": "Resource 7",
        "prompt": "What's weather in Zürich?",
    }
