#!/usr/bin/env python3
"""A command line for the tools, resources and prompts of an MCP server; `--help` tells of it.

It needs the package `peregrine-mcp`. SERVER says how the server is reached, and may be changed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import METHOD_NOT_FOUND, FastMCPError, McpError

SERVER: dict[str, Any] = {}
TOOLS: list[dict[str, Any]] = []


def connect() -> Client:
    """The client of the server."""
    if "url" in SERVER:
        headers = {name: needed(variable) for name, variable in SERVER["headers"].items()}
        auth = SERVER["auth"] or os.environ.get("MCP_TOKEN")
        transport = SSETransport if SERVER["transport"] == "sse" else StreamableHttpTransport
        return Client(transport(SERVER["url"], headers=headers, auth=auth), timeout=TIMEOUT)
    if "name" in SERVER:
        from fastmcp.cli.install.discovery import configured_server

        found = configured_server(SERVER["name"])
        if found is None:
            raise FastMCPError(f"no program on this computer has a server {SERVER['name']!r}")
        return Client({"mcpServers": found}, timeout=TIMEOUT)
    if "file" in SERVER:
        return Client(SERVER["file"], timeout=TIMEOUT)
    if "run" in SERVER:
        line = ["-P", "-m", "fastmcp", "run", SERVER["run"], "--no-banner"]
        return Client(StdioTransport(sys.executable, line), timeout=TIMEOUT)
    command, *arguments = SERVER["command"]
    return Client(StdioTransport(command, arguments), timeout=TIMEOUT)


TIMEOUT = 30.0


def needed(variable: str) -> str:
    """The value of a variable, which is a secret and therefore not written here."""
    value = os.environ.get(variable)
    if value is None:
        raise FastMCPError(f"the environment variable {variable} is not set")
    return value


async def call_tool(options: argparse.Namespace) -> int:
    """Call a tool; 1 when it failed."""
    given = vars(options)
    arguments = {
        each["name"]: given[f"argument_{number}"]
        for number, each in enumerate(options.tool["arguments"])
        if f"argument_{number}" in given
    }
    async with connect() as client:
        result = await client.call_tool(options.tool["name"], arguments, raise_on_error=False)
    if result.is_error:
        complain(result.text() or "the tool failed")
        return 1
    if result.structured_content is not None:
        print(shown(json.dumps(result.structured_content, indent=2, ensure_ascii=False)))
    else:
        show_blocks(result.content)
    return 0


async def listed(asked: Awaitable[list[Any]]) -> list[Any]:
    """What the server lists; nothing where it does not know of such things."""
    try:
        return await asked
    except McpError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return []


async def list_tools(options: argparse.Namespace) -> int:
    """List the tools that the server has now."""
    async with connect() as client:
        for each in await listed(client.list_tools()):
            show_line(each.name, each.description)
    return 0


async def list_resources(options: argparse.Namespace) -> int:
    """List the resources, and the templates of resources."""
    async with connect() as client:
        for each in await listed(client.list_resources()):
            show_line(each.uri, each.description or each.name)
        for each in await listed(client.list_resource_templates()):
            show_line(each.uri_template, each.description or each.name)
    return 0


async def read_resource(options: argparse.Namespace) -> int:
    """Read a resource."""
    async with connect() as client:
        show_blocks(await client.read_resource(options.uri))
    return 0


async def list_prompts(options: argparse.Namespace) -> int:
    """List the prompts."""
    async with connect() as client:
        for each in await listed(client.list_prompts()):
            names = ", ".join(argument.name for argument in each.arguments or ())
            show_line(f"{each.name}({names})", each.description)
    return 0


async def get_prompt(options: argparse.Namespace) -> int:
    """Get a prompt."""
    async with connect() as client:
        prompt = await client.get_prompt(options.name, dict(options.arguments))
    for message in prompt.messages:
        print(f"{message.role}:")
        show_blocks([message.content])
    return 0


def show_blocks(blocks: Any) -> None:
    """Print contents; of what is no text, what it is."""
    for block in blocks:
        inner = getattr(block, "resource", block)
        text = getattr(inner, "text", None)
        if text is None:
            kind = getattr(inner, "mime_type", None) or type(inner).__name__
            text = f"[{kind}: {getattr(inner, 'uri', 'binary')}]"
        print(shown(text))


def show_line(name: str, description: str | None) -> None:
    """Print a name, and the first line of what is said of it."""
    summary = (description or "").strip().partition("\n")[0]
    print(shown(f"{name}  {summary}".rstrip()))


def complain(text: str) -> None:
    """Print what went wrong."""
    print(shown(text, sys.stderr), file=sys.stderr)


def shown(text: str, to: Any = sys.stdout) -> str:
    """The text, for a terminal without what that would take for commands."""
    if not to.isatty():
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode()
        for each in text
    )


def as_json(text: str) -> Any:
    """JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {error}") from None


def as_either(text: str) -> Any:
    """JSON, and what is none is text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def as_pair(text: str) -> tuple[str, str]:
    """A name and a text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": str, "metavar": "TEXT"},
    "integer": {"type": int, "metavar": "INTEGER"},
    "number": {"type": float, "metavar": "NUMBER"},
    "flag": {"action": argparse.BooleanOptionalAction},
    "texts": {"type": str, "metavar": "TEXT", "action": "append"},
    "integers": {"type": int, "metavar": "INTEGER", "action": "append"},
    "numbers": {"type": float, "metavar": "NUMBER", "action": "append"},
    "either": {"type": as_either, "metavar": "TEXT|JSON"},
    "json": {"type": as_json, "metavar": "JSON"},
}


def make_parser() -> argparse.ArgumentParser:
    """The parser, with a command for each tool."""
    parser = argparse.ArgumentParser(description="Call an MCP server.", allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    call = commands.add_parser("call-tool", help="call a tool", allow_abbrev=False)
    tools = call.add_subparsers(title="tools", metavar="TOOL", required=True)
    for tool in TOOLS:
        add_tool(tools, tool)
    for act in (list_tools, list_resources, list_prompts):
        add_command(commands, act)
    add_command(commands, read_resource).add_argument("uri", metavar="URI")
    prompt = add_command(commands, get_prompt)
    prompt.add_argument("name", metavar="NAME")
    prompt.add_argument("arguments", metavar="NAME=VALUE", nargs="*", type=as_pair)
    return parser


def add_command(commands: Any, act: Any) -> argparse.ArgumentParser:
    """Add a command that is not a tool's."""
    about: str = act.__doc__
    name: str = act.__name__.replace("_", "-")
    parser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    parser.set_defaults(act=act)
    return parser


def add_tool(tools: Any, tool: dict[str, Any]) -> None:
    """Add the command of a tool."""
    about: str = tool["help"]
    escaped = about.replace("%", "%%")
    parser = tools.add_parser(
        tool["command"],
        help=escaped.partition("\n")[0],
        description=escaped if "%(prog)" in about else about,  # only then it is a format
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(act=call_tool, tool=tool)
    for number, each in enumerate(tool["arguments"]):
        how = dict(KINDS[each["kind"]])
        if each["choices"]:
            how |= {"choices": each["choices"], "metavar": None}
        parser.add_argument(
            each["flag"],
            dest=f"argument_{number}",
            default=argparse.SUPPRESS,
            required=each["required"],
            help=each["help"].replace("%", "%%"),
            **how,
        )


def main() -> int:
    """Run a command; the exit code."""
    options = make_parser().parse_args()
    try:
        return asyncio.run(options.act(options))
    except (FastMCPError, OSError) as error:
        complain(f"{os.path.basename(sys.argv[0])}: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
