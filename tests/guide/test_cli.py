"""The command line: every line of the page is run, as a shell runs it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from processes import environment, free_port, listening

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guide" / "cli.md").read_text("utf-8")
LINES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.S)
    for line in block.splitlines()
]
SERVES = [line for line in LINES if line.startswith("fastmcp run") and "--port" in line]
ENDS = [line for line in LINES if not line.startswith("fastmcp run")]
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


async def test_the_server_of_the_page() -> None:
    """It has one of each kind."""
    # snippet: server
    from fastmcp import FastMCP
    from fastmcp.utilities.types import Image

    mcp = FastMCP("Library")
    books = {"Moby-Dick": 1851, "Middlemarch": 1871, "Emma": 1815}

    @mcp.tool
    def search(words: str, limit: int = 5) -> list[str]:
        """Find books by words of their titles."""
        return [title for title in books if words.lower() in title.lower()][:limit]

    @mcp.tool
    def cover(title: str) -> Image:
        """The cover of a book."""
        return Image(data=f"a picture of {title}".encode(), format="png")

    @mcp.resource("library://hours")
    def hours() -> str:
        """When the library is open."""
        return "9 to 17, not on Sundays"

    @mcp.prompt
    def recommend(mood: str) -> str:
        """Ask for a book that suits a mood."""
        return f"I feel {mood}. Search the library, and recommend one book."

    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("search", {"words": "moby"})).data == ["Moby-Dick"]
        assert (await client.read_resource("library://hours"))[0].text.startswith("9 to 17")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are run."""
    folder = tmp_path_factory.mktemp("commands")
    code = PAGE.split("test_cli.py: server -->\n```python\n")[1].split("```")[0]
    (folder / "library.py").write_text(code, "utf-8")
    entry = {"command": sys.executable, "args": ["-m", "fastmcp", "run", "library.py"]}
    servers = {"mcpServers": {"library": entry}}
    (folder / "servers.json").write_text(json.dumps(servers), "utf-8")
    return folder


def variables(folder: Path) -> dict[str, str]:
    """A home in which no program has been configured, and our commands first."""
    return environment({"PATH": PATH, "HOME": str(folder), "FASTMCP_HOME": str(folder / "home")})


def ran(line: str, folder: Path) -> str:
    """What a line prints."""
    command = ["bash", "-c", line]
    env = variables(folder)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("line", ENDS)
def test_a_line_of_the_page_does_what_it_should(line: str, folder: Path) -> None:
    """It ends without an error, and prints what its comment says."""
    if line.startswith("python books.py"):
        ran("fastmcp generate-cli library.py books.py --force", folder)

    printed = ran(line, folder)

    comment = re.search(r" # (.+)$", line)
    if comment:
        assert json.loads(printed) == json.loads(comment[1])
    if "--output cover.png" in line:
        assert (folder / "cover.png").read_bytes() == b"a picture of Emma"
    if "--config-path" in line:
        entry = json.loads((folder / "claude_desktop_config.json").read_text("utf-8"))
        assert entry["mcpServers"]["Library"]["env"] == {"LEVEL": "debug"}


@pytest.mark.parametrize("line", SERVES)
async def test_a_line_of_the_page_serves(line: str, folder: Path) -> None:
    """The same tools, whatever way it goes."""
    port = free_port()
    command = ["bash", "-c", f"exec {line.partition('#')[0].replace('8000', str(port))}"]
    env = variables(folder)

    log = folder / f"{port}.log"
    with listening(command, log, port, cwd=folder, env=env) as server:
        async with Client(server.url) as client:
            [name] = [t.name for t in await client.list_tools() if t.name.endswith("search")]
            result = await client.call_tool(name, {"words": "moby"})
    assert result.data == ["Moby-Dick"]


async def test_the_first_line_serves_over_stdio(folder: Path) -> None:
    """As programs start it."""
    assert LINES.index("fastmcp run library.py                                     # over stdio")
    transport = StdioTransport("fastmcp", ["run", "library.py"], env=variables(folder), cwd=folder)
    async with Client(transport) as client:
        with pytest.raises(ToolError, match="title"):
            await client.call_tool("cover")


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("fastmcp call library.py serch words=a", 1, "did you mean 'search'?"),
        ("fastmcp run nothing.py", 1, "There is no file nothing.py"),
        ("fastmcp list --no-such-option", 2, "--no-such-option"),
    ],
    ids=["failed", "no file", "usage"],
)
def test_exit_codes(line: str, code: int, told: str, folder: Path) -> None:
    """As the table has them."""
    command = ["bash", "-c", line]
    env = variables(folder)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=50)

    assert done.returncode == code
    assert told in done.stderr
    assert f"| {code} | " in PAGE


def test_every_command_is_on_the_page() -> None:
    """Those that `fastmcp --help` lists."""
    from fastmcp.cli import COMMANDS

    assert [name for name in COMMANDS if not re.search(rf"`?(fastmcp )?{name}\b", PAGE)] == []


def test_what_can_be_installed_into_is_on_the_page(folder: Path) -> None:
    """The programs that the command knows."""
    told = ran("fastmcp install --help", folder).split("PROGRAM\n")[1].split("examples")[0]
    programs = re.findall(r"^    (\S+)", told, re.M)

    assert programs
    assert [name for name in programs if f"`{name}`" not in PAGE] == []
