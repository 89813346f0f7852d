"""Clients without a person: client credentials, signed assertions, ID-JAG."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.responses import JSONResponse, Response

from fastmcp import Client
from fastmcp.client.auth import (
    ClientCredentialsOAuthProvider,
    IdentityAssertionOAuthProvider,
    IdentityProvider,
    OAuthFlowError,
    OAuthTokenError,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
    static_assertion_provider,
)
from fastmcp.client.auth.token_storage import MemoryTokenStorage
from fastmcp.exceptions import ConfigurationError

from .authority import Authority, serving, world

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def there() -> Iterator[tuple[Authority, str]]:
    with world(required_scopes=["read"]) as (authority, url):
        authority.clients["job"] = "s3:cr%t"
        yield authority, url


async def who(url: str, auth: Any, calls: int = 1) -> str:
    async with asyncio.timeout(20), Client(url, auth=auth) as client:
        results = await asyncio.gather(*(client.call_tool("who") for _ in range(calls)))
    return results[0].data


def given(authority: Authority) -> Any:
    """What gives a token to whoever has convinced a test."""
    return lambda asked: authority._given(asked, asked.get("client_id", "workload"))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_secret_gets_a_token(there: tuple[Authority, str], method: Any) -> None:
    """With the scopes of the challenge, for the resource; once for many requests."""
    authority, url = there
    auth = ClientCredentialsOAuthProvider(
        client_id="job",
        client_secret="s3:cr%t",
        token_endpoint_auth_method=method,
        issuer=authority.issuer,
    )
    said = await who(url, auth, calls=10)

    assert said == "job read"
    (asked,) = authority.of("token")
    assert (asked["grant_type"], asked["resource"]) == ("client_credentials", url)


async def test_a_token_that_expired_is_asked_for_anew(there: tuple[Authority, str]) -> None:
    """Without a request being refused first."""
    authority, url = there
    auth = ClientCredentialsOAuthProvider(client_id="job", client_secret="s3:cr%t")
    async with Client(url, auth=auth) as client:
        auth._renew_at = 0.0
        looked = authority.count("metadata")
        await asyncio.gather(*(client.call_tool("who") for _ in range(5)))

    assert authority.count("token") == 2
    assert authority.count("metadata") == looked


async def test_a_wrong_secret_is_told_without_it(there: tuple[Authority, str]) -> None:
    """And not tried again."""
    authority, url = there
    auth = ClientCredentialsOAuthProvider(client_id="job", client_secret="wr0ng-wr0ng")
    with pytest.raises(OAuthTokenError, match="invalid_client") as caught:
        await who(url, auth)

    assert "wr0ng" not in f"{caught.value} {auth!r}"
    assert caught.value.error == "invalid_client"
    assert authority.count("token") == 1


async def test_credentials_are_sent_to_nobody_but_their_issuer(
    there: tuple[Authority, str],
) -> None:
    """CVE-2026-104850, GHSA-qx49-fqc8-xw99: whatever the MCP server says."""
    authority, url = there
    auth = ClientCredentialsOAuthProvider(
        client_id="job", client_secret="s3:cr%t", issuer="https://login.example.com"
    )
    with pytest.raises(OAuthFlowError, match="sent to nobody else"):
        await who(url, auth)

    assert authority.count("token") == 0


async def test_credentials_without_an_issuer_belong_to_the_first(
    there: tuple[Authority, str],
) -> None:
    """A server that names another one later is not followed, also by the next process."""
    authority, url = there
    storage = MemoryTokenStorage()

    def auth() -> Any:
        return ClientCredentialsOAuthProvider(
            client_id="job", client_secret="s3:cr%t", token_storage=storage
        )

    await who(url, auth())
    first = authority.base
    other = Authority()
    other.clients = authority.clients
    with serving(other.app):
        authority.metadata["issuer"] = first
        provider = auth()
        provider._bind(url)
        await provider.token_storage_adapter.drop_token()
        found = await moved(provider, other)
        with pytest.raises(OAuthFlowError, match="issuer="):
            await provider._obtain(found, None)

    assert other.count("token") == 0


async def moved(provider: Any, other: Authority) -> Any:
    from fastmcp.client.auth.discovery import Found, issuer_metadata

    metadata = await provider._sending.run(issuer_metadata(other.issuer, provider.mcp_url))
    return Found(provider.mcp_url, metadata)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_signed_assertion_gets_a_token(
    there: tuple[Authority, str], algorithm: str
) -> None:
    """RFC 7523: it says who, to whom and for how long, once."""
    authority, url = there
    key = ECKey.generate_key("P-256") if algorithm == "ES256" else RSAKey.generate_key(2048)
    authority.instead["token"] = given(authority)
    signed = SignedJWTParameters(
        issuer="job",
        subject="job",
        signing_key=key.as_pem(private=True).decode(),
        signing_algorithm=algorithm,
        additional_claims={"env": "test"},
    )
    auth = PrivateKeyJWTOAuthProvider(
        client_id="job",
        assertion_provider=signed.create_assertion_provider(),
        issuer=authority.issuer,
    )
    await who(url, auth)

    (asked,) = authority.of("token")
    claims = jwt.decode(asked["client_assertion"], key, algorithms=[algorithm]).claims
    assert asked["client_assertion_type"].endswith(":jwt-bearer")
    assert "client_id" not in asked
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("job", "job", authority.issuer)
    assert claims["exp"] - claims["iat"] == 300
    assert claims["jti"]
    assert claims["env"] == "test"
    assert "PRIVATE" not in repr(signed)


@pytest.mark.parametrize(
    "options",
    [
        {"signing_key": "no key"},
        {"signing_algorithm": "HS256"},
        {"signing_algorithm": "none"},
    ],
)
def test_a_key_that_cannot_sign_is_refused(options: Any) -> None:
    """When the provider is made, and without being repeated."""
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    made = SignedJWTParameters(**{"issuer": "a", "subject": "a", "signing_key": pem} | options)
    with pytest.raises(ConfigurationError, match="sign") as caught:
        made.create_assertion_provider()

    assert "no key" not in str(caught.value)


async def test_an_identity_provider_lets_a_person_in(there: tuple[Authority, str]) -> None:
    """Its ID token becomes an ID-JAG there, and a token at the server's authority."""
    authority, url = there
    identity = Authority()
    authority.clients["app"] = "secret"

    def exchange(asked: dict[str, str]) -> Response:
        jag = json.dumps([asked["audience"], asked["resource"], asked["subject_token"]])
        kind = asked["requested_token_type"]
        return JSONResponse(
            {"access_token": jag.replace(" ", ""), "token_type": "N_A", "issued_token_type": kind}
        )

    identity.instead["token"] = exchange
    authority.instead["token"] = given(authority)
    with serving(identity.app):
        provider = IdentityProvider(
            issuer=identity.issuer, client_id="sso", subject_token="id-token"
        )
        auth = IdentityAssertionOAuthProvider(
            assertion_provider=provider,
            client_id="app",
            client_secret="secret",
            issuer=authority.issuer,
        )
        await who(url, auth)

    (asked,) = authority.of("token")
    assert asked["grant_type"] == JWT_BEARER
    assert json.loads(asked["assertion"]) == [authority.issuer, url, "id-token"]
    assert asked["client_secret"] == "secret"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "invalid_grant"}, "invalid_grant"),
        ({"access_token": "x", "token_type": "Bearer"}, "type"),
        ({"access_token": "x", "token_type": "N_A", "issued_token_type": "y"}, "ID-JAG"),
    ],
)
async def test_what_an_identity_provider_gives_is_looked_at(answer: Any, said: str) -> None:
    """A token of its own is not passed on as an assertion."""
    identity = Authority()
    identity.instead["token"] = lambda asked: JSONResponse(answer)
    with serving(identity.app):
        provider = IdentityProvider(
            token_endpoint=f"{identity.base}/token", client_id="sso", subject_token="t"
        )
        with pytest.raises(OAuthTokenError, match=said):
            await provider("https://as.example", "https://mcp.example")


