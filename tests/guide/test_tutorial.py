"""The tutorial: a server that grows step by step, its client, its test, and where it runs."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from apps import served
from processes import environment, free_port, listening, run_python

from fastmcp import Client
from fastmcp.exceptions import UnexpectedResponse

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
GROWING = ("server", "data", "refusing", "resources", "prompt", "asking", "main")


async def test_a_server_grows() -> None:
    """Each step adds to the one before, and the client sees it."""
    # snippet: server
    from fastmcp import FastMCP

    mcp = FastMCP("Library")

    books = {"Moby-Dick": 1851, "Middlemarch": 1871, "Emma": 1815}

    @mcp.tool
    def search(words: str, limit: int = 5) -> list[str]:
        """Find books by words of their titles."""
        found = [title for title in books if words.lower() in title.lower()]
        return found[:limit]

    # end
    # snippet: call
    from fastmcp import Client

    async with Client(mcp) as client:
        [tool] = await client.list_tools()
        result = await client.call_tool("search", {"words": "moby"})

    assert tool.name == "search"
    assert result.data == ["Moby-Dick"]
    # end
    assert tool.description == "Find books by words of their titles."

    # snippet: data
    from pydantic import BaseModel, Field

    class Book(BaseModel):
        title: str
        year: int = Field(description="When it was first published")

    @mcp.tool
    def published(before: int) -> list[Book]:
        """The books that were published before a year."""
        return [Book(title=title, year=year) for title, year in books.items() if year < before]

    # end
    # snippet: objects
    async with Client(mcp) as client:
        result = await client.call_tool("published", {"before": 1850})

    assert result.data[0].title == "Emma"
    assert result.data[0].year == 1815
    # end
    # snippet: refusing
    from fastmcp.exceptions import ToolError

    @mcp.tool
    def reserve(title: str, reader: str) -> str:
        """Reserve a book for a reader."""
        if title not in books:
            raise ToolError(f"There is no {title!r}; there are {', '.join(books)}")
        return f"{title} is kept for {reader}"

    # end
    async with Client(mcp) as client:
        with pytest.raises(ToolError, match="there are Moby-Dick, Middlemarch, Emma"):
            await client.call_tool("reserve", {"title": "Ulysses", "reader": "Ada"})
        with pytest.raises(ToolError, match="before"):
            await client.call_tool("published", {"before": "long ago"})

    # snippet: resources
    @mcp.resource("library://hours")
    def hours() -> str:
        """When the library is open."""
        return "9 to 17, not on Sundays"

    @mcp.resource("library://books/{title}")
    def book(title: str) -> Book:
        """A book of the library."""
        return Book(title=title, year=books[title])

    # end
    # snippet: read
    async with Client(mcp) as client:
        [text] = await client.read_resource("library://hours")
        [emma] = await client.read_resource("library://books/Emma")

    assert text.text == "9 to 17, not on Sundays"
    assert emma.text == '{"title":"Emma","year":1815}'

    # end
    # snippet: prompt
    @mcp.prompt
    def recommend(mood: str) -> str:
        """Ask for a book that suits a mood."""
        return f"I feel {mood}. Search the library, and recommend one book."

    # end
    # snippet: ask
    async with Client(mcp) as client:
        result = await client.get_prompt("recommend", {"mood": "adventurous"})

    assert result.messages[0].content.text.startswith("I feel adventurous.")
    # end
    # snippet: asking
    from fastmcp import Context

    @mcp.tool
    async def borrow(title: str, ctx: Context) -> str:
        """Lend a book, for as long as the reader says."""
        answer = await ctx.elicit(f"For how many weeks do you want {title}?", int)
        if answer.action != "accept":
            return "Nothing was lent"
        for week in range(answer.data):
            await ctx.report_progress(week + 1, answer.data, "stamping")
        return f"{title} is yours for {answer.data} weeks"

    # end
    # snippet: answer
    async def ask_user(message, response_type, params, context):
        return 3

    async with Client(mcp, elicitation_handler=ask_user) as client:
        result = await client.call_tool("borrow", {"title": "Emma"})

    assert result.data == "Emma is yours for 3 weeks"
    # end
    # snippet: test
    from fastmcp.testing import create_test_client

    def test_search() -> None:
        client = create_test_client(mcp)
        assert client.call_tool("search", {"words": "m", "limit": 1}) == ["Moby-Dick"]

    def test_borrow() -> None:
        client = create_test_client(mcp, elicitation_handler=lambda *question: 2)
        assert client.call_tool("borrow", {"title": "Emma"}) == "Emma is yours for 2 weeks"

    # end
    test_search()
    test_borrow()


async def test_it_is_started_and_guarded() -> None:
    """As a program, and with a token for each caller."""
    from fastmcp import FastMCP

    mcp = FastMCP("Library")

    # snippet: main
    if __name__ == "__main__":
        mcp.run()
    # end
    assert mcp.auth is None
    # snippet: guarded
    mcp = FastMCP("Library", auth={"a-long-secret": {"user": "ada"}})

    # end
    # snippet: token
    async def search_at(url: str) -> list[str]:
        async with Client(url, auth="a-long-secret") as client:
            return (await client.call_tool("search", {"words": "moby"})).data

    # end

    @mcp.tool
    def search(words: str) -> list[str]:
        return ["Moby-Dick"]

    with served(mcp.http_app()) as url:
        assert await search_at(f"{url}/mcp") == ["Moby-Dick"]
        with pytest.raises(UnexpectedResponse, match="401"):
            async with Client(f"{url}/mcp") as client:
                await client.list_tools()


def code(name: str) -> str:
    """A block of the page."""
    return PAGE.split(f"test_tutorial.py: {name} -->\n```python\n")[1].split("```")[0]


def commands(language: str = "sh") -> list[str]:
    """The command lines of the page, without their comments."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a reader has what the page says: the file, and its test."""
    (tmp_path / "library.py").write_text("\n\n".join(map(code, GROWING)), "utf-8")
    test = f"from library import mcp\n\n{code('test')}"
    (tmp_path / "test_library.py").write_text(test, "utf-8")
    return tmp_path


