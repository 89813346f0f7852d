"""Tokens that a server signs for itself, and the options of a proxy."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from fastmcp import FastMCP, settings
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.jwt_issuer import JWTIssuer, derive_jwt_key
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.static_tokens import StaticTokenVerifier

KEY = derive_jwt_key(high_entropy_material="a secret of the upstream", salt="s")
ISSUER, AUDIENCE = "https://mcp.example.com", "https://mcp.example.com/mcp"


def issuer(**options: Any) -> JWTIssuer:
    return JWTIssuer(**{"issuer": ISSUER, "audience": AUDIENCE, "signing_key": KEY, **options})


def proxy(**options: Any) -> OAuthProxy:
    return OAuthProxy(
        **{
            "upstream_authorization_endpoint": "https://idp.example.com/authorize",
            "upstream_token_endpoint": "https://idp.example.com/token",
            "upstream_client_id": "id",
            "upstream_client_secret": "a secret of the upstream",
            "token_verifier": StaticTokenVerifier({}),
            "base_url": ISSUER,
            **options,
        }
    )


def test_a_token_is_verified_by_who_issued_it() -> None:
    """Its claims come back; the two kinds do not stand in for each other."""
    access = issuer().issue_access_token(
        "c", ["read"], "j", 60, {"name": "ann"}, subject="ann", extra_claims={"x": 1, "iss": "no"}
    )
    claims = issuer().verify_token(access)
    assert claims["iss"] == ISSUER
    assert claims["aud"] == AUDIENCE
    assert (claims["client_id"], claims["scope"], claims["jti"]) == ("c", "read", "j")
    assert (claims["sub"], claims["x"]) == ("ann", 1)
    assert claims["upstream_claims"] == {"name": "ann"}
    assert claims["exp"] - claims["iat"] == 60
    refresh = issuer().issue_refresh_token("c", ["read"], "k", 60)
    assert issuer().verify_token(refresh, expected_token_use="refresh")["jti"] == "k"
    for token, use in ((access, "refresh"), (refresh, "access")):
        with pytest.raises(JoseError):
            issuer().verify_token(token, use)


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": "https://other.example.com"},
        {"audience": "https://mcp.example.com/other"},
        {"signing_key": derive_jwt_key(high_entropy_material="another", salt="s")},
    ],
)
def test_a_token_of_somebody_else_is_refused(other: dict[str, Any]) -> None:
    """Of another issuer, for another audience, or with another key."""
    token = issuer(**other).issue_access_token("c", [], "j")
    with pytest.raises(JoseError):
        issuer().verify_token(token)


@pytest.mark.parametrize("claims", [{"exp": 1}, {"exp": None}, {"exp": "soon"}, {"aud": ["a"]}])
def test_a_token_whose_claims_are_not_in_order_is_refused(claims: dict[str, Any]) -> None:
    """One that ended, that says no end, or an audience that is no text."""
    said = {"iss": ISSUER, "aud": AUDIENCE, "exp": 9_999_999_999, **claims}
    said = {name: value for name, value in said.items() if value is not None}
    token = jwt.encode({"alg": "HS256"}, said, OctKey.import_key(KEY))
    with pytest.raises(JoseError):
        issuer().verify_token(token)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "e30.e30.e30", "\x00", "ü.ü.ü", "a" * 99]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    """With the one error that says so."""
    with pytest.raises(JoseError):
        issuer().verify_token(token)


def test_a_token_without_a_signature_is_refused() -> None:
    """`alg` is not for who sends the token to choose."""
    token = issuer().issue_access_token("c", [], "j")
    _, payload, _ = token.split(".")
    with pytest.raises(JoseError):
        issuer().verify_token(f"eyJhbGciOiJub25lIn0.{payload}.")


def test_keys_are_made_of_secrets_and_of_passphrases() -> None:
    """The same of the same, another one of another salt or way; of one text alone."""
    one = derive_jwt_key(high_entropy_material="text", salt="a")
    assert one == derive_jwt_key(high_entropy_material="text", salt="a")
    others = {
        derive_jwt_key(high_entropy_material="text", salt="b"),
        derive_jwt_key(low_entropy_material="text", salt="a"),
        one,
    }
    assert len(others) == 3
    assert all(len(each) == 44 for each in others)
    for wrong in ({}, {"high_entropy_material": "a", "low_entropy_material": "b"}):
        with pytest.raises(ValueError, match="either"):
            derive_jwt_key(salt="s", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"upstream_client_secret": None}, "jwt_signing_key is required"),
        ({"jwt_signing_key": 7}, "jwt_signing_key"),
        ({"upstream_token_endpoint": "idp/token"}, "upstream_token_endpoint"),
        ({"upstream_authorization_endpoint": "javascript:x"}, "upstream_authorization_endpoint"),
        ({"base_url": "mcp.example.com"}, "base_url"),
        ({"require_authorization_consent": "always"}, "require_authorization_consent"),
    ],
)
def test_options_that_cannot_be_are_named(options: dict[str, Any], said: str) -> None:
    """The error names the keyword; it is a ValueError as well."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        proxy(**options)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "key", ["a passphrase of some length", b"bytes as they are, of 32 or more"]
)
def test_a_signing_key_of_ones_own_needs_no_client_secret(key: str | bytes) -> None:
    """A text is stretched, bytes are taken."""
    made = proxy(upstream_client_secret=None, jwt_signing_key=key)
    FastMCP("S", auth=made).http_app()
    token = made.jwt_issuer.issue_access_token("c", [], "j")
    same = proxy(upstream_client_secret=None, jwt_signing_key=key)
    same.set_mcp_path("/mcp")
    assert same.jwt_issuer.verify_token(token)["jti"] == "j"
    assert made._jwt_signing_key == key or isinstance(key, str)


def test_before_an_endpoint_is_known_there_is_nothing_to_issue_for() -> None:
    """Afterwards tokens are for its URL."""
    made = proxy()
    with pytest.raises(RuntimeError, match="http_app"):
        _ = made.jwt_issuer
    made.set_mcp_path("/api/mcp")
    assert made.jwt_issuer.audience == f"{ISSUER}/api/mcp"
    assert made.token_endpoint_url == f"{ISSUER}/token"


def test_what_should_not_be_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """A short key, no redirect URIs at all, no consent."""
    caplog.set_level(logging.WARNING)
    proxy(jwt_signing_key="short", allowed_client_redirect_uris=[])
    proxy(require_authorization_consent=False)
    for text in ("less than 12", "is empty", "for development"):
        assert text in caplog.text
    assert "short" not in caplog.text.replace("shorter", "")


async def test_by_default_a_proxy_keeps_everything_in_a_file_at_home(tmp_path: Any) -> None:
    """Two of the same secret share it, one of another does not; making one touches nothing."""
    from fastmcp._oauth.documents import OAuthClientInformationFull

    with settings.temporarily(home=tmp_path):
        one, same, other = proxy(), proxy(), proxy(upstream_client_secret="another secret")
        assert not list(tmp_path.iterdir())
        async with one.lifespan(), same.lifespan(), other.lifespan():
            client = OAuthClientInformationFull(
                client_id="c", redirect_uris=["http://127.0.0.1/callback"]
            )
            await one.register_client(client)
            assert (await same.get_client("c")).client_id == "c"
            assert await other.get_client("c") is None
        assert [*tmp_path.rglob("*.db")]
