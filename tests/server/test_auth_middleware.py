"""AuthMiddleware: checks that hold for everything that a server offers."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from apps import MODERN, request, served
from callers import client_of, knows_callers
from conversation import ask, conversation

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import AuthorizationError, ConfigurationError, McpError, ToolError
from fastmcp.server.auth import AuthContext
from fastmcp.server.middleware.authorization import AuthMiddleware
from fastmcp.testing import create_test_client


def restricted(context: AuthContext) -> bool:
    """Only admins see what is tagged so."""
    if "admin" not in context.component.tags:
        return True
    return context.token is not None and context.token.claims["sub"] == "ada"


async def restricted_later(context: AuthContext) -> bool:
    await asyncio.sleep(0)
    return restricted(context)


def server(auth: Any = restricted, **options: Any) -> FastMCP:
    mcp = FastMCP("x", middleware=[AuthMiddleware(auth=auth)], **options)

    @mcp.tool
    def open_tool() -> str:
        return "open"

    @mcp.tool(tags={"admin"})
    def closed_tool() -> str:
        return "closed"

    @mcp.resource("data://open")
    def open_data() -> str:
        return "open"

    @mcp.resource("data://closed", tags={"admin"})
    def closed_data() -> str:
        return "closed"

    @mcp.resource("data://closed/{name}", tags={"admin"})
    def closed_template(name: str) -> str:
        return name

    @mcp.prompt
    def open_prompt() -> str:
        return "open"

    @mcp.prompt(tags={"admin"})
    def closed_prompt(kind: str) -> str:
        return kind

    @mcp.completion
    def complete(ref: Any, argument: Any, context: Any) -> list[str]:
        return ["completed"]

    return mcp


async def used_by(client: Client) -> Any:
    """What a caller sees, and which uses are refused it."""
    async with client:
        seen = {
            *(tool.name for tool in await client.list_tools()),
            *(each.uri for each in await client.list_resources()),
            *(each.uri_template for each in await client.list_resource_templates()),
            *(each.name for each in await client.list_prompts()),
        }
        refused: set[str] = set()
        for name, use in {
            "tool": client.call_tool("closed_tool"),
            "open tool": client.call_tool("open_tool"),
            "resource": client.read_resource("data://closed"),
            "template": client.read_resource("data://closed/a"),
            "open resource": client.read_resource("data://open"),
            "prompt": client.get_prompt("closed_prompt", {"kind": "a"}),
            "open prompt": client.get_prompt("open_prompt"),
            "completion": client.complete(
                {"type": "ref/prompt", "name": "closed_prompt"}, {"name": "kind", "value": ""}
            ),
        }.items():
            try:
                await use
            except (ToolError, McpError) as error:
                assert "Authorization failed" in str(error)
                refused.add(name)
        return seen, refused


OPEN = {"open_tool", "data://open", "open_prompt"}
CLOSED = {"closed_tool", "data://closed", "data://closed/{name}", "closed_prompt"}
USES = {"tool", "resource", "template", "prompt", "completion"}


@pytest.mark.parametrize("auth", [restricted, restricted_later, [lambda _: True, restricted]])
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_callers_see_and_use_what_every_check_lets_them(auth: Any, mode: str) -> None:
    """Lists are filtered, and calls, reads, prompts and completions refused."""
    with served(server(auth).http_app(middleware=knows_callers())) as base:
        ada = asyncio.run(used_by(client_of(base, "ada", mode=mode)))
        bob = asyncio.run(used_by(client_of(base, "bob", mode=mode)))
        nobody = asyncio.run(used_by(client_of(base, None, mode=mode)))

    assert ada == (OPEN | CLOSED, set())
    assert bob == nobody == (OPEN, USES)


def test_it_holds_in_memory() -> None:
    """With the identity that a test gives, and without one."""
    mcp = server()

    assert asyncio.run(used_by(Client(mcp))) == (OPEN, USES)
    assert create_test_client(mcp, user_info={"sub": "ada"}).call_tool("closed_tool") == "closed"
    with pytest.raises(AuthorizationError, match="insufficient permissions"):
        create_test_client(mcp, user_info={"sub": "bob"}).call_tool("closed_tool")


def test_what_is_not_there_is_refused_in_the_same_manner() -> None:
    """So that nobody learns what others have."""
    mcp = server()
    mcp.tool(lambda: 0, name="hidden", auth=lambda _: False)

    texts = [
        ask(mcp, request("tools/call", name=name))["result"]["content"][0]["text"]
        for name in ("hidden", "absent")
    ]

    assert texts[0].replace("hidden", "absent") == texts[1]
    assert "not found or not authorized" in texts[0]


def test_nobody_watches_what_they_may_not_read() -> None:
    """By a subscription in a session, or by a stream of the modern era."""
    mcp, uris = server(), ["data://open", "data://closed", "data://closed/a"]

    async def main() -> Any:
        async with conversation(mcp) as talk:
            answers = [
                await talk.ask(request("resources/subscribe", number, uri=uri))
                for number, uri in enumerate(uris, 1)
            ]
        async with conversation(mcp, MODERN) as talk:
            wanted = {"resourceSubscriptions": uris}
            told = await talk.ask(request("subscriptions/listen", notifications=wanted))
        return ["error" in each for each in answers], told["params"]["notifications"]

    refused, honoured = asyncio.run(main())

    assert refused == [False, True, True]
    assert honoured["resourceSubscriptions"] == ["data://open"]


def test_a_check_that_breaks_refuses(caplog: pytest.LogCaptureFixture) -> None:
    """What it raises is logged; an AuthorizationError is told to the caller."""

    def broken(context: AuthContext) -> bool:
        raise KeyError("claims")

    def outspoken(context: AuthContext) -> bool:
        raise AuthorizationError("Come back tomorrow")

    def text(auth: Any) -> str:
        answer = ask(server(auth), request("tools/call", name="open_tool"))
        return answer["result"]["content"][0]["text"]

    assert "insufficient permissions" in text(broken)
    assert "KeyError" in caplog.text
    assert text(outspoken) == "Come back tomorrow"
    for auth in (broken, outspoken):
        assert ask(server(auth), request("tools/list"))["result"]["tools"] == []


SCRIPT = """
from fastmcp import FastMCP
from fastmcp.server.middleware.authorization import AuthMiddleware

mcp = FastMCP("x", middleware=[AuthMiddleware(auth=lambda context: False)])

@mcp.tool
def local() -> str:
    return "local"

mcp.run()
"""


def test_the_user_of_this_machine_is_not_checked(tmp_path: Path) -> None:
    """Over stdio there is nobody else."""
    script = tmp_path / "server.py"
    script.write_text(SCRIPT)

    async def main() -> Any:
        async with Client(StdioTransport(sys.executable, [str(script)]), timeout=30) as client:
            return [t.name for t in await client.list_tools()], (
                await client.call_tool("local")
            ).data

    assert asyncio.run(main()) == (["local"], "local")


@pytest.mark.parametrize("auth", [None, [], "admin", [None]])
def test_a_check_can_be_called(auth: Any) -> None:
    """Anything else would let everybody in, or nobody."""
    with pytest.raises(ConfigurationError, match="auth="):
        AuthMiddleware(auth=auth)
