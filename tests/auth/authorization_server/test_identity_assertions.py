"""Users by the word of an identity provider that is trusted (ID-JAG)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from authority import Authority, authority, response

from fastmcp._oauth.documents import OAuthClientInformationFull
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.identity_assertion import (
    ID_JAG_GRANT_PROFILE,
    ID_JAG_TYP,
    JWT_BEARER_GRANT_TYPE,
    IdentityAssertion,
)

from .browsing import stored, users_of
from .flows import BASE, RESOURCE, Flow
from .signing import EC, OTHER, RSA, SECRET, jwks, signed

CLIENT = "corporate"


@asynccontextmanager
async def trusting(folder: Path, **options: Any) -> AsyncGenerator[tuple[Flow, Authority]]:
    """A server that trusts an identity provider, and a client of both."""
    async with authority() as provider:
        discovery = {"issuer": provider.url, "jwks_uri": f"{provider.url}/keys"}
        documents = {
            "/.well-known/openid-configuration": discovery,
            "/keys": jwks(EC, RSA),
        }
        provider.answer = lambda asked: (
            response(documents[asked.path]) if asked.path in documents else response(b"", 404)
        )
        config = IdentityAssertion(
            **{"trusted_issuers": [provider.url], "algorithm": "ES256", **options}
        )
        server = stored(folder, identity_assertion=config)
        async with users_of(server) as flow:
            await server.register_client(
                OAuthClientInformationFull(
                    client_id=CLIENT,
                    client_secret="s" * 32,
                    token_endpoint_auth_method="client_secret_post",
                    grant_types=[JWT_BEARER_GRANT_TYPE],
                )
            )
            flow.client = {"client_id": CLIENT}
            yield flow, provider


def assertion(provider: Authority, *signing: Any, typ: Any = ID_JAG_TYP, **claims: Any) -> str:
    """What an identity provider says of its user."""
    said = {
        "iss": provider.url,
        "sub": "ann@corp",
        "aud": BASE,
        "client_id": CLIENT,
        "resource": RESOURCE,
        "scope": "read write",
        **claims,
    }
    key, algorithm = signing or (EC, "ES256")
    return signed(said, key, algorithm, {"typ": typ})


async def exchange(flow: Flow, text: str, **form: Any) -> Any:
    return await flow.token(
        **{
            "grant_type": JWT_BEARER_GRANT_TYPE,
            "assertion": text,
            "client_secret": "s" * 32,
            "resource": RESOURCE,
            **form,
        }
    )


async def test_a_user_comes_in_by_the_word_of_their_company(tmp_path: Path) -> None:
    """For a short time, and without a refresh token: the client has another assertion by then."""
    async with trusting(tmp_path) as (flow, provider):
        document = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
        assert JWT_BEARER_GRANT_TYPE in document["grant_types_supported"]
        assert document["authorization_grant_profiles_supported"] == [ID_JAG_GRANT_PROFILE]

        got = await exchange(flow, assertion(provider))
        assert got.status_code == 200, got.text
        tokens = got.json()
        assert (tokens["scope"], tokens["expires_in"]) == ("read write", 300)
        assert "refresh_token" not in tokens
        claims = await flow.who(tokens["access_token"])
        assert (claims["sub"], claims["iss"]) == ("ann@corp", provider.url)

        fewer = await exchange(flow, assertion(provider), scope="read")
        assert fewer.json()["scope"] == "read"
        more = await exchange(flow, assertion(provider, scope="read"), scope="read admin")
        assert more.json()["scope"] == "read"


async def test_an_assertion_is_good_once(tmp_path: Path) -> None:
    """For all workers; one that another client presents is not spent by that."""
    async with trusting(tmp_path) as (flow, provider):
        text = assertion(provider)
        config = IdentityAssertion(trusted_issuers=[provider.url], algorithm="ES256")
        other = stored(tmp_path, identity_assertion=config)
        await other.register_client(
            OAuthClientInformationFull(
                client_id="thief",
                client_secret="t" * 32,
                token_endpoint_auth_method="client_secret_post",
                grant_types=[JWT_BEARER_GRANT_TYPE],
            )
        )
        stolen = await exchange(flow, text, client_id="thief", client_secret="t" * 32)
        assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
        assert (await exchange(flow, text)).status_code == 200
        assert (await exchange(flow, text)).json()["error"] == "invalid_grant"
        async with users_of(other) as second:
            second.client = flow.client
            assert (await exchange(second, text)).json()["error"] == "invalid_grant"


FORGED: dict[str, dict[str, Any]] = {
    "another key": {"signing": (OTHER, "ES256")},
    "a secret": {"signing": (SECRET, "HS256")},
    "another algorithm": {"signing": (RSA, "RS256")},
    "an access token": {"typ": "at+jwt"},
    "no type": {"typ": None},
    "an unknown issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "for another server": {"aud": "https://other.example"},
    "for another resource": {"resource": "https://other.example/mcp"},
    "for no resource": {"resource": None},
    "for another client": {"client_id": "other"},
    "for no client": {"client_id": None},
    "of nobody": {"sub": None},
    "without a jti": {"jti": None},
    "without an end": {"exp": None},
    "that has ended": {"exp": 1, "iat": None},
    "that lasts too long": {"exp": 99999999999},
    "not valid yet": {"nbf": 99999999990},
    "with a text for a time": {"exp": "soon"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_an_assertion_that_proves_nothing_is_refused(tmp_path: Path, name: str) -> None:
    """`invalid_grant`, and nothing of why."""
    changes = dict(FORGED[name])
    signing = changes.pop("signing", ())
    async with trusting(tmp_path) as (flow, provider):
        got = await exchange(flow, assertion(provider, *signing, **changes))

        assert (got.status_code, got.json()["error"]) == (400, "invalid_grant")
        assert got.json()["error_description"] == "The assertion is not valid here"


async def test_garbage_is_no_assertion(tmp_path: Path) -> None:
    """Nor is none at all."""
    async with trusting(tmp_path) as (flow, _):
        for text in ("a", "a.b.c", "..", "x" * 40_000, "e30.e30.", "W10.W10.x", "\u00e9.a.b"):
            assert (await exchange(flow, text)).json()["error"] == "invalid_grant"
        assert (await exchange(flow, "")).json()["error"] == "invalid_request"
        refused = await exchange(flow, "a", resource="https://other.example/")
        assert refused.json()["error"] == "invalid_target"


async def test_an_identity_provider_that_is_down_is_no_refusal(tmp_path: Path) -> None:
    """503; and it is not asked again for each of the requests that come meanwhile."""
    async with trusting(tmp_path) as (flow, provider):
        provider.says(b"", 500)
        for _ in range(3):
            got = await exchange(flow, assertion(provider))
            assert (got.status_code, got.json()["error"]) == (503, "temporarily_unavailable")
        assert len(provider.asked) == 2


async def test_discovery_of_another_issuer_is_not_believed(tmp_path: Path) -> None:
    """What is found under an issuer's URL has to be of this issuer."""
    async with trusting(tmp_path) as (flow, provider):
        provider.says({"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"})
        assert (await exchange(flow, assertion(provider))).status_code == 503


async def test_scopes_can_be_demanded_of_an_assertion(tmp_path: Path) -> None:
    """They stay on the token, whatever the client asks for; keys may be named by hand."""
    async with trusting(tmp_path, required_scopes=["write"]) as (flow, provider):
        assert (await exchange(flow, assertion(provider, scope="read"))).status_code == 400
        got = await exchange(flow, assertion(provider), scope="read")
        assert got.json()["scope"] == "read write"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"trusted_issuers": []}, "trusted_issuers="),
        ({"trusted_issuers": [" "]}, "trusted_issuers="),
        ({"algorithm": "HS256"}, "algorithm="),
        ({"algorithm": "none"}, "algorithm="),
        ({"algorithms": {"https://i": "RS999"}}, "algorithm="),
        ({"access_token_expiry_seconds": 0}, "access_token_expiry_seconds="),
    ],
)
def test_what_nothing_can_be_verified_by_is_refused(options: dict[str, Any], text: str) -> None:
    """At once, by the keyword's name."""
    with pytest.raises(ConfigurationError, match=text):
        IdentityAssertion(**{"trusted_issuers": ["https://i"], **options})
