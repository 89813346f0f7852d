"""Who is let in by a bearer token, and what others are told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError
from fastmcp.server.auth import (
    AccessToken,
    AuthProvider,
    MultiAuth,
    RemoteAuthProvider,
    TokenVerifier,
)
from fastmcp.server.dependencies import get_access_token
from fastmcp.testing import asgi_client

KNOWN = {
    "ann-token": {"user": "ann", "role": "admin", "scopes": ["read", "write"]},
    "bob-token": {"user": "bob", "role": "user", "scopes": "read"},
    "old-token": {"user": "old", "expires_at": 1},
}
RESOURCE = "/.well-known/oauth-protected-resource"


def who_server(auth: Any) -> FastMCP:
    """A server that tells its callers who they are."""
    mcp = FastMCP("Who", auth=auth)

    @mcp.tool
    def who(ctx: Context) -> str:
        return f"{ctx.user_info['user']} is {ctx.user_info['role']}"

    return mcp


@asynccontextmanager
async def asking(mcp: FastMCP, **options: Any) -> AsyncGenerator[httpx2.AsyncClient]:
    """An HTTP client of a server's application."""
    app = mcp.http_app(**options)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
        ) as http,
    ):
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class Asked(TokenVerifier):
    """A verifier that does what a test says."""

    def __init__(self, outcome: Any, **options: Any) -> None:
        super().__init__(**options)
        self.outcome = outcome

    async def verify_token(self, token: str) -> AccessToken | None:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_tokens_in_a_mapping_say_who_calls() -> None:
    """Each caller is who the record of its token says."""
    mcp = who_server(KNOWN)
    for token, said in (("ann-token", "ann is admin"), ("bob-token", "bob is user")):
        async with asgi_client(mcp, auth=token) as client:
            assert (await client.call_tool("who", {})).data == said


