"""Area K: fastmcp.security, and what people write themselves with tokens, row by row; and S337."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from apps import call, http, initialize, served
from reaching import Reach

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import AuthorizationError, ToolError
from fastmcp.security import require_auth, require_roles, validate_token
from fastmcp.testing import MockContext, create_test_client

VALID_TOKENS: dict[str, dict[str, Any]] = {
    "admin_token_123": {"role": "admin", "user": "admin"},
    "user_token_456": {"role": "user", "user": "john"},
}


def authenticate_request(token: str) -> dict[str, Any] | None:
    """As people write it."""
    return VALID_TOKENS.get(token)


def server(auth: Any = VALID_TOKENS) -> FastMCP:
    """The server of the documentation: one tool for admins, and one for everybody."""
    mcp = FastMCP("Secure", auth=auth)

    @mcp.tool
    @require_auth
    def admin_only_tool(action: str) -> dict[str, Any]:
        """Do what only admins may."""
        ctx = Context.current()
        if ctx.user_info.get("role") != "admin":
            return {"error": "Admin access required"}
        return {"authorized": True, "action": action, "user": ctx.user_info["user"]}

    @mcp.tool
    def public_tool(message: str) -> str:
        """Say something."""
        return f"Public: {message}"

    return mcp


def test_s178_the_module_has_its_names() -> None:
    """Those of the documentation, and what belongs to them."""
    import fastmcp.security as security

    for name in ("require_auth", "require_roles", "require_scopes", "validate_token", "APIKeys"):
        assert name in security.__all__
        assert callable(getattr(security, name))


def test_s179_an_unauthenticated_call_is_refused_before_the_body_runs(
    reach: Reach, mode: str
) -> None:
    """Over HTTP without a token and in memory without an identity; others are served."""
    ran: list[str] = []
    mcp = FastMCP("x")

    @mcp.tool
    @require_auth
    def plain(action: str) -> str:
        """Do it."""
        ran.append(action)
        return action

    @mcp.tool
    @require_auth(roles=["admin"])
    async def later(action: str) -> str:
        ran.append(action)
        return action

    async def main() -> Any:
        async with Client(reach(mcp), mode=mode) as client:
            tools = {tool.name: tool for tool in await client.list_tools()}
            for name in ("plain", "later"):
                with pytest.raises(ToolError, match=rf"{name}\(\) is for authenticated callers"):
                    await client.call_tool(name, {"action": "go"})
            return tools["plain"]

    tool = asyncio.run(main())

    assert ran == []
    assert (tool.name, tool.description) == ("plain", "Do it.")
    assert tool.input_schema["required"] == ["action"]


async def test_s179_with_an_identity_it_runs() -> None:
    """Of a test's client, and of a context that a test makes."""
    mcp = server()
    client = create_test_client(mcp, user_info={"role": "admin", "user": "ann"})
    with contextlib.closing(client):
        told = await asyncio.to_thread(client.call_tool, "admin_only_tool", {"action": "go"})
    assert told == {"authorized": True, "action": "go", "user": "ann"}

    @require_auth(roles=["admin"])
    def alone() -> str:
        return "ran"

    async with MockContext(user_info={"role": "admin"}):
        assert alone() == "ran"
    async with MockContext(user_info={"role": "user"}):
        with pytest.raises(AuthorizationError, match="needs the role admin"):
            alone()


def test_s180_validate_token_gives_the_record() -> None:
    """Of a mapping, a function, and a server."""
    for tokens in (VALID_TOKENS, authenticate_request, server(), server(authenticate_request)):
        record: Any = validate_token("admin_token_123", tokens=tokens)
        assert record["role"] == "admin"
        assert validate_token("nothing", tokens=tokens) is None


@pytest.mark.parametrize("auth", [VALID_TOKENS, authenticate_request])
def test_s181_records_of_tokens_say_who_calls(auth: Any) -> None:
    """A mapping or a function: an admin, a user, and nobody."""
    with http(server(auth)) as client:

        def told(token: str | None) -> Any:
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            answer = client.post(call("admin_only_tool", action="reset"), headers)
            if answer.status_code != 200:
                return answer.status_code
            return json.loads(answer.json()["result"]["content"][0]["text"])

        assert told("admin_token_123") == {
            "authorized": True,
            "action": "reset",
            "user": "admin",
        }
        assert told("user_token_456") == {"error": "Admin access required"}
        assert told("bad") == 401
        assert told(None) == 401


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s182_what_a_function_denies_is_ordinary_data(mode: str) -> None:
    """By `ctx.user_info`, on the client's side, too."""
    with served(server().http_app()) as base:

        async def asked(token: str) -> Any:
            async with Client(f"{base}/mcp", auth=token, mode=mode) as client:
                return (await client.call_tool("admin_only_tool", {"action": "a"})).data

        assert asyncio.run(asked("user_token_456")) == {"error": "Admin access required"}
        assert asyncio.run(asked("admin_token_123"))["user"] == "admin"


