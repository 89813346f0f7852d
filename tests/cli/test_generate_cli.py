"""`fastmcp generate-cli`: a script that has a command for each tool of a server."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served
from processes import run_python

from fastmcp import FastMCP
from fastmcp.cli.generate_cli import script_text
from fastmcp.cli.generate_cli.commands import commands_of
from fastmcp.cli.generate_cli.skill import skill_text
from fastmcp.wire.features import Tool

Script = Callable[..., Path]

SERVER = '''
    from enum import Enum
    from fastmcp import FastMCP
    from fastmcp.exceptions import ToolError
    from fastmcp.utilities.types import Image

    mcp = FastMCP("Shop")

    class Color(Enum):
        RED = "red"
        BLUE = "blue"

    @mcp.tool
    def order(
        item_name: str, count: int = 1, price: float | None = None, gift: bool = False,
        color: Color = Color.RED, tags: list[str] = [], sizes: list[int] = [],
        address: dict[str, str] | None = None, key: int | str = 0,
    ) -> dict:
        """Order something: 100% of it.

        At length.
        """
        return {name: str(value) for name, value in locals().items()}

    @mcp.tool
    def fail() -> str:
        raise ToolError("out of paper")

    @mcp.tool
    def picture() -> list:
        return ["a text", Image(data=b"x", format="png")]

    @mcp.resource("config://app")
    def config() -> str:
        """The configuration."""
        return "{}"

    @mcp.resource("user://{id}")
    def user(id: str) -> str:
        """One user."""
        return id

    @mcp.prompt
    def ask(topic: str) -> str:
        """Ask something."""
        return f"What about {topic}?"
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server is, and the script made of it."""
    path = tmp_path_factory.mktemp("generated")
    (path / "server.py").write_text(textwrap.dedent(SERVER))
    run = generate(path, "server.py")
    assert run.returncode == 0, run.stderr
    assert "wrote cli.py and SKILL.md, for 3 tools" in run.stderr
    return path


def generate(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "fastmcp", "generate-cli", *arguments, cwd=folder, env=env)


def script(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run_python(str(folder / "cli.py"), *arguments, cwd=folder.parent, env=env)


def test_a_tool_is_a_command_with_typed_options(folder: Path) -> None:
    """Of the kinds of its schema; what is not said is not sent."""
    run = script(
        folder, "call-tool", "order", "--item-name", "tea", "--count", "2", "--price", "1.5",
        "--gift", "--color", "blue", "--tags", "a", "--tags", "b", "--sizes", "3",
        "--address", '{"city": "X"}', "--key", "k",
    )  # fmt: skip
    few = script(folder, "call-tool", "order", "--item-name", "7", "--no-gift")

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "item_name": "tea", "count": "2", "price": "1.5", "gift": "True", "color": "Color.BLUE",
        "tags": "['a', 'b']", "sizes": "[3]", "address": "{'city': 'X'}", "key": "k",
    }  # fmt: skip
    assert json.loads(few.stdout)["item_name"] == "7"
    assert json.loads(few.stdout)["count"] == "1"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["order"], "--item-name"),
        (["order", "--item-name", "x", "--count", "many"], "invalid int value: 'many'"),
        (["order", "--item-name", "x", "--address", "{"], "is not JSON"),
        (["order", "--item-name", "x", "--color", "green"], "choose from"),
        (["ordr"], "ordr"),
    ],
)
def test_what_a_tool_cannot_take_is_refused(folder: Path, arguments: list[str], text: str) -> None:
    """Before the server is asked."""
    run = script(folder, "call-tool", *arguments)

    assert run.returncode == 2
    assert text in run.stderr


def test_failures_and_contents_are_told(folder: Path) -> None:
    """A tool that fails is exit code 1; what is no text is told by its kind."""
    failed = script(folder, "call-tool", "fail")
    picture = script(folder, "call-tool", "picture")

    assert (failed.returncode, failed.stdout) == (1, "")
    assert "out of paper" in failed.stderr
    assert picture.stdout == "a text\n[image/png: binary]\n"


