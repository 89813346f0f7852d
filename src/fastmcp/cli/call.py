"""`fastmcp list` and `fastmcp call`: look at a server, and call it, from the shell."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, cast

from msgspec import DecodeError, json

from fastmcp.exceptions import ConfigurationError, ToolError

from .terminal import print_result, shown_in_line


def add_parsers(commands: Any) -> None:
    """Add the commands to the parser."""
    lists = commands.add_parser("list", help="list what a server offers")
    lists.add_argument("server", metavar="SERVER", help="a URL, or a .py or .js file")
    lists.add_argument("--timeout", type=float, default=30.0, help="seconds for each request")
    lists.set_defaults(act=act_list)
    call = commands.add_parser("call", help="call a tool of a server")
    call.add_argument("server", metavar="SERVER", help="a URL, or a .py or .js file")
    call.add_argument("tool", metavar="TOOL", help="the tool's name")
    call.add_argument(
        "arguments",
        metavar="NAME=VALUE",
        nargs="*",
        help="arguments: text where the tool wants text (query=123), and else JSON (limit=5)",
    )
    call.add_argument("--timeout", type=float, default=30.0, help="seconds for each request")
    call.set_defaults(act=act_call)


def act_list(options: argparse.Namespace) -> int:
    """Print tools, resources and prompts."""
    asyncio.run(_list(options))
    return 0


async def _list(options: argparse.Namespace) -> None:
    from fastmcp.client.client import Client

    async with Client(options.server, timeout=options.timeout) as client:
        info = client.server_info
        who = shown_in_line(f"{info.name} {info.version}")
        print(f"{who} (MCP {client.protocol_version})")
        _print("tools", [(t.name, t.description) for t in await client.list_tools()])
        _print("resources", [(r.uri, r.description) for r in await client.list_resources()])
        templates = await client.list_resource_templates()
        _print("resource templates", [(t.uri_template, t.description) for t in templates])
        _print("prompts", [(p.name, p.description) for p in await client.list_prompts()])


def _print(title: str, rows: list[tuple[str, str | None]]) -> None:
    if rows:
        print(f"\n{title}:")
    for name, description in rows:
        summary = (description or "").strip().partition("\n")[0]
        print(f"  {shown_in_line(name)}  {shown_in_line(summary)}".rstrip())


def act_call(options: argparse.Namespace) -> int:
    """Print a tool's result: 1 when it failed."""
    try:
        print_result(asyncio.run(_call(options)))
    except ToolError as error:
        raise ConfigurationError(str(error)) from None
    return 0


async def _call(options: argparse.Namespace) -> str:
    from fastmcp.client.client import Client

    texts = dict(_split(text) for text in options.arguments)
    async with Client(options.server, timeout=options.timeout) as client:
        tools = await client.list_tools() if texts else []
        schemas = [tool.input_schema for tool in tools if tool.name == options.tool]
        wanted: Any = schemas[0].get("properties", {}) if schemas else {}
        arguments = {name: _value(text, wanted.get(name)) for name, text in texts.items()}
        result = await client.call_tool(options.tool, arguments)
        return result.text() or json.encode(result.structured_content).decode()


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"{text!r} is not NAME=VALUE")
    return name, value


def _value(text: str, schema: Any) -> Any:
    """What is meant: JSON, unless it is none, or is of a kind that is not wanted where text is."""
    try:
        value = json.decode(text)
    except DecodeError:
        return text
    kinds = _kinds(schema)
    return text if "string" in kinds and not kinds & set(_KINDS[type(value)]) else value


_KINDS = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    list: ("array",),
    dict: ("object",),
    type(None): ("null",),
}


def _kinds(schema: Any) -> set[str]:
    """The kinds of JSON that a schema names; none where it refers to another one."""
    if not isinstance(schema, dict):
        return set()
    read = cast("dict[str, Any]", schema)
    kind = read.get("type", ())
    kinds = {kind} if isinstance(kind, str) else set(kind)
    return kinds.union(*(_kinds(each) for each in (*read.get("anyOf", ()), *read.get("oneOf", ()))))