@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_a_function_can_say_who_calls(kind: str) -> None:
    """It is given the token, and None from it is a refusal."""

    def look_up(token: str) -> dict[str, Any] | None:
        return KNOWN.get(token)

    async def look_up_later(token: str) -> dict[str, Any] | None:
        return KNOWN.get(token)

    mcp = who_server(look_up if kind == "plain" else look_up_later)
    async with asgi_client(mcp, auth="ann-token") as client:
        assert (await client.call_tool("who", {})).data == "ann is admin"
    async with asking(mcp) as http:
        assert (await http.post("/mcp", headers=bearer("nobody"))).status_code == 401


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, None),
        (bearer("nobody"), "invalid_token"),
        (bearer("old-token"), "invalid_token"),
        ({"authorization": "Basic YW5uOmFubg=="}, "invalid_token"),
        ({"authorization": "Bearer"}, "invalid_token"),
        ({"authorization": "Bearer \xe9\xff".encode("latin-1").decode("latin-1")}, "invalid_token"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_others_are_refused(headers: dict[str, str], error: str | None, method: str) -> None:
    """With the error of RFC 6750, or none where no token was sent."""
    async with asking(who_server(KNOWN)) as http:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        answer = await http.request(method, "/mcp", headers=raw)
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer")
    assert (f'error="{error}"' in challenge) if error else ("error" not in challenge)


async def test_two_tokens_are_none() -> None:
    """Which of them a proxy before us has judged cannot be told."""
    async with asking(who_server(KNOWN)) as http:
        both = [("authorization", "Bearer ann-token"), ("authorization", "Bearer bob-token")]
        assert (await http.post("/mcp", headers=both)).status_code == 401


async def test_a_token_in_the_query_is_not_looked_at() -> None:
    """It would be in every log on the way."""
    async with asking(who_server(KNOWN)) as http:
        assert (await http.post("/mcp?access_token=ann-token")).status_code == 401


async def test_a_token_without_the_scopes_is_told_which() -> None:
    """403, and what to ask for."""
    mcp = FastMCP(
        auth=Asked(
            AccessToken(token="t", client_id="c", scopes=["read"]),
            required_scopes=["read", "write"],
        )
    )
    async with asking(mcp) as http:
        answer = await http.post("/mcp", headers=bearer("t"))
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="read write"' in challenge


async def test_a_verifier_that_fails_lets_nobody_in() -> None:
    """It has said neither yes nor no: a client that heard 401 would throw a good token away."""
    async with asking(FastMCP(auth=Asked(RuntimeError("broken")))) as http:
        assert (await http.post("/mcp", headers=bearer("t"))).status_code == 503


async def test_who_cannot_be_verified_now_is_told_to_come_again() -> None:
    """A token that may be good is not called bad."""
    async with asking(FastMCP(auth=Asked(AuthorityUnavailable("no keys")))) as http:
        answer = await http.post("/mcp", headers=bearer("t"))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_remote_provider_tells_where_tokens_come_from() -> None:
    """The challenge points to metadata at the path of RFC 9728, which any page may read."""
    auth = RemoteAuthProvider(
        Asked(None, required_scopes=["read"]),
        ["https://login.example.com/"],
        "https://mcp.example.com/api/",
        resource_name="Weather",
    )
    async with asking(FastMCP(auth=auth), host_origin_protection=False) as http:
        challenge = (await http.post("/mcp")).headers["www-authenticate"]
        place = f"https://mcp.example.com{RESOURCE}/api/mcp"
        assert f'resource_metadata="{place}"' in challenge
        assert 'scope="read"' in challenge
        answer = await http.get(f"{RESOURCE}/api/mcp", headers={"origin": "https://page.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {
        "resource": "https://mcp.example.com/api/mcp",
        "authorization_servers": ["https://login.example.com/"],
        "scopes_supported": ["read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Weather",
    }


@pytest.mark.filterwarnings("ignore:HTTP.SSE is deprecated")
async def test_a_provider_has_routes_and_middleware_of_its_own() -> None:
    """Both are part of the application, also of that of the older transport."""
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    class Stamp:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def stamped(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-stamp", b"here"))
                await send(message)

            await self.app(scope, receive, stamped)

    class Own(Asked):
        def get_routes(self, mcp_path: str | None = None) -> list[Route]:
            return [Route("/x", lambda request: PlainTextResponse(f"for {mcp_path}"))]

        def get_middleware(self) -> list[Middleware]:
            return [*super().get_middleware(), Middleware(Stamp)]

    for options, path in (({}, "/mcp"), ({"transport": "sse"}, "/sse")):
        async with asking(FastMCP(auth=Own(None)), **options) as http:
            answer = await http.get("/x")
            assert answer.text == f"for {path}"
            assert answer.headers["x-stamp"] == "here"
            assert (await http.get(path)).status_code == 401


async def test_a_custom_route_is_open_and_knows_its_caller() -> None:
    """It is not behind the provider; a token that comes with a request is known there."""
    mcp = who_server(KNOWN)

    @mcp.custom_route("/hello", methods=["GET"])
    async def hello(request: Any) -> str:
        token = get_access_token()
        return "nobody" if token is None else str(token.subject)

    async with asking(mcp) as http:
        assert (await http.get("/hello")).text == "nobody"
        assert (await http.get("/hello", headers=bearer("bob-token"))).text == "bob"


async def test_several_kinds_of_tokens_open_one_endpoint() -> None:
    """The first that knows a token says whose it is; each needs the scopes of its own verifier."""
    ann = AccessToken(token="t", client_id="ann", scopes=["a"], claims={"user": "ann", "role": "x"})
    auth = MultiAuth(
        verifiers={
            "broken": Asked(RuntimeError("broken")),
            "lacking": Asked(ann, required_scopes=["b"]),
            "good": Asked(ann, required_scopes=["a"]),
        }
    )
    found = await auth.verify_token("t")
    assert found is not None
    assert found.claims["auth_source"] == "good"
    async with asgi_client(who_server(auth), auth="t") as client:
        assert (await client.call_tool("who", {})).data == "ann is x"


async def test_of_several_verifiers_one_that_cannot_tell_is_no_refusal() -> None:
    """As long as none of the others knows the token."""
    unable = Asked(AuthorityUnavailable("away"))
    with pytest.raises(AuthorityUnavailable):
        await MultiAuth(verifiers=[unable, Asked(None)]).verify_token("t")
    ann = AccessToken(token="t", client_id="ann", scopes=[])
    found = await MultiAuth(verifiers=[unable, Asked(ann)]).verify_token("t")
    assert found is not None
    assert found.client_id == "ann"


async def test_a_session_is_its_callers_alone() -> None:
    """Whoever has its id and another token finds nothing (GHSA-jpw9-pfvf-9f58)."""
    mcp = who_server(KNOWN)
    app = mcp.http_app()
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
    accept = {"accept": "application/json, text/event-stream"}
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
        ) as http,
    ):
        opened = await http.post("/mcp", json=hello, headers={**accept, **bearer("ann-token")})
        session = {"mcp-session-id": opened.headers["mcp-session-id"], **accept}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        taken = await http.post("/mcp", json=ping, headers={**session, **bearer("bob-token")})
        own = await http.post("/mcp", json=ping, headers={**session, **bearer("ann-token")})
    assert (taken.status_code, own.status_code) == (404, 200)


def test_tokens_are_not_shown() -> None:
    """Neither by a token's own repr nor by its provider's."""
    assert "secret" not in repr(AccessToken(token="secret", client_id="c", scopes=[]))
    assert "secret-token" not in repr(FastMCP(auth={"secret-token": {"user": "a"}}).auth)


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ("secret", "give a provider"),
        (3, "give a provider"),
        ({"secret": "ann"}, "mapping like"),
        ({3: {"user": "ann"}}, "mapping like"),
        (TokenVerifier, "make one"),
    ],
)
def test_what_is_no_provider_is_told(auth: Any, said: str) -> None:
    """With what would be."""
    with pytest.raises(ConfigurationError, match=said):
        FastMCP(auth=auth)


@pytest.mark.parametrize(
    "url", ["mcp.example.com", "ftp://x", "https://", "https://x/?q", "https://x#y"]
)
def test_a_base_url_is_checked(url: str) -> None:
    """It becomes part of what tokens are for."""
    with pytest.raises(ConfigurationError, match="base_url"):
        AuthProvider(base_url=url)


async def test_over_http_a_client_without_a_token_is_told_what_to_do() -> None:
    """By its own error."""
    mcp = who_server(KNOWN)
    with pytest.raises(Exception, match="auth="):
        async with asgi_client(mcp):
            pass
    assert Client(StreamableHttpTransport("http://127.0.0.1/mcp", auth="t")) is not None
