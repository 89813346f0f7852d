"""`fastmcp generate-cli`: a Python script that has a command for each tool of a server."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastmcp.exceptions import ConfigurationError

from ..connecting import add_server_arguments, connected
from ..parsing import show_examples

if TYPE_CHECKING:
    from .commands import Command

SKILL: Final = "SKILL.md"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_server_arguments(parser)
    parser.add_argument(
        "file", metavar="OUTPUT", nargs="?", default="cli.py", help="the script (default cli.py)"
    )
    parser.add_argument("-f", "--force", action="store_true", help="write over files")
    parser.add_argument(
        "--no-skill", action="store_true", help=f"write no {SKILL}, which tells agents of it"
    )
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp generate-cli server.py --force",
        "fastmcp generate-cli server.py tools.py --no-skill --force",
    )


def act(options: argparse.Namespace) -> int:
    """Write the script, and what tells of it."""
    if options.command is not None and options.server is not None:
        options.server, options.file = None, options.server  # the only name is that of the script
    script = Path(options.file)
    guide = script.with_name(SKILL)
    files = [script] if options.no_skill else [script, guide]
    there = [str(each) for each in files if each.exists()]
    if there and not options.force:
        raise ConfigurationError(f"{' and '.join(there)} would be written over: --force does")
    from .reaching import reached

    server = reached(options)
    name, commands = asyncio.run(_asked(options))
    _write(script, script_text(server, commands), executable=True)
    if not options.no_skill:
        from .skill import skill_text

        _write(guide, skill_text(name, script.name, commands, _launch()))
    many = "1 tool" if len(commands) == 1 else f"{len(commands)} tools"
    written = " and ".join(map(str, files))
    print(f"fastmcp: wrote {written}, for {many}", file=sys.stderr)
    if variables := server.get("headers"):
        needs = ", ".join(variables.values())
        print(f"fastmcp: the script takes its headers from {needs}", file=sys.stderr)
    if options.auth not in (None, "none", "oauth"):
        print("fastmcp: the script takes its token from MCP_TOKEN", file=sys.stderr)
    return 0


async def _asked(options: argparse.Namespace) -> tuple[str, list[Command]]:
    """What the server calls itself, and its tools."""
    from .commands import commands_of

    async with connected(options) as client:
        return client.initialize_result.server_info.name, commands_of(await client.list_tools())


def script_text(server: dict[str, Any], commands: list[Command]) -> str:
    """The script: `script.py` beside this, with what it is about as Python's literals."""
    text = Path(__file__).with_name("script.py").read_text("utf-8")
    return _with_literal(_with_literal(text, "SERVER", server), "TOOLS", commands)


def _with_literal(text: str, name: str, value: Any) -> str:
    from pprint import pformat

    literal = pformat(value, width=96, sort_dicts=False)
    line = re.compile(rf"^({name}: .* =) .*$", re.MULTILINE)
    return line.sub(lambda found: f"{found[1]} {literal}", text, count=1)


def _launch() -> list[str]:
    """What runs the script with this package."""
    from fastmcp.configuration.installed import requirement_of_itself

    return ["uv", "run", "--no-project", *requirement_of_itself(), "python"]


def _write(path: Path, text: str, *, executable: bool = False) -> None:
    from ..install.documents.files import read_file, replace_file

    replace_file(path, read_file(path), text.encode("utf-8"), backup=False)
    path.chmod(0o755 if executable else 0o644)
