"""The indexer for hosts that start programs: a proxy, which forwards all to the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mcp
import pytest
from indexing import ROOT, indexer, notes, proxy, settled
from processes import free_port, run_python

from fastmcp import Client
from fastmcp.exceptions import McpError

ASKED: list[Callable[[Client], Any]] = [
    lambda client: client.list_tools(),
    lambda client: client.list_resources(),
    lambda client: client.list_resource_templates(),
    lambda client: client.list_prompts(),
    lambda client: client.read_resource("documents://notes/4.md"),
    lambda client: client.read_resource("documents://recent"),
    lambda client: client.get_prompt("research", {"question": "Why?"}),
    lambda client: client.call_tool_mcp("search", {"query": "word4"}),
    lambda client: client.call_tool_mcp("search", {"query": ["no", "text"]}),
]


def plain(answer: Any) -> Any:
    """An answer as JSON."""
    if isinstance(answer, list):
        return [plain(item) for item in answer]
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


def test_the_proxy_answers_what_the_service_answers(tmp_path: Path) -> None:
    """Lists, contents, results and errors alike, and progress comes through."""
    heard: list[tuple[float, float | None, str | None]] = []

    async def main(url: str) -> None:
        async with Client(url) as direct, Client(proxy(url)) as proxied:
            assert proxied.instructions == direct.instructions
            for ask in ASKED:
                assert plain(await ask(proxied)) == plain(await ask(direct))
            with pytest.raises(McpError, match="There is no document 'nothing'"):
                await proxied.read_resource("documents://nothing")
            result = await proxied.call_tool(
                "import_folder",
                {"path": "notes"},
                progress_handler=lambda *step: heard.append(step),
            )
            assert result.data.unchanged == 10

    with indexer(tmp_path, INDEXER_CORPUS=str(notes(tmp_path / "notes", 10))) as server:
        settled(server)
        asyncio.run(main(server.url))
    assert heard == [(step, 10, f"{step - 1}.md") for step in range(1, 11)]


def test_the_official_client_speaks_through_the_proxy(tmp_path: Path) -> None:
    """As a desktop host that is built on it does."""
    parameters = mcp.StdioServerParameters

    async def main(url: str) -> Any:
        started = parameters(**vars_of(url))
        async with mcp.Client(started) as client:
            return await client.call_tool("search", {"query": "word4"})

    with indexer(tmp_path, INDEXER_CORPUS=str(notes(tmp_path / "notes", 10))) as server:
        settled(server)
        found = asyncio.run(main(server.url))
    assert found.structured_content["hits"][0]["id"] == "notes/4.md"


def vars_of(url: str) -> dict[str, Any]:
    """The command of the proxy."""
    transport = proxy(url)
    return {"command": transport.command, "args": transport.args, "env": transport.env}


def test_without_a_service_the_proxy_says_so_in_one_line() -> None:
    """Which URL it tried, and what starts a service there."""
    url = f"http://127.0.0.1:{free_port()}/mcp"

    done = run_python("-m", "examples.indexer", "stdio", cwd=ROOT, env={"INDEXER_URL": url})

    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert url in line and "python -m examples.indexer http" in line


def test_the_proxy_outlives_its_service(tmp_path: Path) -> None:
    """While the service is away, calls say so; when it is back, they are served again."""
    port = free_port()

    async def main() -> None:
        running = indexer(tmp_path, port=port)
        server = running.__enter__()
        try:
            async with Client(proxy(server.url)) as client:
                assert (await client.call_tool("stats")).data.documents == 0
                await asyncio.to_thread(server.stop)
                away = await client.call_tool("stats", raise_on_error=False)
                assert away.is_error and f"Connection to {server.url} failed" in away.text()
                with indexer(tmp_path, port=port):
                    assert (await client.call_tool("stats")).data.documents == 0
        finally:
            running.__exit__(None, None, None)

    asyncio.run(main())
