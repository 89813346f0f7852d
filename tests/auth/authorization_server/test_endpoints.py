"""What the endpoints say of themselves, and what they make of what is no request at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from security.hostile_json import HOSTILE

from fastmcp.exceptions import AuthorityUnavailable, StoreUnavailable
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions
from fastmcp.server.auth.oauth.rates import EndpointRate, Meter, OAuthRates, Rate
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.testing import asgi_server

from .flows import (
    BASE,
    CALLBACK,
    CLIENT,
    RESOURCE,
    Clock,
    Flow,
    flow_of,
    in_memory,
    registered,
    told,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}
ENDPOINTS = ("/register", "/authorize", "/token", "/revoke")


async def test_the_metadata_say_what_there_is() -> None:
    """RFC 8414, RFC 9207, and the document of OpenID that some clients look for."""
    async with flow_of(in_memory()) as flow:
        answer = await flow.http.get("/.well-known/oauth-authorization-server")
        document = answer.json()

        assert document == {
            "issuer": BASE,
            "authorization_endpoint": f"{BASE}/authorize",
            "token_endpoint": f"{BASE}/token",
            "registration_endpoint": f"{BASE}/register",
            "revocation_endpoint": f"{BASE}/revoke",
            "scopes_supported": ["read", "write"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": [
                "none",
                "client_secret_post",
                "client_secret_basic",
            ],
            "revocation_endpoint_auth_methods_supported": [
                "none",
                "client_secret_post",
                "client_secret_basic",
            ],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        assert (await flow.http.get("/.well-known/openid-configuration")).json() == document
        resource = (await flow.http.get("/.well-known/oauth-protected-resource/mcp")).json()
        assert resource["resource"] == RESOURCE
        assert resource["authorization_servers"] == [BASE]
        assert resource["scopes_supported"] == ["read", "write"]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example.com",
        "https://login.example.com/",
        "https://Login.Example.com/tenant",
        "https://login.example.com/tenant/",
    ],
)
async def test_the_issuer_is_what_was_configured(issuer: str) -> None:
    """Character by character: clients compare it so; by its path the metadata are found as well."""
    async with flow_of(in_memory(issuer_url=issuer)) as flow:
        path = "/tenant" if "tenant" in issuer else ""
        for name in ("oauth-authorization-server", "openid-configuration"):
            got = (await flow.http.get(f"/.well-known/{name}{path}")).json()
            assert got["issuer"] == issuer
            assert got["token_endpoint"] == f"{BASE}/token"
        await flow.register()
        assert told(await flow.authorize())["iss"] == issuer


def test_a_mounted_server_leaves_the_root_to_its_own_issuer() -> None:
    """Its metadata are below its path there (RFC 8414 section 3.1)."""
    provider = in_memory(base_url=f"{BASE}/api")
    paths = [route.path for route in provider.get_well_known_routes("/mcp")]

    assert "/.well-known/oauth-authorization-server/api" in paths
    assert "/.well-known/openid-configuration/api" in paths
    assert "/.well-known/oauth-protected-resource/api/mcp" in paths
    assert "/.well-known/oauth-authorization-server" not in paths


async def test_pages_of_other_origins_may_use_what_clients_use() -> None:
    """In a browser: documents, tokens, registration; not the endpoint where users decide."""
    origin = {"origin": "https://inspector.example"}
    asked = {
        **origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, mcp-protocol-version",
    }
    app = in_memory().get_routes("/mcp")
    from starlette.applications import Starlette

    transport = httpx2.ASGITransport(app=Starlette(routes=app))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        for path in ("/token", "/register", "/revoke"):
            preflight = await http.options(path, headers=asked)
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == "*"
            refused = await http.post(path, headers=origin)
            assert refused.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in refused.headers
        got = await http.get("/.well-known/oauth-authorization-server", headers=origin)
        assert got.headers["access-control-allow-origin"] == "*"
        decided = await http.get("/authorize", headers=origin)
        assert "access-control-allow-origin" not in decided.headers


# Registration


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "http://127.0.0.1/cb"}, "invalid_redirect_uri"),
        ({"redirect_uris": [1]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK] * 33}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["data:text/html,x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://u:p@app.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/a/../b"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https:///cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/" + "x" * 3000]}, "invalid_redirect_uri"),
        (
            {"application_type": "web", "redirect_uris": ["myapp://cb"]},
            "invalid_redirect_uri",
        ),
        ({"application_type": "desktop"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": 5}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": "authorization_code"}, "invalid_client_metadata"),
        (
            {"grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]},
            "invalid_client_metadata",
        ),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"scope": "read admin"}, "invalid_client_metadata"),
        ({"scope": ["read"]}, "invalid_client_metadata"),
        ({"scope": 'a"b'}, "invalid_client_metadata"),
        ({"client_name": "a\x00b"}, "invalid_client_metadata"),
        ({"client_name": "n" * 3000}, "invalid_client_metadata"),
        ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"logo_uri": "http://[::1"}, "invalid_client_metadata"),
        ({"contacts": ["x"] * 17}, "invalid_client_metadata"),
        ({"jwks": "keys"}, "invalid_client_metadata"),
    ],
)
async def test_a_client_that_is_not_in_order_is_not_registered(
    changes: dict[str, Any], error: str
) -> None:
    """The code of RFC 7591 says which kind of member it is about."""
    provider = in_memory()
    async with flow_of(provider) as flow:
        answer = await flow.http.post("/register", json={**CLIENT, **changes})

        assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text
        assert provider.clients == {}


async def test_what_a_client_is_given_is_what_is_registered() -> None:
    """Members that are empty are not there, grants that there are not are left out."""
    async with flow_of(in_memory()) as flow:
        client = await flow.register(
            token_endpoint_auth_method=None,
            grant_types=[
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            scope=None,
            client_uri="",
            software_id="s",
            unknown={"a": 1},
        )
        assert client["grant_types"] == ["authorization_code", "refresh_token"]
        assert client["token_endpoint_auth_method"] == "client_secret_post"
        assert len(client["client_secret"]) == 64
        assert client["client_secret_expires_at"] == 0
        assert client["scope"] == "read"
        assert client["application_type"] == "native"
        assert client["software_id"] == "s"
        assert "unknown" not in client
        assert "client_uri" not in client
        assert "client_secret" not in await flow.register()


async def test_a_client_without_refreshing_gets_no_refresh_token() -> None:
    """It did not register for it."""
    async with registered(grant_types=["authorization_code"]) as flow:
        assert "refresh_token" not in await flow.tokens()


async def test_clients_that_register_and_never_come_back_are_forgotten() -> None:
    """In memory there is room for so many; and each has its time."""
    clock = Clock()
    provider = in_memory(clock=clock, rates=OAuthRates(register=None, authorize=None, token=None))
    async with registered(provider) as flow:
        await flow.tokens()
        used = flow.client["client_id"]
        unused = (await flow.register())["client_id"]
        clock.now += 8 * 24 * 3600
        assert await provider.get_client(unused) is None
        assert await provider.get_client(used) is not None


# Nothing of what comes is an error of the server


async def _ask(flow: Flow, path: str, body: bytes, headers: dict[str, str]) -> None:
    answer = await flow.http.post(path, content=body, headers=headers)
    assert 300 <= answer.status_code < 500, (path, body[:200], answer.text)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_documents_are_refused(name: str) -> None:
    """With the error of the endpoint, or 413."""
    async with flow_of(in_memory()) as flow:
        for path in ENDPOINTS:
            for kind in ("application/json", *FORM.values()):
                await _ask(flow, path, HOSTILE[name], {"content-type": kind})


NAMES = (
    *CLIENT,
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "code_verifier",
    "token",
    "refresh_token",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "resource",
    "response_type",
    "code_challenge",
    "state",
    "request",
    "grant_types",
    "jwks",
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=60)
@given(
    members=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8),
    garbage=st.binary(max_size=200),
    header=st.binary(max_size=60),
)
def test_garbage_is_refused(members: dict[str, Any], garbage: bytes, header: bytes) -> None:
    """Whatever its type, and wherever it stands."""
    from msgspec import json

    rates = OAuthRates(register=None, authorize=None, token=None)

    async def send() -> None:
        async with flow_of(in_memory(rates=rates)) as flow:
            await flow.register()
            known = {"client_id": flow.client["client_id"]}
            form = urlencode(
                {**known, **{n: str(v) for n, v in members.items()}}, errors="surrogatepass"
            )
            document = json.encode({**CLIENT, **members})
            answer = await flow.http.post("/register", content=document)
            assert answer.status_code in (201, 400), answer.text
            signed = {**FORM, "authorization": "Basic " + quote(header)}
            for path in ENDPOINTS:
                await _ask(flow, path, garbage, FORM)
                await _ask(flow, path, garbage, {"content-type": "application/json"})
                await _ask(flow, path, garbage, signed)
                if path != "/register":
                    answer = await flow.http.post(path, content=form, headers=FORM)
                    assert answer.status_code < 500, (path, form, answer.text)
            got = await flow.http.get(f"/authorize?{form}")
            assert got.status_code < 500, (form, got.text)
            raw = await flow.http.get("/authorize?" + quote(garbage, safe="&=%+"))
            assert raw.status_code < 500

    asyncio.run(send())


async def test_a_body_has_to_be_a_form() -> None:
    """Not what somebody takes for one."""
    async with registered() as flow:
        for headers in (
            {},
            {"content-type": "multipart/form-data; boundary=x"},
            {"content-type": "application/json"},
        ):
            answer = await flow.http.post("/token", content=b"grant_type=x", headers=headers)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# Bodies and rates


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_bodies_are_bounded(path: str) -> None:
    """GHSA-fmmv-w9g8-j3gc: 413, while it comes, whatever its length is said to be."""
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        for _ in range(1_000):
            pieces += 1
            yield b"x" * 8_192

    async with flow_of(in_memory()) as flow:
        declared = await flow.http.post(path, content=b"x" * 70_000, headers=FORM)
        assert (declared.status_code, declared.json()["error"]) == (413, "invalid_request")
    async with asgi_server(_mcp(in_memory())) as running:
        transport = httpx2.ASGITransport(app=running.app)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            got = await http.post(path, content=endless(), headers=FORM)
            assert got.status_code == 413


def _mcp(provider: Any) -> Any:
    from .flows import server_with

    return server_with(provider)


async def test_a_query_is_bounded() -> None:
    """Codes remember what was asked: it is not let in at any length."""
    async with registered() as flow:
        answer = await flow.authorize(state="s" * 9_000)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/register", "/authorize", "/token"])
async def test_who_asks_too_often_has_to_wait(path: str) -> None:
    """429, with how long."""
    few = EndpointRate(Rate(3, 0.1), Rate(100, 1))
    rates = OAuthRates(register=few, authorize=few, token=few)
    async with flow_of(in_memory(rates=rates)) as flow:
        statuses = [(await flow.http.post(path)).status_code for _ in range(4)]
        assert statuses == [400, 400, 400, 429]
        refused = await flow.http.post(path)
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert refused.json()["error"] == "temporarily_unavailable"


def test_rates_are_counted_by_address_and_in_all() -> None:
    """Many addresses of one network of IPv6 are one; and so many are remembered."""
    clock = Clock()
    meter = Meter(EndpointRate(Rate(2, 1), Rate(5, 0.5)), clock)
    assert [meter.take("10.0.0.1") for _ in range(3)] == [0, 0, 1]
    assert meter.take("10.0.0.2") == 0
    assert [meter.take(f"2001:db8::{n}%eth0") for n in range(3)] == [0, 0, 1]
    assert meter.take("10.0.0.3") == 2  # there were five
    clock.now += 4
    assert meter.take("10.0.0.1") == 0
    for number in range(10_050):
        meter.take(f"address-{number}")
    assert len(meter._addresses) == 10_000


@pytest.mark.parametrize("failure", [AuthorityUnavailable, StoreUnavailable])
async def test_a_store_that_is_down_is_no_refusal(failure: type[Exception]) -> None:
    """503, and no client takes its tokens or its registration for lost."""

    class Down(InMemoryOAuthProvider):
        async def get_client(self, client_id: str) -> Any:
            raise failure("redis://secret@host is down")

    async with flow_of(Down(base_url=BASE)) as flow:
        for method, path in (("GET", "/authorize"), ("POST", "/token")):
            answer = await flow.http.request(
                method,
                path,
                params={"client_id": "c"} if method == "GET" else None,
                data={"client_id": "c"} if method == "POST" else None,
            )
            assert answer.status_code == 503
            assert answer.json()["error"] == "temporarily_unavailable"
            assert "retry-after" in answer.headers
            assert "secret" not in answer.text


async def test_a_mistake_in_a_provider_tells_nothing_of_it() -> None:
    """The client hears `server_error`, by its redirect where it is known."""

    class Broken(InMemoryOAuthProvider):
        async def authorize(self, client: Any, params: Any) -> str:
            raise RuntimeError("the secret of the house")

        async def load_refresh_token(self, client: Any, refresh_token: str) -> Any:
            raise RuntimeError("the secret of the house")

    options = ClientRegistrationOptions(enabled=True)
    async with registered(Broken(base_url=BASE, client_registration_options=options)) as flow:
        sent = told(await flow.authorize())
        assert sent["error"] == "server_error"
        assert "house" not in str(sent)
        answer = await flow.refresh("x")
        assert (answer.status_code, answer.json()["error"]) == (500, "server_error")
        assert "house" not in answer.text


async def test_errors_of_the_official_package_are_errors_of_oauth() -> None:
    """A provider of a user raises those that it imports."""
    from mcp.server.auth.provider import AuthorizeError, TokenError

    class Theirs(InMemoryOAuthProvider):
        async def authorize(self, client: Any, params: Any) -> str:
            raise AuthorizeError("access_denied", "not today")

        async def exchange_refresh_token(self, client: Any, refresh_token: Any, scopes: Any) -> Any:
            raise TokenError("invalid_grant", "not today")

        async def load_refresh_token(self, client: Any, refresh_token: str) -> Any:
            from fastmcp.server.auth.oauth.grants import RefreshToken

            return RefreshToken(token=refresh_token, client_id=client.client_id, scopes=["read"])

    options = ClientRegistrationOptions(enabled=True)
    async with registered(Theirs(base_url=BASE, client_registration_options=options)) as flow:
        sent = told(await flow.authorize())
        assert (sent["error"], sent["error_description"]) == ("access_denied", "not today")
        answer = await flow.refresh("x")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
