"""Area K: providers over HTTP, row by row; with S141, S168 and S175 where a token is good."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from apps import HANDSHAKE, SECONDS, Mcp, call, http, initialize, request, served
from processes import http_server, stdio_server
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from fastmcp import Client, Context, FastMCP
from fastmcp.security import require_auth
from fastmcp.server.auth import (
    AccessToken,
    RemoteAuthProvider,
    StaticTokenVerifier,
    TokenVerifier,
)
from fastmcp.server.auth.middleware import AuthContextMiddleware, BearerAuthBackend
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.dependencies import get_access_token

GOOD = {"authorization": "Bearer good-token"}
BAD = {"authorization": "Bearer bad-token"}
METADATA = "/.well-known/oauth-protected-resource/mcp"


def verifier() -> StaticTokenVerifier:
    """As the documentation of FastMCP has it."""
    return StaticTokenVerifier(
        tokens={
            "good-token": {
                "client_id": "ann@example.com",
                "scopes": ["read"],
                "role": "admin",
            }
        },
        required_scopes=["read"],
    )


def guarded(auth: Any = None, **options: Any) -> FastMCP:
    """A server with a tool, a resource and routes."""
    mcp = FastMCP("guarded", auth=auth or verifier(), **options)

    @mcp.tool
    def who(ctx: Context) -> list[Any]:
        token = get_access_token()
        claims = None if token is None else token.claims
        return [claims and claims["role"], ctx.user_info.get("role"), token and token.client_id]

    @mcp.resource("data://one")
    def one() -> str:
        return "one"

    @mcp.custom_route("/open", methods=["GET"])
    async def open_to_all(request: Request) -> JSONResponse:
        return JSONResponse("open")

    @mcp.custom_route("/closed", methods=["GET"])
    @require_auth
    async def closed(request: Request) -> JSONResponse:
        return JSONResponse(get_access_token().client_id)

    return mcp


def text_of(answer: httpx2.Response) -> Any:
    return json.loads(answer.json()["result"]["content"][0]["text"])


def test_s186_without_auth_there_are_the_plain_routes_alone() -> None:
    """Nothing of OAuth, and the request within reach."""
    mcp = FastMCP("open")

    @mcp.tool
    def header(ctx: Context) -> str:
        assert ctx.request is not None
        return ctx.request.headers["x-mine"]

    app = mcp.http_app()
    assert [route.path for route in app.routes if getattr(route, "path", "")] == ["/mcp"]
    with http(app) as client:
        assert client.post(initialize()).status_code == 200
        assert "mine" in client.post(call("header"), {"x-mine": "mine"}).text
        for path in (METADATA, "/.well-known/oauth-authorization-server", "/authorize", "/token"):
            assert client.client.get(f"{client.base}{path}").status_code == 404


def test_s187_a_verifier_protects_the_endpoint_only() -> None:
    """401 and a challenge without a valid token, by every method."""
    with http(guarded()) as client:
        for headers in ({}, BAD):
            for method in ("POST", "GET", "DELETE"):
                answer = client.client.request(method, client.url, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
        assert client.post(initialize(), GOOD).status_code == 200
        assert client.client.get(f"{client.base}/open").json() == "open"


def test_s188_a_remote_provider_tells_where_tokens_come_from() -> None:
    """By metadata that anybody may read, and a challenge that leads there."""
    auth = RemoteAuthProvider(
        token_verifier=verifier(),
        authorization_servers=["https://auth.example"],
        base_url="http://127.0.0.1:8000",
    )
    with http(guarded(auth)) as client:
        refused = client.post(initialize())
        challenge = refused.headers["www-authenticate"]
        metadata = client.client.get(f"{client.base}{METADATA}").json()
        served = client.post(initialize(), GOOD)

    assert refused.status_code == 401
    assert f'resource_metadata="http://127.0.0.1:8000{METADATA}"' in challenge
    assert 'scope="read"' in challenge
    assert metadata["resource"] == "http://127.0.0.1:8000/mcp"
    assert metadata["authorization_servers"] == ["https://auth.example"]
    assert metadata["scopes_supported"] == ["read"]
    assert served.status_code == 200


CALLBACK = "http://127.0.0.1:5000/callback"


def in_memory() -> InMemoryOAuthProvider:
    return InMemoryOAuthProvider(
        base_url="http://127.0.0.1:8000",
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["read"], default_scopes=["read"]
        ),
        revocation_options=RevocationOptions(enabled=True),
        required_scopes=["read"],
    )


def test_s189_an_authorization_server_goes_all_the_way() -> None:
    """Metadata, registration, a code with PKCE, a token that is let in, and its revocation."""
    proof = secrets.token_urlsafe(32)
    digest = hashlib.sha256(proof.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    with http(guarded(in_memory())) as client:
        web, base = client.client, client.base
        metadata = web.get(f"{base}/.well-known/oauth-authorization-server").json()
        places = {
            name: urlsplit(metadata[f"{name}_endpoint"]).path
            for name in ("authorization", "token", "registration", "revocation")
        }
        assert places == {
            "authorization": "/authorize",
            "token": "/token",
            "registration": "/register",
            "revocation": "/revoke",
        }
        assert metadata["code_challenge_methods_supported"] == ["S256"]

        registered = web.post(
            f"{base}/register",
            json={"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"},
        )
        assert registered.status_code == 201
        id = registered.json()["client_id"]
        asked = {
            "response_type": "code",
            "client_id": id,
            "redirect_uri": CALLBACK,
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": "http://127.0.0.1:8000/mcp",
        }
        sent_back = web.get(f"{base}/authorize", params=asked, follow_redirects=False)
        location = sent_back.headers["location"]
        told = parse_qs(urlsplit(location).query)
        assert location.startswith(CALLBACK)
        assert told["state"] == ["s"]

        def redeem(verifier: str) -> httpx2.Response:
            form = {
                "grant_type": "authorization_code",
                "code": told["code"][0],
                "client_id": id,
                "redirect_uri": CALLBACK,
                "code_verifier": verifier,
            }
            return web.post(f"{base}/token", data=form)

        assert redeem(secrets.token_urlsafe(32)).json()["error"] == "invalid_grant"
        sent_back = web.get(f"{base}/authorize", params=asked, follow_redirects=False)
        told = parse_qs(urlsplit(sent_back.headers["location"]).query)
        token = redeem(proof).json()["access_token"]

        bearer = {"authorization": f"Bearer {token}"}
        assert client.post(initialize(), bearer).status_code == 200
        web.post(f"{base}/revoke", data={"token": token, "client_id": id})
        assert client.post(initialize(), bearer).status_code == 401


class Expiring(TokenVerifier):
    """Knows a token that is valid, and one that was."""

    async def verify_token(self, token: str) -> AccessToken | None:
        expires = {"valid": 2**33, "expired": 1}.get(token)
        if expires is None:
            return None
        return AccessToken(token=token, client_id="c", scopes=["read"], expires_at=expires)


@pytest.mark.parametrize(
    ("header", "valid"),
    [
        ("Bearer valid", True),
        ("bearer valid", True),
        ("Bearer expired", False),
        ("Bearer unknown", False),
        ("Bearer ", False),
        ("Basic valid", False),
        ("valid", False),
        (None, False),
    ],
)
async def test_s190_the_backend_knows_valid_tokens(header: str | None, valid: bool) -> None:
    """And no expired or unknown ones, nor any other scheme."""
    backend = BearerAuthBackend(Expiring())
    headers = [] if header is None else [(b"authorization", header.encode())]

    found = await backend.authenticate(HTTPConnection({"type": "http", "headers": headers}))

    assert (found is not None) is valid
    if found is not None:
        credentials, user = found
        assert credentials.scopes == ["read"]
        assert user.access_token.token == "valid"


def test_s190_it_is_wired_into_applications() -> None:
    """The token is within reach of routes as well, also of those of other applications."""

    async def who(request: Request) -> JSONResponse:
        token = get_access_token()
        return JSONResponse(token and token.client_id)

    mcp = guarded()
    mcp.custom_route("/who", methods=["GET"])(who)
    app = mcp.http_app()
    alone = Starlette(routes=[Route("/who", who)], middleware=app.user_middleware)

    assert AuthContextMiddleware in [each.cls for each in app.user_middleware]
    for each in (app, alone):
        with http(each) as client:
            url = f"{client.base}/who"
            assert client.client.get(url, headers=GOOD).json() == "ann@example.com"
            assert client.client.get(url, headers=BAD).json() is None


class Marking:
    """ASGI middleware that marks what passes."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-marked", b"yes")]}
            await send(message)

        await self.app(scope, receive, marked)


