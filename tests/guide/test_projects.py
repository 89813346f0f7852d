"""Projects: a fastmcp.json, what is in it, and what commands make of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from processes import environment, free_port, listening

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guide" / "projects.md").read_text("utf-8")
PROJECT = json.loads(re.findall(r"```json\n(.*?)```", PAGE, flags=re.S)[0])
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.S)
    for line in block.splitlines()
]
RUNS = [line for line in LINES if line.startswith("fastmcp run") and "environment" not in line]
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


async def test_the_server_of_the_page() -> None:
    """It shows what the file gives it."""
    # snippet: server
    import os
    import sys

    from fastmcp import FastMCP

    mcp = FastMCP("Library")

    @mcp.tool
    def settings() -> list[str]:
        return [os.environ.get("CATALOGUE", ""), *sys.argv[1:]]

    # end
    async with Client(mcp) as client:
        assert (await client.call_tool("settings")).data


async def test_it_is_read_by_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the path that FastMCP has for it."""
    monkeypatch.chdir(tmp_path)
    # snippet: python
    from pathlib import Path

    from fastmcp.utilities.mcp_server_config import MCPServerConfig

    Path("fastmcp.json").write_text(
        '{"source": {"path": "library.py"}, "deployment": {"port": 9000}}'
    )

    config = MCPServerConfig.from_file("fastmcp.json")

    assert config.source.path == "library.py"
    assert config.deployment.port == 9000
    # end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project of the page."""
    code = PAGE.split("test_projects.py: server -->\n```python\n")[1].split("```")[0]
    (tmp_path / "library.py").write_text(code, "utf-8")
    (tmp_path / "fastmcp.json").write_text(json.dumps(PROJECT), "utf-8")
    return tmp_path


def variables(folder: Path, **more: str) -> dict[str, str]:
    """A home of its own, and our commands first."""
    return environment({"PATH": PATH, "HOME": str(folder), **more})


@pytest.mark.parametrize("line", RUNS)
async def test_a_line_of_the_page_serves(line: str, folder: Path) -> None:
    """With the variables and arguments that the file says."""
    port = free_port()
    words = line.replace("9000", str(port)).split()
    env = variables(folder, PORT=str(port), CATALOGUE="ours.json")
    if "stdio" in line:
        transport = StdioTransport("fastmcp", words[1:], env=env, cwd=folder)
        async with Client(transport) as client:
            told = (await client.call_tool("settings")).data
    else:
        with listening(["env", *words], folder / "log", port, cwd=folder, env=env) as server:
            async with Client(server.url) as client:
                told = (await client.call_tool("settings")).data

    assert told == ["ours.json", "--read-only"]


@pytest.mark.timeout(300)
def test_the_environment_is_made_and_used(folder: Path) -> None:
    """By the two lines that do so, the second one over stdio."""
    prepare, run = (line for line in LINES if "environment" in line)

    for line in (prepare, f"{run} --transport stdio --no-banner"):
        done = subprocess.run(
            line.split(),
            cwd=folder,
            env={**variables(folder), "HOME": os.environ["HOME"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr

    assert (folder / "environment" / "pyproject.toml").is_file()


def test_the_file_is_what_its_schema_says(folder: Path) -> None:
    """The one that the command writes; and every key of it is on the page."""
    [line] = [each for each in LINES if "schema" in each]
    subprocess.run(line.split(), cwd=folder, env=variables(folder), check=True, timeout=50)
    schema = json.loads((folder / "fastmcp.schema.json").read_text("utf-8"))

    jsonschema.validate(PROJECT, schema)
    for part, kind in (
        ("source", "FileSystemSource"),
        ("environment", "UVEnvironment"),
        ("deployment", "Deployment"),
    ):
        table = PAGE.split(f"| `{part}` | |")[1].split("\n\n")[0]
        assert set(re.findall(r"`(\w+)`", table)) >= schema["$defs"][kind]["properties"].keys()


async def test_a_file_has_settings(folder: Path) -> None:
    """For what nothing else says."""
    port = free_port()
    [text] = re.findall(r"```ini\n(.*?)```", PAGE, flags=re.S)
    (folder / ".env").write_text(text.replace("9000", str(port)), "utf-8")
    (folder / "fastmcp.json").unlink()

    command = ["env", "fastmcp", "run", "library.py", "--transport", "http"]
    with listening(command, folder / "log", port, cwd=folder, env=variables(folder)) as server:
        async with Client(server.url) as client:
            assert await client.list_tools()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sorce": PROJECT["source"]}, "source is missing; did you mean it by 'sorce'?"),
        (PROJECT | {"deployment": {"transport": "htp"}}, "did you mean 'http'?"),
    ],
    ids=["key", "value"],
)
def test_what_is_wrong_names_its_place(change: dict[str, object], told: str, folder: Path) -> None:
    """In one line."""
    (folder / "fastmcp.json").write_text(json.dumps(change), "utf-8")
    done = subprocess.run(
        ["fastmcp", "run"], cwd=folder, env=variables(folder), capture_output=True, text=True
    )

    assert done.returncode == 1
    assert told in done.stderr