async def test_a_workload_shows_what_its_platform_says(there: tuple[Authority, str]) -> None:
    """No client is registered for it, and a refusal is not tried again."""
    authority, url = there
    authority.instead["token"] = given(authority)
    said: list[tuple[str, str]] = []

    async def platform(audience: str, resource: str) -> str:
        said.append((audience, resource))
        return "workload-jwt"

    await who(url, IdentityAssertionOAuthProvider(assertion_provider=platform))
    assert said == [(authority.issuer, url)]
    assert authority.of("token")[0]["assertion"] == "workload-jwt"

    authority.instead["token"] = lambda asked: JSONResponse({"error": "invalid_grant"}, 400)
    before = authority.count("token")
    with pytest.raises(OAuthTokenError, match="invalid_grant"):
        await who(url, IdentityAssertionOAuthProvider(assertion_provider=platform))
    assert authority.count("token") == before + 1


async def test_a_ready_made_assertion_is_used_as_it_is(there: tuple[Authority, str]) -> None:
    """Whoever it is for."""
    authority, url = there
    authority.instead["token"] = given(authority)
    auth = PrivateKeyJWTOAuthProvider(
        client_id="job", assertion_provider=static_assertion_provider("made.by.others")
    )
    await who(url, auth)

    assert authority.of("token")[0]["client_assertion"] == "made.by.others"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        "token",
        {"access_token": 1},
        {"access_token": ""},
        {"access_token": "a b", "token_type": "bearer"},
        {"access_token": "a\r\nx: y", "token_type": "bearer"},
        {"access_token": "a", "token_type": "mac"},
        {"access_token": "a", "expires_in": "soon"},
        {"error": "<script>\x1b[31m" + "x" * 1000},
    ],
)
async def test_a_malformed_token_is_refused(there: tuple[Authority, str], answer: Any) -> None:
    """In one short line, whatever is in it."""
    authority, url = there
    authority.instead["token"] = lambda asked: JSONResponse(answer)
    with pytest.raises(OAuthTokenError) as caught:
        await who(url, ClientCredentialsOAuthProvider(client_id="job", client_secret="x"))

    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


async def test_an_answer_without_end_is_not_read_to_it(there: tuple[Authority, str]) -> None:
    """Memory is bounded, of every endpoint."""
    authority, url = there
    authority.instead["metadata"] = lambda asked: Response(b"x" * 1_000_000)
    with pytest.raises(OAuthFlowError, match="more than"):
        await who(url, ClientCredentialsOAuthProvider(client_id="job", client_secret="x"))


async def test_a_redirect_is_not_followed(there: tuple[Authority, str]) -> None:
    """GHSA-5h93-6whr-6q8j: what is meant for one endpoint goes to no other, a secret above all."""
    authority, url = there
    other = Authority()
    with serving(other.app):
        authority.instead["token"] = lambda asked: Response(
            status_code=307, headers={"location": f"{other.base}/token"}
        )
        with pytest.raises(OAuthTokenError, match="307"):
            await who(url, ClientCredentialsOAuthProvider(client_id="job", client_secret="x"))

    assert other.asked == []