class Contributing(Expiring):
    """A provider with a route and middleware of its own."""

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        async def x(request: Request) -> JSONResponse:
            return JSONResponse(mcp_path)

        return [Route("/x", x)]

    def get_middleware(self) -> list[Middleware]:
        return [*super().get_middleware(), Middleware(Marking)]


@pytest.mark.filterwarnings("ignore:HTTP.SSE is deprecated")
@pytest.mark.parametrize(("transport", "path"), [("http", "/mcp"), ("sse", "/sse")])
def test_s191_providers_contribute_routes_and_middleware(transport: str, path: str) -> None:
    """To the applications of both transports."""
    with http(guarded(Contributing()).http_app(transport=transport)) as client:
        own = client.client.get(f"{client.base}/x")
        refused = client.client.get(f"{client.base}{path}")
        assert (own.json(), own.headers["x-marked"]) == (path, "yes")
        assert (refused.status_code, refused.headers["x-marked"]) == (401, "yes")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_s192_claims_are_visible_in_tools(mode: str) -> None:
    """And s193: of the token that the client sends with each request."""
    seen: list[str | None] = []

    class Watching:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"] == "/mcp":
                found = dict(scope["headers"]).get(b"authorization")
                seen.append(None if found is None else found.decode())
            await self.app(scope, receive, send)

    with served(guarded().http_app(middleware=[Middleware(Watching)])) as base:
        configured = {
            "mcpServers": {"one": {"url": f"{base}/mcp", "headers": dict(GOOD)}},
        }

        async def main() -> list[Any]:
            told: list[Any] = []
            for client in (
                Client(f"{base}/mcp", auth="good-token", mode=mode),
                Client(configured, mode=mode),
            ):
                async with client:
                    told.append((await client.call_tool("who")).data)
                    await client.list_tools()
            return told

        told = asyncio.run(main())

    assert told == [["admin", "admin", "ann@example.com"]] * 2
    assert len(seen) > 4
    assert set(seen) == {"Bearer good-token"}