def test_resources_and_prompts_have_commands(folder: Path) -> None:
    """As FastMCP's scripts have them."""
    assert script(folder, "list-tools").stdout.startswith("order  Order something: 100% of it.\n")
    assert script(folder, "list-resources").stdout == (
        "config://app  The configuration.\nuser://{id}  One user.\n"
    )
    assert script(folder, "read-resource", "config://app").stdout == "{}\n"
    assert script(folder, "list-prompts").stdout == "ask(topic)  Ask something.\n"
    assert script(folder, "get-prompt", "ask", "topic=tea").stdout == "user:\nWhat about tea?\n"


def test_help_tells_what_the_server_says(folder: Path) -> None:
    """Percent signs are no formats there."""
    run = script(folder, "call-tool", "order", "--help")

    assert run.returncode == 0, run.stderr
    assert "Order something: 100% of it.\n\nAt length." in run.stdout
    assert "--gift, --no-gift" in run.stdout
    assert "(default: 1)" in run.stdout


def test_the_skill_has_command_lines_that_run(folder: Path) -> None:
    """With the flags of each tool, in a table."""
    text = (folder / "SKILL.md").read_text()

    assert text.startswith("---\nname: shop-cli\ndescription: ")
    assert "python cli.py call-tool order --item-name TEXT\n" in text
    assert "| `--count` | INTEGER | no |" in text
    assert "| `--color` | red or blue | no |" in text


def test_files_are_written_over_only_by_force(folder: Path) -> None:
    """Both are named."""
    refused = generate(folder, "server.py")
    forced = generate(folder, "server.py", "--force")
    other = generate(folder, "server.py", "other.py", "--no-skill")

    assert refused.returncode == 1
    assert "cli.py and SKILL.md" in refused.stderr
    assert "--force" in refused.stderr
    assert forced.returncode == 0
    assert other.returncode == 0
    assert (folder / "other.py").stat().st_mode & 0o111


HOSTILE = (
    '"""\nimport os; os.system("touch pwned")\n"""',
    "'''+__import__('os').system('touch pwned')+'''",
    "\\'); raise SystemExit(9)  # \u202e",
    "{evil} %(prog)s %s \x1b[2J \ud83d\ude00 \r\n\x00",
    "SERVER: x = y\nTOOLS: list = open('pwned', 'w')",
    "`touch pwned` | <script> ](x) \n```\n# Heading\n---",
)


def hostile_tools() -> list[Tool]:
    tools: list[Tool] = []
    for text in HOSTILE:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {
                text: {"type": "string", "description": text, "default": text},
                "choice": {"enum": [text, "a"]},
                "a_b": {"type": "boolean"},
                "a-b": {"$ref": "#/$defs/" + text},
                "no-a-b": {"type": ["integer", "null"]},
                "help": True,
                "loop": {"$ref": "#/properties/loop"},
            },
            "required": [text],
        }
        tools += (Tool(name=text, description=text, input_schema=schema),) * 2
    return tools


def test_nothing_of_a_server_is_ever_code(tmp_path: Path) -> None:
    """Names, descriptions, schemas and defaults are Python's literals, and nothing else changes."""
    commands = commands_of(hostile_tools())
    text = script_text({"run": HOSTILE[0]}, commands)
    tree = ast.parse(text)
    values = {
        each.target.id: ast.literal_eval(each.value)
        for each in tree.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and each.target.id in ("SERVER", "TOOLS")
        and each.value is not None
    }
    empty = ast.parse(script_text({}, []))
    (tmp_path / "cli.py").write_text(text, "utf-8")

    run = script(tmp_path, "call-tool", "--help")

    assert values == {"SERVER": {"run": HOSTILE[0]}, "TOOLS": commands}
    assert len(tree.body) == len(empty.body)
    assert run.returncode == 0, run.stderr
    assert "\x1b" not in run.stdout
    for command in commands:
        detail = script(tmp_path, "call-tool", command["command"], "--help")
        assert detail.returncode == 0, detail.stderr
    assert not list(tmp_path.parent.rglob("pwned"))


def test_names_are_safe_and_each_its_own() -> None:
    """Of commands and of flags, whatever the server calls them."""
    commands = commands_of(hostile_tools())
    names = [each["command"] for each in commands]

    assert len(set(names)) == len(names)
    for name in names:
        assert name[0].isalnum() or name[0] == "_"
        assert name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    for command in commands:
        flags = [each["flag"] for each in command["arguments"]]
        flags += [f"--no-{e['flag'][2:]}" for e in command["arguments"] if e["kind"] == "flag"]
        assert len({"--help", *flags}) == len(flags) + 1


