"""fastmcp.security: what functions ask of their callers, wherever these come from."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from apps import call, http, request, served

from fastmcp import Client, Context, FastMCP
from fastmcp.dependencies import CurrentAccessToken, Depends, TokenClaim
from fastmcp.exceptions import AuthorizationError, ConfigurationError, McpError, ToolError
from fastmcp.security import require_auth, require_roles, require_scopes
from fastmcp.server.auth import AccessToken
from fastmcp.server.auth.authorization import AuthContext
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.middleware.authorization import AuthMiddleware
from fastmcp.testing import MockContext, create_test_client
from fastmcp.tools import Tool

KNOWN = {
    "ann": {"user": "ann", "role": "admin", "scopes": ["read", "write"]},
    "bob": {"user": "bob", "role": "user", "scopes": ["read"]},
    "eve": {"user": "eve", "roles": ["admin"]},
}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def server(**options: Any) -> FastMCP:
    """A server of functions of every kind."""
    mcp = FastMCP("x", **options)

    @mcp.tool
    @require_auth
    def plain(action: str, count: int = 1) -> dict[str, Any]:
        """Do something."""
        token = get_access_token()
        return {"did": action * count, "by": token.claims["user"]}

    @mcp.tool
    @require_auth(roles=["admin"])
    async def admins(ctx: Context, extra: str = Depends(lambda: "extra")) -> str:
        return f"{ctx.user_info['user']} {extra}"

    @mcp.tool
    @require_scopes("write")
    def writers() -> str:
        return "written"

    @mcp.tool
    @require_auth(roles="admin", scopes="write")
    def both() -> str:
        return "both"

    @mcp.tool
    def public() -> str:
        return "public"

    @mcp.resource("data://secret")
    @require_auth
    def secret() -> str:
        return "secret"

    @mcp.resource("data://of/{name}")
    @require_roles("admin")
    async def of(name: str) -> str:
        return name

    @mcp.prompt
    @require_auth
    def ask(topic: str) -> str:
        """Ask about a topic."""
        return f"Tell me of {topic}"

    return mcp


USES: dict[str, Any] = {
    "plain": lambda client: client.call_tool("plain", {"action": "go", "count": 2}),
    "admins": lambda client: client.call_tool("admins"),
    "writers": lambda client: client.call_tool("writers"),
    "both": lambda client: client.call_tool("both"),
    "public": lambda client: client.call_tool("public"),
    "secret": lambda client: client.read_resource("data://secret"),
    "of": lambda client: client.read_resource("data://of/a"),
    "ask": lambda client: client.get_prompt("ask", {"topic": "tea"}),
}


async def allowed(client: Client) -> set[str]:
    """What a client may do; the others are refused in so many words."""
    done: set[str] = set()
    async with client:
        for name, use in USES.items():
            try:
                await use(client)
                done.add(name)
            except (ToolError, McpError) as error:
                assert f"{name}() " in str(error)
    return done


EVERYTHING = set(USES)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_callers_without_a_token_are_refused_on_every_transport(mode: str) -> None:
    """In memory there is none unless it is given; without auth= nobody has one."""
    mcp = server()
    with served(mcp.http_app()) as base:
        assert asyncio.run(allowed(Client(f"{base}/mcp", mode=mode))) == {"public"}
    assert asyncio.run(allowed(Client(mcp, mode=mode))) == {"public"}


def test_callers_do_what_their_tokens_are_good_for() -> None:
    """Roles, scopes, or both."""
    with http(server(auth=KNOWN)) as client:

        def done(token: str) -> set[str]:
            answers = {
                name: client.post(
                    call(name, 1, **({"action": "a"} if name == "plain" else {})), bearer(token)
                )
                for name in ("plain", "admins", "writers", "both", "public")
            }
            return {
                name
                for name, answer in answers.items()
                if answer.status_code == 200 and not answer.json()["result"].get("isError")
            }

        assert done("ann") == {"plain", "admins", "writers", "both", "public"}
        assert done("bob") == {"plain", "public"}
        assert done("eve") == {"plain", "admins", "public"}
        read = client.post(request("resources/read", uri="data://of/a"), bearer("ann"))
        assert read.json()["result"]["contents"][0]["text"] == "a"


def test_a_missing_role_is_told_before_missing_scopes() -> None:
    """Scopes are nothing to ask for where they would not help."""
    with http(server(auth=KNOWN)) as client:
        answers = {
            token: client.post(call("both"), bearer(token)) for token in ("bob", "eve", "ann")
        }

    assert [answer.status_code for answer in answers.values()] == [200, 403, 200]
    assert "both() needs the role admin" in answers["bob"].text
    assert 'scope="write"' in answers["eve"].headers["www-authenticate"]


def test_an_identity_that_a_test_gives_is_one() -> None:
    """Of a client of a test, and of a context without any server."""
    client = create_test_client(server(), user_info={"user": "ann", "role": "admin"})
    try:
        assert client.call_tool("admins") == "ann extra"
        with pytest.raises(AuthorizationError, match="needs the scope write"):
            client.call_tool("writers")
    finally:
        client.close()


async def test_functions_are_protected_without_a_server() -> None:
    """By the context they are called in."""

    @require_auth
    def who() -> str:
        return get_access_token().claims["user"]

    with pytest.raises(AuthorizationError, match=r"who\(\) is for authenticated callers"):
        who()
    async with MockContext(user_info={"user": "ann"}):
        assert who() == "ann"


async def test_a_token_does_not_outlive_itself() -> None:
    """Where the same one speaks for a whole session."""

    @require_auth
    def who() -> str:
        return "who"

    async with MockContext(user_info={"user": "ann", "exp": 1}) as context:
        context.exchange.identity = type(context.exchange.identity)(
            claims={"user": "ann"}, expires_at=1
        )
        with pytest.raises(AuthorizationError, match="expired"):
            who()


def test_functions_stay_what_they_are() -> None:
    """Of the same kind, name, signature and description."""

    @require_auth
    def plain(a: int, b: str = "b") -> str:
        """Plain."""
        return b * a

    @require_auth
    async def later() -> None:
        """Later."""

    @require_auth
    def several() -> Generator[int]:
        yield 1

    @require_auth
    async def several_later() -> AsyncGenerator[int]:
        yield 1

    assert (plain.__name__, plain.__doc__) == ("plain", "Plain.")
    assert str(inspect.signature(plain)) == "(a: 'int', b: 'str' = 'b') -> 'str'"
    assert inspect.iscoroutinefunction(later)
    assert inspect.isgeneratorfunction(several)
    assert inspect.isasyncgenfunction(several_later)


async def test_lists_show_what_is_refused() -> None:
    """With its schema and description; `auth=` of a component is what hides."""
    async with Client(server()) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
        prompts = await client.list_prompts()

    assert set(tools) == {"plain", "admins", "writers", "both", "public"}
    assert tools["plain"].description == "Do something."
    assert set(tools["plain"].input_schema["properties"]) == {"action", "count"}
    assert tools["admins"].input_schema["properties"] == {}
    assert prompts[0].arguments is not None
    assert prompts[0].arguments[0].name == "topic"


async def test_generators_and_methods_are_protected() -> None:
    """Before any of their body is run."""
    ran: list[str] = []
    mcp = FastMCP("x")

    class Service:
        @require_auth
        def count(self, to: int) -> int:
            ran.append("method")
            return to

        @require_auth
        async def numbers(self, to: int) -> AsyncGenerator[int]:
            ran.append("generator")
            for number in range(to):
                yield number

    service = Service()
    mcp.tool(service.count)
    mcp.tool(service.numbers)

    async with Client(mcp) as client:
        for name in ("count", "numbers"):
            with pytest.raises(ToolError, match=rf"{name}\(\) is for authenticated callers"):
                await client.call_tool(name, {"to": 2})
    assert ran == []


def test_what_stands_for_roles_and_scopes_is_a_check_as_well() -> None:
    """The same object for `auth=`, for middleware and for a function."""
    admin = require_roles("admin", extract=lambda claims: claims["groups"])
    mcp = FastMCP("x", middleware=[AuthMiddleware(auth=require_scopes("read"))])
    mcp.tool(lambda: "hidden", name="hidden", auth=admin)
    mcp.tool(admin(lambda: "shown"), name="shown")

    def seen(**user_info: Any) -> list[str]:
        client = create_test_client(mcp, user_info=user_info)
        try:
            return [tool["name"] for tool in client.list_tools()]
        finally:
            client.close()

    assert seen(user="ann", groups=["admin"], scope="read") == ["hidden", "shown"]
    assert seen(user="bob", scope="read") == ["shown"]
    assert seen(user="eve", groups=["admin"]) == []
    context = AuthContext(token=None, component=Tool.from_function(lambda: 0, name="x"))
    assert (admin(context), require_scopes("read")(context)) == (False, False)


@pytest.mark.parametrize("decorator", [require_auth, require_roles("a"), require_scopes("a")])
@pytest.mark.parametrize("given", [int, "f", Tool.from_function(lambda: 0, name="x")])
def test_only_functions_are_decorated(decorator: Any, given: Any) -> None:
    """What is registered already is no function any more."""
    with pytest.raises(ConfigurationError, match="protects functions"):
        decorator(given)


@pytest.mark.parametrize("decorator", [require_roles, require_scopes])
def test_decorators_without_their_texts_say_so(decorator: Any) -> None:
    """As `@require_roles` above a function."""
    with pytest.raises(ConfigurationError, match=r'write @require_\w+\("\.\.\."\)'):

        @decorator
        def function() -> None:
            pass


def routes() -> FastMCP:
    """A server with protected routes."""
    mcp = server(auth=KNOWN)

    @mcp.custom_route("/open", methods=["GET"])
    async def open_to_all() -> str:
        token = get_access_token()
        return "nobody" if token is None else token.client_id

    @mcp.custom_route("/who", methods=["GET"])
    @require_auth
    async def who(request: Any) -> dict[str, Any]:
        return {"path": request.url.path, "user": get_access_token().claims["user"]}

    @mcp.custom_route("/admins", methods=["GET"])
    @require_auth(roles=["admin"])
    def admins() -> str:
        return "for admins"

    @mcp.custom_route("/write", methods=["POST"])
    @require_scopes("write")
    async def write() -> str:
        return "written"

    @mcp.custom_route("/tool", methods=["GET"])
    async def tool() -> Any:
        return await mcp.call_tool("plain", {"action": "go"})

    return mcp


def test_routes_are_protected_too() -> None:
    """401 without a valid token, 403 with one that is not good for it."""
    with http(routes()) as client:

        def answers(path: str, method: str = "GET") -> dict[Any, Any]:
            url = f"{client.base}{path}"
            return {
                token: client.client.request(method, url, headers=bearer(token) if token else {})
                for token in (None, "nobody", "bob", "eve", "ann")
            }

        def statuses(path: str, method: str = "GET") -> list[int]:
            return [answer.status_code for answer in answers(path, method).values()]

        assert [answer.text for answer in answers("/open").values()] == [
            *("nobody", "nobody"),
            *("bob", "eve", "ann"),
        ]
        assert statuses("/who") == [401, 401, 200, 200, 200]
        assert answers("/who")["ann"].json() == {"path": "/who", "user": "ann"}
        assert statuses("/admins") == [401, 401, 403, 200, 200]
        assert statuses("/write", "POST") == [401, 401, 403, 403, 200]
        assert statuses("/tool") == [401, 401, 200, 200, 200]
        assert answers("/tool")["ann"].json() == {"did": "go", "by": "ann"}

        refused = answers("/write", "POST")
        headers = {
            token: answer.headers.get("www-authenticate") for token, answer in refused.items()
        }
        assert headers[None] == "Bearer"
        assert headers["nobody"] == 'Bearer error="invalid_token"'
        assert headers["bob"] == 'Bearer error="insufficient_scope", scope="write"'
        assert refused["bob"].json()["error"] == "insufficient_scope"
        role = answers("/admins")["bob"]
        assert "www-authenticate" not in role.headers
        assert role.json() == {
            "error": "forbidden",
            "error_description": "admins() needs the role admin",
        }


async def test_tokens_reach_functions_of_mounted_servers() -> None:
    """With their claims, through a mount and its middleware."""
    inner = FastMCP("inner")

    @inner.tool
    @require_auth
    def claims(
        token: AccessToken = CurrentAccessToken(),  # noqa: B008
        user: str = TokenClaim("user"),
    ) -> list[Any]:
        return [token.client_id, user, token.scopes]

    outer = FastMCP("outer", auth=KNOWN)
    outer.mount(inner, "inner")
    with http(outer) as client:
        answer = client.post(call("inner_claims"), bearer("bob"))

    assert answer.json()["result"]["content"][0]["text"] == '["bob","bob",["read"]]'