def test_s193_a_client_with_a_bad_token_is_told_so() -> None:
    """And is not connected."""
    with served(guarded().http_app()) as base:

        async def main() -> None:
            async with Client(f"{base}/mcp", auth="bad-token"):
                pass

        with pytest.raises(ConnectionError, match="401"):
            asyncio.run(main())


def test_s195_cors_is_for_a_part_of_an_application() -> None:
    """The outer application's part has its own; discovery is open to pages by itself."""
    auth = RemoteAuthProvider(verifier(), ["https://auth.example"], "http://127.0.0.1:8000")
    app = guarded(auth).http_app()

    async def data(request: Request) -> JSONResponse:
        return JSONResponse("data")

    pages = CORSMiddleware(Starlette(routes=[Route("/data", data)]), allow_origins=["https://a.b"])
    parent = Starlette(routes=[Mount("/api", pages), Mount("/", app)], lifespan=app.lifespan)
    origin = {"origin": "https://a.b"}
    asking = {**origin, "access-control-request-method": "GET"}

    with http(parent) as client:
        get, base = client.client.get, client.base
        own = get(f"{base}/api/data", headers=origin)
        discovery = get(f"{base}{METADATA}", headers={"origin": base})
        preflight = client.client.options(f"{base}/api/data", headers=asking)
        endpoint = client.post(initialize(), GOOD)

    assert own.headers["access-control-allow-origin"] == "https://a.b"
    assert preflight.headers["access-control-allow-origin"] == "https://a.b"
    assert discovery.headers.get_list("access-control-allow-origin") == ["*"]
    assert endpoint.status_code == 200
    assert "access-control-allow-origin" not in endpoint.headers


