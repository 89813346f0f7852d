"""FileSystemProvider with reload: what changes on the disk is seen by the next request."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.providers.filesystem import FileSystemProvider

SECONDS = 20
TOOL = """
from fastmcp.tools import tool

@tool(name="{name}")
def function() -> str:
    return "{value}"
"""


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """What a test has imported is gone after it."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if "site-packages" not in str(getattr(sys.modules[name], "__file__", "site-packages")):
            del sys.modules[name]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def tool(name: str, value: str | None = None) -> str:
    return TOOL.format(name=name, value=value or name)


class Session:
    """A client, and what it has heard."""

    def __init__(self, provider: FileSystemProvider) -> None:
        self.provider = provider
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.client: Any = None

    async def names(self) -> list[str]:
        return [each.name for each in await self.client.list_tools()]

    async def call(self, name: str) -> Any:
        return (await self.client.call_tool(name)).data

    async def hear(self) -> str:
        async with asyncio.timeout(SECONDS):
            return await self.heard.get()


@asynccontextmanager
async def session(root: Path) -> AsyncIterator[Session]:
    """A client of a server that has the files below a folder."""
    talk = Session(FileSystemProvider(root, reload=True))

    async def on_message(message: Any) -> None:
        method = str(getattr(getattr(message, "root", message), "method", ""))
        if method.endswith("list_changed"):
            talk.heard.put_nowait(method.split("/")[1])

    mcp = FastMCP("x", providers=[talk.provider])
    async with Client(mcp, mode="legacy", message_handler=on_message) as talk.client:
        yield talk


def test_new_changed_and_removed_files_are_seen(tmp_path: Path) -> None:
    """By the next call or list, and by nobody's when nothing has changed."""

    async def main() -> None:
        write(tmp_path / "a.py", tool("a"))
        async with session(tmp_path) as talk:
            assert await talk.call("a") == "a"
            write(tmp_path / "a.py", tool("a", "changed"))
            assert await talk.call("a") == "changed"
            write(tmp_path / "sub" / "b.py", tool("b"))
            assert await talk.call("b") == "b"
            assert await talk.names() == ["a", "b"]
            os.rename(tmp_path / "a.py", tmp_path / "c.py")
            write(tmp_path / "c.py", tool("c"))
            assert await talk.names() == ["c", "b"]
            with pytest.raises(ToolError, match="Unknown tool"):
                await talk.call("a")
            (tmp_path / "sub" / "b.py").unlink()
            assert await talk.names() == ["c"]

    asyncio.run(main())


def test_a_change_within_a_moment_is_seen(tmp_path: Path) -> None:
    """Bytecode, which is compared by seconds and sizes, is in nobody's way."""

    def put(number: int) -> None:
        text = tool("value").replace('return "value"', "return VALUE")
        write(tmp_path / "pkg" / "tools.py", f"from .helper import VALUE{text}")
        write(tmp_path / "pkg" / "helper.py", f"VALUE = '{number}'")

    async def main() -> None:
        write(tmp_path / "pkg" / "__init__.py", "")
        put(0)
        async with session(tmp_path) as talk:
            for number in range(10):
                put(number)
                assert await talk.call("value") == str(number)

    asyncio.run(main())


def test_what_a_change_concerns_is_seen_wherever_it_is_imported(tmp_path: Path) -> None:
    """A helper that changes changes the tools of the files that use it."""

    async def main() -> None:
        write(tmp_path / "a_tools.py", "import helper\n" + tool("t").replace('"t"\n', "helper.X\n"))
        write(tmp_path / "helper.py", "X = 'one'")
        async with session(tmp_path) as talk:
            assert await talk.call("t") == "one"
            write(tmp_path / "helper.py", "X = 'two'")
            assert await talk.call("t") == "two"

    asyncio.run(main())


def test_a_file_that_breaks_keeps_what_it_offered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is told once of each version, and is gone when the file is mended."""

    async def main() -> None:
        write(tmp_path / "a.py", tool("a"))
        write(tmp_path / "b.py", tool("b"))
        async with session(tmp_path) as talk:
            write(tmp_path / "a.py", "def f(:")
            for _ in range(3):
                assert await talk.names() == ["a", "b"]
                assert await talk.call("a") == "a"
            assert "SyntaxError" in talk.provider.failed_files[tmp_path / "a.py"]
            write(tmp_path / "b.py", tool("b", "changed"))
            assert await talk.call("b") == "changed"
            assert caplog.text.count("a.py cannot be imported") == 1
            write(tmp_path / "a.py", "1 / 0")
            assert await talk.call("a") == "a"
            assert caplog.text.count("a.py cannot be imported") == 2
            write(tmp_path / "a.py", tool("a", "mended"))
            assert await talk.call("a") == "mended"
            assert dict(talk.provider.failed_files) == {}
            (tmp_path / "a.py").unlink()
            assert await talk.names() == ["b"]

    asyncio.run(main())


def test_clients_hear_of_changes_that_concern_them(tmp_path: Path) -> None:
    """Also when nobody asks; of a change that no list shows they do not."""
    prompt = "from fastmcp.prompts import prompt\n@prompt\ndef ask() -> str:\n    return 'x'\n"

    async def main() -> None:
        write(tmp_path / "a.py", tool("a"))
        async with session(tmp_path) as talk:
            write(tmp_path / "b.py", tool("b"))
            assert await talk.hear() == "tools"
            write(tmp_path / "a.py", tool("a", "same list"))
            assert await talk.call("a") == "same list"
            write(tmp_path / "p.py", prompt)
            assert await talk.hear() == "prompts"
            assert talk.heard.empty()

    asyncio.run(main())


def test_many_requests_look_once(tmp_path: Path) -> None:
    """A file is imported once for each of its versions, however many ask at the same time."""

    async def main() -> None:
        count = tmp_path / "count.txt"
        counting = f"with open({str(count)!r}, 'a') as file: file.write('x')\n"
        write(tmp_path / "a.py", counting + tool("a"))
        async with session(tmp_path) as talk:
            for number in range(3):
                write(tmp_path / "a.py", counting + tool("a", str(number)))
                answers = await asyncio.gather(*(talk.call("a") for _ in range(50)))
                assert set(answers) == {str(number)}
        assert count.read_text() == "x" * 4

    asyncio.run(main())


def test_without_reload_nothing_is_looked_at_again(tmp_path: Path) -> None:
    """And calls do not list."""
    write(tmp_path / "a.py", tool("a"))
    provider = FileSystemProvider(tmp_path)
    write(tmp_path / "b.py", tool("b"))

    async def main() -> list[str]:
        async with Client(FastMCP("x", providers=[provider])) as client:
            return [each.name for each in await client.list_tools()]

    assert asyncio.run(main()) == ["a"]


def test_one_provider_serves_in_several_loops_in_turn(tmp_path: Path) -> None:
    """Nothing of it belongs to a loop."""
    write(tmp_path / "a.py", tool("a", "0"))
    mcp = FastMCP("x", providers=[FileSystemProvider(tmp_path, reload=True)])

    async def main() -> Any:
        async with Client(mcp) as client:
            return (await client.call_tool("a")).data

    for number in range(3):
        write(tmp_path / "a.py", tool("a", str(number)))
        assert asyncio.run(main()) == str(number)
