"""Which signed tokens are valid, and what they say."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

import pytest
from signing import AUDIENCE, ISSUER, SECRET, claims, jwk, key_for, pair, public_pem, token

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth import MultiAuth, RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier, RSAKeyPair
from fastmcp.testing import asgi_client

ALGORITHMS = [
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"),
]


LATER = 4_000_000_000
"""A time in the year 2096."""


def verifier(**options: Any) -> JWTVerifier:
    """One that takes the tokens of tests/signing.py, but for what is given."""
    given = {"public_key": pair().public_key, "issuer": ISSUER, "audience": AUDIENCE, **options}
    return JWTVerifier(**given)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_each_algorithm_takes_its_own_tokens_alone(algorithm: str) -> None:
    """Signed by its key, and said to be of it."""
    taken = verifier(public_key=public_pem(algorithm), algorithm=algorithm)
    assert await taken.verify_token(token(algorithm=algorithm)) is not None
    for other in ALGORITHMS:
        if other != algorithm:
            assert await taken.verify_token(token(algorithm=other)) is None


@pytest.mark.parametrize(
    "algorithm",
    ["RS256", "ES256", "ES384", "ES512", "Ed25519", "Ed448"],
)
def test_without_an_algorithm_it_is_that_of_the_key(algorithm: str) -> None:
    """The usual one."""
    assert verifier(public_key=public_pem(algorithm)).algorithm == algorithm


async def test_a_token_says_who_calls_and_what_for() -> None:
    """All claims are there, and the well-known ones have names."""
    made = token(claims(client_id="app", scope="read write", role="admin"))
    access = await verifier().verify_token(made)
    assert access is not None
    assert (access.client_id, access.subject, access.scopes) == ("app", "ann", ["read", "write"])
    assert (access.token, access.claims["role"]) == (made, "admin")
    assert access.expires_at == access.claims["exp"]


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ({"client_id": "a", "azp": "b", "cid": "c"}, "a"),
        ({"azp": "b", "cid": "c"}, "b"),
        ({"cid": "c"}, "c"),
        ({}, "ann"),
        ({"client_id": {"not": "a name"}, "sub": 7}, "7"),
    ],
)
async def test_the_client_has_several_names(said: dict[str, Any], client: str) -> None:
    """As issuers call it; without one it is the subject."""
    access = await verifier().verify_token(token(claims(**said)))
    assert access is not None
    assert access.client_id == client


async def test_two_that_name_nobody_are_not_the_same() -> None:
    """Or each would have the other's sessions."""
    first = await verifier().verify_token(token(claims(sub=None, jti="1")))
    second = await verifier().verify_token(token(claims(sub=None, jti="2")))
    assert first is not None
    assert second is not None
    assert first.client_id != second.client_id


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ({"scope": "read  write"}, ["read", "write"]),
        ({"scope": ["read", "write"]}, ["read", "write"]),
        ({"scp": "read write"}, ["read", "write"]),
        ({"scp": ["read"]}, ["read"]),
        ({"scope": "a", "scp": "b"}, ["a"]),
        ({"scope": {"a": 1}}, []),
        ({"scope": ["a", 3, None]}, ["a"]),
        ({}, []),
    ],
)
async def test_scopes_are_a_text_or_a_list(said: dict[str, Any], scopes: list[str]) -> None:
    """Under either of two names."""
    access = await verifier().verify_token(token(claims(**said)))
    assert access is not None
    assert access.scopes == scopes