def ran(line: str, folder: Path) -> str:
    """What a command of the page prints."""
    program, *words = shlex.split(line, comments=True)
    done = run_python("-m", program, *words, cwd=folder, env={"HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_of_the_page_do_what_it_says(folder: Path) -> None:
    """Those that end by themselves, as they stand there."""
    listed, called, tested = [
        ran(line, folder)
        for line in commands()
        if line.startswith(("fastmcp list library", "fastmcp call library", "pytest"))
    ]

    assert "search" in listed and "borrow" in listed
    assert json.loads(called) == ["Moby-Dick"]
    assert "2 passed" in tested


async def test_it_is_served_over_http_by_the_commands_of_the_page(folder: Path) -> None:
    """Each of them, at the URL that it names."""
    starts = [line for line in commands() if "8000" in line and "/mcp" not in line.split("#")[0]]
    assert len(starts) == 2
    for start in starts:
        port = free_port()
        program, *words = shlex.split(start.replace("8000", str(port)), comments=True)
        command = [sys.executable, "-m", program, *words]
        with listening(command, folder / "log", port, cwd=folder, env=environment()) as server:
            async with Client(server.url) as client:
                assert (await client.call_tool("search", {"words": "moby"})).data == ["Moby-Dick"]
            asked = [line for line in commands() if "127.0.0.1:8000/mcp" in line.split("#")[0]]
            for line in asked:
                assert "search" in ran(line.replace("8000", str(port)), folder)


def test_it_is_entered_into_the_configuration_of_a_host(folder: Path) -> None:
    """By the command of the page, where the host has been started before."""
    homes = [folder / ".config", folder / "Library" / "Application Support"]
    for home in homes:
        (home / "Claude").mkdir(parents=True)
    [line] = [line for line in commands() if line.startswith("fastmcp install")]

    ran(line, folder)

    [written] = [path for home in homes for path in home.glob("Claude/*.json")]
    entry = json.loads(written.read_text("utf-8"))["mcpServers"]["Library"]
    assert str(folder / "library.py") in entry["args"]


async def test_a_host_starts_it_by_the_configuration_of_the_page(folder: Path) -> None:
    """With the path of the file, and the Python that has the package."""
    configuration = json.loads("\n".join(commands("json")))
    entry = configuration["mcpServers"]["library"]
    assert entry == {"command": "python", "args": ["/home/ada/library.py"]}
    entry |= {"command": sys.executable, "args": [str(folder / "library.py")]}

    async with Client(configuration) as client:
        assert (await client.call_tool("search", {"words": "moby"})).data == ["Moby-Dick"]