def test_s195_pages_that_are_listed_can_read_what_they_need() -> None:
    """A challenge, above all: to who is listed, once."""
    app = guarded().http_app(cors_origins=["https://a.b"], allowed_origins=["https://a.b"])
    with http(app) as client:
        refused = client.post(initialize(), {"origin": "https://a.b"})
        asking = {
            "origin": "https://a.b",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        preflight = client.client.options(client.url, headers=asking)

    assert refused.status_code == 401
    assert refused.headers.get_list("access-control-allow-origin") == ["https://a.b"]
    assert "www-authenticate" in refused.headers["access-control-expose-headers"]
    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()


SECRETIVE = """
import os
from fastmcp import FastMCP
from fastmcp.security import require_auth
from fastmcp.server.middleware.logging import LoggingMiddleware

mcp = FastMCP("secretive", auth={os.environ["TOKEN"]: {"user": "ann"}},
              middleware=[LoggingMiddleware(include_payloads=True)])

@mcp.tool
@require_auth
def who() -> str:
    return "ann"

if "PORT" in os.environ:
    mcp.run(transport="http", port=int(os.environ["PORT"]), log_level="debug")
else:
    mcp.run()
"""


def test_s196_tokens_are_in_no_log(tmp_path: Path) -> None:
    """Neither of requests that are let in nor of those that are not, nor in the banner."""
    script, log = tmp_path / "server.py", tmp_path / "log"
    script.write_text(SECRETIVE)
    env = {
        "TOKEN": "very-secret-token",
        "FASTMCP_AUTH_TOKEN": "very-secret-token",
        "FASTMCP_LOG_LEVEL": "DEBUG",
    }

    with http_server([script], log, env=env) as server:
        with Mcp(f"http://127.0.0.1:{server.port}") as client:
            good = client.post(call("who"), {"authorization": "Bearer very-secret-token"})
            bad = client.post(call("who"), {"authorization": "Bearer another-secret-token"})
        assert (good.status_code, bad.status_code) == (200, 401)
        assert server.stop() == 0
        printed = server.output

    with stdio_server([script], env=env) as local:
        local.ask(initialize())
        assert local.ask(call("who"))["result"]["content"][0]["text"] == "ann"
        local.finish()
        errors = local.errors

    assert "tools/call" in printed
    for text in (printed, errors):
        assert "secret-token" not in text


@contextmanager
def answering(app: Any) -> Generator[Mcp]:
    with served(app) as base, Mcp(base) as client:
        yield client


def test_s175_routes_are_open_unless_they_say_otherwise() -> None:
    """`require_auth` on a route closes it; 401 tells how a token is sent."""
    with http(guarded()) as client:

        def get(path: str, headers: dict[str, str]) -> httpx2.Response:
            return client.client.get(f"{client.base}{path}", headers=headers)

        assert [get("/open", each).status_code for each in ({}, BAD, GOOD)] == [200, 200, 200]
        assert [get("/closed", each).status_code for each in ({}, BAD, GOOD)] == [401, 401, 200]
        assert get("/closed", {}).headers["www-authenticate"].startswith("Bearer")
        assert get("/closed", GOOD).json() == "ann@example.com"


def test_s141_routes_in_another_application_take_good_tokens_and_no_others() -> None:
    """The endpoint and what is beside it, wherever they were put."""
    auth = RemoteAuthProvider(verifier(), ["https://auth.example"], "http://127.0.0.1:8000")
    app = guarded(auth).http_app()

    async def api(request: Request) -> JSONResponse:
        return JSONResponse("api")

    outer = Starlette(routes=[*app.routes, Route("/api", api)], lifespan=app.lifespan)

    with answering(outer) as client:
        statuses = [client.post(initialize(), each).status_code for each in ({}, BAD, GOOD)]
        assert statuses == [401, 401, 200]
        assert text_of(client.post(call("who"), GOOD)) == ["admin", "admin", "ann@example.com"]
        get = client.client.get
        assert get(f"{client.base}{METADATA}").status_code == 200
        assert get(f"{client.base}/api").json() == "api"
        assert get(f"{client.base}/open").json() == "open"
        assert get(f"{client.base}/closed").status_code == 401
        assert get(f"{client.base}/closed", headers=GOOD).json() == "ann@example.com"


def test_s168_rest_takes_good_tokens_and_no_others() -> None:
    """On each of its paths, as MCP does; probes and routes are not of it."""
    mcp = guarded()
    mcp.tool(lambda: 0, name="hidden", auth=lambda context: context.token.claims["role"] == "x")
    app = mcp.http_app(rest=True, health=True)
    paths = ["/tools", "/resources", "/resources/data://one", "/prompts", "/openapi.json"]

    with served(app) as base, httpx2.Client(base_url=base, timeout=SECONDS) as client:
        for headers, status in (({}, 401), (BAD, 401), (GOOD, 200)):
            got = [client.get(path, headers=headers).status_code for path in paths]
            called = client.post("/tools/who", json={}, headers=headers).status_code
            assert {*got, called} == {status}
        assert client.get("/tools").headers["www-authenticate"].startswith("Bearer")
        told = client.post("/tools/who", json={}, headers=GOOD).json()
        assert told == ["admin", "admin", "ann@example.com"]
        listed = {tool["name"] for tool in client.get("/tools", headers=GOOD).json()}
        assert listed == {"who"}
        assert client.post("/tools/hidden", json={}, headers=GOOD).status_code == 404
        assert client.get("/health").status_code == 200


def test_s192_sessions_belong_to_who_opened_them() -> None:
    """Another caller with a valid token has no part in them, whatever id it names."""
    auth = {"ann": {"user": "ann"}, "bob": {"user": "bob"}}
    with http(FastMCP("x", auth=auth)) as client:
        opened = client.post(initialize(), {"authorization": "Bearer ann"})
        session = {
            "mcp-session-id": opened.headers["mcp-session-id"],
            "mcp-protocol-version": HANDSHAKE,
        }

        def status(token: str) -> int:
            headers = {"authorization": f"Bearer {token}", **session}
            return client.post(request("ping"), headers).status_code

        assert [status("ann"), status("bob"), status("ann")] == [200, 404, 200]
        closing = {"authorization": "Bearer bob", **session}
        assert client.client.delete(client.url, headers=closing).status_code == 404
        assert status("ann") == 200