LOCAL = """
from fastmcp import Context, FastMCP
from fastmcp.security import require_auth

mcp = FastMCP("local", auth={"admin_token_123": {"role": "admin", "user": "ann"}})

@mcp.tool
@require_auth
def admin_only_tool(ctx: Context) -> str:
    return ctx.user_info["user"]

@mcp.tool
def public_tool() -> str:
    return "public"

mcp.run()
"""


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s183_over_stdio_there_is_nobody_unless_a_token_says_who(tmp_path: Path, mode: str) -> None:
    """The public tool works either way; with a token the other one, too."""
    script = tmp_path / "server.py"
    script.write_text(LOCAL)

    async def used(**env: str) -> list[Any]:
        told: list[Any] = []
        transport = StdioTransport(sys.executable, [str(script)], env=env)
        async with Client(transport, timeout=30, mode=mode) as client:
            for tool in ("public_tool", "admin_only_tool"):
                try:
                    told.append((await client.call_tool(tool)).data)
                except ToolError as error:
                    told.append(str(error))
        return told

    public, refused = asyncio.run(used())
    assert public == "public"
    assert "admin_only_tool() is for authenticated callers" in refused
    assert asyncio.run(used(FASTMCP_AUTH_TOKEN="admin_token_123")) == ["public", "ann"]


def test_s183_in_memory_there_is_nobody_unless_a_test_says_who() -> None:
    """The same, without a process."""
    mcp = server()
    for user_info, allowed in ((None, False), ({"role": "admin", "user": "ann"}, True)):
        with contextlib.closing(create_test_client(mcp, user_info=user_info)) as client:
            assert client.call_tool("public_tool", {"message": "hi"}) == "Public: hi"
            if allowed:
                told = client.call_tool("admin_only_tool", {"action": "a"})
                assert told["authorized"] is True
            else:
                with pytest.raises(AuthorizationError, match="authenticated callers"):
                    client.call_tool("admin_only_tool", {"action": "a"})


def test_s184_limits_by_key_hold_across_sessions(reach: Reach, mode: str) -> None:
    """Whoever keeps them in a module, for all sessions of a process."""
    mcp = FastMCP("x")
    limits = {"key-1": 2}
    calls: dict[str, list[float]] = {}

    @mcp.tool
    def api_call(api_key: str) -> dict[str, Any]:
        if api_key not in limits:
            return {"error": "Invalid API key"}
        now = time.time()
        recent = [each for each in calls.get(api_key, []) if now - each < 60]
        if len(recent) >= limits[api_key]:
            return {"error": "Rate limit exceeded", "limit": limits[api_key]}
        calls[api_key] = [*recent, now]
        return {"ok": True}

    target = reach(mcp)

    async def asked(key: str) -> Any:
        async with Client(target, mode=mode) as client:
            return (await client.call_tool("api_call", {"api_key": key})).data

    told = [asyncio.run(asked(key)) for key in ("key-1", "key-1", "key-1", "key-2")]

    assert told == [
        {"ok": True},
        {"ok": True},
        {"error": "Rate limit exceeded", "limit": 2},
        {"error": "Invalid API key"},
    ]


def test_s185_resources_signed_by_hand_are_read_with_their_signature(
    reach: Reach, mode: str
) -> None:
    """A defaulted parameter of a fixed resource comes from the query."""
    secret = b"shared secret"
    mcp = FastMCP("x")

    def sign(data: str) -> str:
        return hmac.new(secret, data.encode(), hashlib.sha256).hexdigest()

    @mcp.resource("secure/config")
    def secure_config(signature: str = None) -> dict[str, Any]:  # type: ignore[assignment] # noqa: RUF013
        if signature is None or not hmac.compare_digest(signature, sign("secure/config")):
            return {"error": "Invalid signature"}
        return {"config": "secret"}

    async def main() -> list[Any]:
        told: list[Any] = []
        async with Client(reach(mcp), mode=mode) as client:
            for query in ("", "?signature=wrong", f"?signature={sign('secure/config')}"):
                contents: Any = await client.read_resource(f"resource://secure/config{query}")
                told.append(json.loads(contents[0].text))
        return told

    assert asyncio.run(main()) == [
        {"error": "Invalid signature"},
        {"error": "Invalid signature"},
        {"config": "secret"},
    ]


def test_s337_roles_are_checked_by_the_decorators_that_there_are() -> None:
    """Over HTTP, by what the records of tokens say."""
    mcp = FastMCP("Roles", auth=VALID_TOKENS)

    @mcp.tool
    @require_roles("admin")
    def manage_users(action: str) -> dict[str, Any]:
        return {"action": action, "by": Context.current().user_info["user"]}

    @mcp.tool
    @require_auth
    def read_data(key: str) -> dict[str, Any]:
        return {"key": key}

    with http(mcp) as client:

        def told(token: str, tool: str, **arguments: Any) -> tuple[bool, str]:
            answer = client.post(call(tool, **arguments), {"authorization": f"Bearer {token}"})
            result = answer.json()["result"]
            return result.get("isError", False), result["content"][0]["text"]

        assert told("admin_token_123", "manage_users", action="ban") == (
            False,
            '{"action":"ban","by":"admin"}',
        )
        assert told("user_token_456", "manage_users", action="ban") == (
            True,
            "manage_users() needs the role admin",
        )
        assert told("user_token_456", "read_data", key="a") == (False, '{"key":"a"}')
        assert client.post(initialize()).status_code == 401