@pytest.mark.parametrize(
    "said",
    [
        {"iss": "https://other.example.com"},
        {"iss": f"{ISSUER}/"},
        {"iss": [ISSUER]},
        {"iss": None},
        {"aud": "https://other.example.com"},
        {"aud": []},
        {"aud": {"x": AUDIENCE}},
        {"aud": f"{AUDIENCE}/"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": 1e300},
        {"exp": int(time.time() * 1000) + 600_000},
        {"exp": -1},
        {"nbf": LATER},
        {"nbf": "soon"},
        {"iat": LATER},
        {"token_use": "id"},
        {"token_use": "refresh"},
        {"token_type": "refresh"},
        {"typ": "ID"},
        {"typ": "Refresh"},
    ],
    ids=map(str, count()),
)
async def test_claims_that_are_not_in_order_are_refused(said: dict[str, Any]) -> None:
    """Whoever signed them."""
    made = {**claims(), **said}
    made = {name: value for name, value in made.items() if value is not None}
    assert await verifier().verify_token(token(made)) is None


@pytest.mark.parametrize(
    "said",
    [
        {"aud": ["https://other.example.com", AUDIENCE]},
        {"exp": LATER + 0.5},
        {"token_use": "access", "typ": "Bearer"},
    ],
    ids=map(str, count()),
)
async def test_claims_that_are_in_order_are_taken(said: dict[str, Any]) -> None:
    """One audience of several is enough, and times may have fractions."""
    assert await verifier().verify_token(token(claims(**said))) is not None


async def test_clocks_differ_a_little() -> None:
    """A token that begins in some seconds is taken."""
    soon = int(time.time()) + 5
    assert await verifier().verify_token(token(claims(nbf=soon, iat=soon))) is not None


async def test_several_issuers_and_audiences_are_lists() -> None:
    """Any of each."""
    several = verifier(issuer=[ISSUER, "b"], audience=["x", "y"])
    assert await several.verify_token(token(claims(iss="b", aud="y"))) is not None
    assert await several.verify_token(token(claims(iss="b", aud=["z", "x"]))) is not None
    assert await several.verify_token(token(claims(iss="c", aud="x"))) is None
    assert await several.verify_token(token(claims(iss="b", aud="xy"))) is None


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_the_types_of_access_tokens_are_taken(typ: str) -> None:
    """RFC 9068, and what everybody writes."""
    assert await verifier().verify_token(token(typ=typ)) is not None


@pytest.mark.parametrize("typ", ["id+jwt", "logout+jwt", "dpop+jwt", "oauth-id-jag+jwt", 3, []])
async def test_other_types_are_refused(typ: Any) -> None:
    """A token is good for one thing (RFC 8725 section 3.11)."""
    assert await verifier().verify_token(token(typ=typ)) is None


async def test_id_tokens_are_taken_where_they_are_asked_for() -> None:
    """A proxy gets them from its upstream."""
    of_ids = verifier(token_kind="id")
    assert await of_ids.verify_token(token(claims(token_use="id"))) is not None


async def test_a_token_ends_although_it_was_seen() -> None:
    """What is remembered of it ends with it."""
    made = token(claims(exp=time.time() + 0.3))
    taken = verifier()
    assert await taken.verify_token(made) is not None
    deadline = time.monotonic() + 10
    while await taken.verify_token(made) is not None:
        assert time.monotonic() < deadline


async def test_what_a_request_does_to_claims_is_not_seen_by_the_next() -> None:
    """Each gets its own."""
    made, taken = token(), verifier()
    first = await taken.verify_token(made)
    assert first is not None
    first.claims["sub"] = "bob"
    second = await taken.verify_token(made)
    assert second is not None
    assert second.claims["sub"] == "ann"


async def test_what_is_changed_of_a_verifier_counts_at_once() -> None:
    """For tokens too that it has seen."""
    made, taken = token(), verifier()
    assert await taken.verify_token(made) is not None
    taken.audience = "other"
    assert await taken.verify_token(made) is None


async def test_a_subclass_knows_issuers_and_scopes_by_other_signs() -> None:
    """As providers with many tenants need it."""

    class OfTenants(JWTVerifier):
        def _validate_issuer(self, issuer: Any) -> bool:
            return str(issuer).startswith("https://tenant-")

        def _extract_scopes(self, claims: dict[str, Any]) -> list[str]:
            return list(claims.get("roles", []))

    taken = OfTenants(public_key=pair().public_key, issuer=ISSUER, audience=AUDIENCE)
    access = await taken.verify_token(token(claims(iss="https://tenant-1", roles=["x"])))
    assert access is not None
    assert access.scopes == ["x"]
    assert await taken.verify_token(token()) is None


async def test_without_an_audience_tokens_are_for_this_server() -> None:
    """By the URL of its endpoint."""
    alone = verifier(audience=None, base_url="https://mcp.example.com")
    alone.set_mcp_path("/mcp")
    assert await alone.verify_token(token()) is not None
    assert await alone.verify_token(token(claims(aud="https://mcp.example.com"))) is None


async def test_a_host_without_a_path_is_written_in_two_ways() -> None:
    """Some clients put a slash at its end."""
    alone = verifier(audience=None, base_url="https://mcp.example.com")
    for audience in ("https://mcp.example.com", "https://mcp.example.com/"):
        assert await alone.verify_token(token(claims(aud=audience))) is not None


@pytest.mark.parametrize("around", ["remote", "multi"])
async def test_the_provider_around_a_verifier_says_whom_tokens_are_for(around: str) -> None:
    """It knows where the server is."""
    base = "https://mcp.example.com"
    inner = verifier(audience=None)
    auth = (
        RemoteAuthProvider(inner, [ISSUER], base)
        if around == "remote"
        else MultiAuth(verifiers=inner, base_url=base)
    )
    mcp = FastMCP("x", auth=auth)

    @mcp.tool
    def who(ctx: Context) -> str:
        return ctx.user_info["sub"]

    async with asgi_client(mcp, auth=token()) as client:
        assert (await client.call_tool("who", {})).data == "ann"
    assert await inner.verify_token(token(claims(aud="https://other.example.com"))) is None


async def test_who_does_not_say_whom_tokens_are_for_is_told() -> None:
    """When the server begins, or at the first token where there is none."""
    nobody = verifier(audience=None)
    with pytest.raises(ConfigurationError, match=r"audience=.*base_url="):
        FastMCP("x", auth=nobody).http_app()
    with pytest.raises(ConfigurationError, match="audience="):
        await nobody.verify_token(token())


async def test_any_audience_and_any_issuer_have_to_be_asked_for() -> None:
    """They are no defaults."""
    open_ = verifier(issuer=None, accept_any_issuer=True, audience=None, accept_any_audience=True)
    assert await open_.verify_token(token(claims(iss="anybody", aud="anything"))) is not None
    assert await open_.verify_token(token(claims(iss=None, aud=None))) is not None


SMALL = """-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----"""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"public_key": None}, "one of public_key= and jwks_uri="),
        ({"jwks_uri": "https://x.example.com"}, "one of public_key= and jwks_uri="),
        ({"issuer": None}, "issuer="),
        ({"issuer": ""}, "issuer="),
        ({"issuer": []}, "issuer="),
        ({"issuer": [3]}, "issuer="),
        ({"audience": ""}, "audience="),
        ({"audience": 3}, "audience="),
        ({"algorithm": "none"}, "algorithm='none'"),
        ({"algorithm": "RS257"}, "RS256"),
        ({"algorithm": "HS256"}, "secret"),
        ({"algorithm": "ES256"}, "RSA key"),
        ({"public_key": SECRET}, "no key in PEM"),
        ({"public_key": "short", "algorithm": "HS256"}, "guessed"),
        ({"public_key": SMALL}, "512 bits"),
        ({"public_key": pair().private_key.get_secret_value()}, "private key"),
        ({"public_key": 7}, "takes a text"),
        ({"token_kind": "refresh"}, "token_kind='refresh'"),
        ({"jwks_refresh_interval": -1}, "jwks_refresh_interval"),
        ({"jwks_refresh_interval": float("nan")}, "jwks_refresh_interval"),
        ({"public_key": None, "jwks_uri": "https://x.example.com", "algorithm": "HS256"}, "secret"),
        (
            {
                "public_key": None,
                "jwks_uri": "https://x.example.com",
                "ssrf_safe": True,
                "http_client": object(),
            },
            "http_client=",
        ),
    ],
    ids=map(str, count()),
)
def test_what_cannot_be_verified_by_is_refused_when_it_is_made(
    options: dict[str, Any], told: str
) -> None:
    """With what to give."""
    with pytest.raises(ConfigurationError, match=told):
        verifier(**options)


def test_a_private_key_does_not_show() -> None:
    """Neither the pair nor its key tells it."""
    for shown in (repr(pair()), str(pair().private_key), repr(pair().private_key)):
        assert "PRIVATE" not in shown


async def test_a_pair_makes_tokens() -> None:
    """With FastMCP's keywords and defaults."""
    made = pair().create_token(audience=["a", "b"], scopes=["x", "y"], additional_claims={"n": 1})
    taken = verifier(issuer="https://fastmcp.example.com", audience="b")
    access = await taken.verify_token(made)
    assert access is not None
    assert (access.subject, access.scopes, access.claims["n"]) == ("fastmcp-user", ["x", "y"], 1)
    old = pair().create_token(audience="b", expires_in_seconds=-1)
    assert await taken.verify_token(old) is None
    assert await taken.verify_token(RSAKeyPair.generate().create_token(audience="b")) is None


def test_keys_of_the_tests_are_public() -> None:
    """What a test calls a key set has no secrets in it."""
    assert not {"d", "p", "q"} & jwk().keys()
    assert key_for("RS256").is_private