def test_a_hostile_skill_stays_in_its_lines() -> None:
    """What a server says cannot begin a block, a heading or a comment of its own."""
    text = skill_text(HOSTILE[-1], "cli.py", commands_of(hostile_tools()), ["python"])

    assert text.count("```") % 2 == 0
    assert [line for line in text.splitlines() if line.startswith("# ")] == [text.splitlines()[5]]
    assert "<script" not in text.replace("\\<script", "")
    assert text.count("\n---\n") == 1


def test_a_url_is_called_with_secrets_of_the_environment(tmp_path: Path) -> None:
    """Values of headers and tokens are not written into the script."""
    mcp = FastMCP("Remote")

    @mcp.tool
    def who() -> str:
        from fastmcp.server.dependencies import get_http_headers

        headers = get_http_headers(include_all=True)
        return f"{headers.get('x-key')} {headers.get('authorization')}"

    with served(mcp.http_app()) as base:
        made = generate(
            tmp_path, f"{base}/mcp", "--header", "X-Key: hunter2", "--auth", "s3cret", "--no-skill"
        )
        secrets = {"MCP_HEADER_X_KEY": "k", "MCP_TOKEN": "t"}
        called = script(tmp_path, "call-tool", "who", **secrets)
        missing = script(tmp_path, "call-tool", "who")

    assert made.returncode == 0, made.stderr
    assert "takes its headers from MCP_HEADER_X_KEY" in made.stderr
    assert "takes its token from MCP_TOKEN" in made.stderr
    text = (tmp_path / "cli.py").read_text()
    assert "hunter2" not in text
    assert "s3cret" not in text
    assert called.stdout == "k Bearer t\n"
    assert missing.returncode == 1
    assert "MCP_HEADER_X_KEY is not set" in missing.stderr


def test_other_servers_are_reached_as_they_were_named(script: Script, tmp_path: Path) -> None:
    """By a command, a file of servers, or the name that a program here has one under."""
    server = script(
        "from fastmcp import FastMCP\nmcp = FastMCP('x')\n"
        "@mcp.tool\ndef size(text: str) -> int: return len(text)\n"
        "if __name__ == '__main__': mcp.run()\n"
    )
    entry = {"mcpServers": {"own": {"command": sys.executable, "args": [str(server)]}}}
    (tmp_path / "mcp.json").write_text(json.dumps(entry))
    home = tmp_path / "home"
    desktop = home / ".config/Claude/claude_desktop_config.json"
    desktop.parent.mkdir(parents=True)
    desktop.write_text(json.dumps(entry))
    env = {"HOME": str(home), "XDG_CONFIG_HOME": ""}
    ways = (["--command", f"{sys.executable} {server}"], ["mcp.json"], ["server.py:mcp"], ["own"])

    for number, way in enumerate(ways):
        made = generate(tmp_path, *way, f"{number}.py", "--no-skill", **env)
        assert made.returncode == 0, made.stderr
        called = run_python(
            str(tmp_path / f"{number}.py"), "call-tool", "size", "--text", "abc", cwd=home, env=env
        )
        assert called.stdout == '{\n  "result": 3\n}\n', called.stderr


def test_a_server_of_somebody_else(example: Path) -> None:
    """It may have tools alone, with any schema, and names in any alphabet."""
    made = generate(example, "--command", f"{sys.executable} odd.py")
    chosen = script_in(example, "call-tool", "choice", "--value", "1")
    named = script_in(example, "call-tool", "größe", "--名前", "ü")
    listed = script_in(example, "list-tools")

    assert made.returncode == 0, made.stderr
    assert json.loads(chosen.stdout) == {"value": "1"}
    assert json.loads(named.stdout) == {"名前": "ü"}
    assert (listed.returncode, listed.stderr) == (0, "")
    for command in ("list-resources", "list-prompts"):
        nothing = script_in(example, command)
        assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "")


def script_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_python("cli.py", *arguments, cwd=folder)


def test_a_server_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    """And nothing is written."""
    run = generate(tmp_path, "http://127.0.0.1:9/mcp")

    assert run.returncode == 1
    assert not list(tmp_path.iterdir())
