"""A proxy that is told by an OpenID provider where everything is."""

from __future__ import annotations

from typing import Any

import pytest

from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError
from fastmcp.server.auth import TokenVerifier
from fastmcp.server.auth.oidc_proxy import OIDCConfiguration, OIDCProxy
from fastmcp.server.backplane import MemoryBackplane

from .browsing import BASE, flow_of
from .identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider

COMPLETE: dict[str, Any] = {
    "issuer": "https://idp.example.com",
    "authorization_endpoint": "https://idp.example.com/authorize",
    "token_endpoint": "https://idp.example.com/token",
    "jwks_uri": "https://idp.example.com/jwks",
    "response_types_supported": ["code"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
}


def oidc_proxy(idp: IdentityProvider, **options: Any) -> OIDCProxy:
    return OIDCProxy(
        **{
            "config_url": f"{idp.url}/.well-known/openid-configuration",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "base_url": BASE,
            "required_scopes": ["read"],
            "client_storage": MemoryBackplane(),
            **options,
        }
    )


async def test_a_client_is_authorized_by_what_discovery_says() -> None:
    """The endpoints and the keys are found, once, when they are needed first."""
    with identity_provider() as idp:
        proxy = oidc_proxy(idp, audience="api")
        async with flow_of(proxy) as flow:
            assert idp.count["configuration"] == 0
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            assert (await flow.refresh(tokens["refresh_token"])).status_code == 200
            assert idp.count["configuration"] == 1
            asked = next(each for kind, each in idp.asked if kind == "authorize")
            assert asked["audience"] == "api"
            assert all(form["audience"] == "api" for kind, form in idp.asked if kind == "token")


async def test_a_server_starts_without_its_openid_provider() -> None:
    """While it is down users hear so; when it is back they can sign in, without a restart."""
    with identity_provider() as idp:
        idp.fault = "down"
        async with flow_of(oidc_proxy(idp)) as flow:
            sent = await flow.browser.open(flow.url())
            assert "error=temporarily_unavailable" in sent.headers["location"]
            assert (await flow.call("a.b.c")).status_code == 503
            idp.fault = None
            assert "access_token" in await flow.tokens()


async def test_what_the_openid_provider_says_can_be_read() -> None:
    """`oidc_config` asks when it is read first."""
    with identity_provider() as idp:
        proxy = oidc_proxy(idp)
        assert str(proxy.oidc_config.issuer) == idp.url
        assert proxy.oidc_config.token_endpoint == f"{idp.url}/token"
        assert proxy._upstream_revocation_endpoint == f"{idp.url}/revoke"
        assert idp.count["configuration"] == 1


async def test_the_id_token_can_say_who_the_user_is() -> None:
    """Where access tokens are opaque: the tool has the access token, and the scopes granted."""
    with identity_provider() as idp:
        async with flow_of(oidc_proxy(idp, verify_id_token=True)) as flow:
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
            access = await flow.proxy.load_access_token(tokens["access_token"])
            assert access.token == idp.access_tokens[-1]
            assert access.scopes == ["read"]
            assert access.claims["aud"] == CLIENT_ID


async def test_a_token_for_another_audience_is_refused() -> None:
    """What the OpenID provider issued for another API does not open this server."""
    with identity_provider() as idp:
        async with flow_of(oidc_proxy(idp, audience="another-api")) as flow:
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 401


async def test_an_answer_of_another_issuer_is_refused() -> None:
    """The issuer in the callback is compared with that of the configuration (RFC 9207)."""
    with identity_provider() as idp:
        idp.sent_iss = "https://evil.example.com"
        async with flow_of(oidc_proxy(idp)) as flow:
            assert (await flow.browser.open(await flow.returned())).status_code == 403


async def test_a_verifier_of_ones_own_is_asked() -> None:
    """It stands in for the algorithm and the scopes, which cannot be given beside it."""

    class Everybody(TokenVerifier):
        async def verify_token(self, token: str) -> Any:
            from fastmcp.server.auth import AccessToken

            return AccessToken(token=token, client_id="c", scopes=[], claims={"sub": "ann"})

    with identity_provider() as idp:
        options: dict[str, Any] = {"token_verifier": Everybody(), "required_scopes": None}
        async with flow_of(oidc_proxy(idp, **options)) as flow:
            tokens = await flow.tokens()
            assert (await flow.call(tokens["access_token"])).status_code == 200
        for wrong in ({"algorithm": "RS256"}, {"required_scopes": ["read"]}):
            with pytest.raises(ConfigurationError, match="token_verifier"):
                oidc_proxy(idp, **{**options, **wrong})


@pytest.mark.parametrize("missing", COMPLETE)
def test_a_configuration_has_what_the_specification_wants(missing: str) -> None:
    """Unless it is not strict."""
    said = {name: value for name, value in COMPLETE.items() if name != missing}
    with pytest.raises(ConfigurationError, match=missing):
        OIDCConfiguration(**said)
    assert getattr(OIDCConfiguration(**said, strict=False), missing) is None
    with pytest.raises(ValueError, match=missing):
        OIDCConfiguration.model_validate(said)


def test_a_configuration_that_is_none_is_refused() -> None:
    """Neither JSON nor an object, or not there at all: the error names the URL."""
    with identity_provider() as idp:
        for path, error in (("/jwks", ConfigurationError), ("/nothing", AuthorityUnavailable)):
            url = f"{idp.url}{path}"
            with pytest.raises(error, match="configuration"):
                OIDCConfiguration.get_oidc_configuration(url, strict=None, timeout_seconds=5)
        found = OIDCConfiguration.get_oidc_configuration(
            f"{idp.url}/jwks", strict=False, timeout_seconds=5
        )
        assert found.issuer is None


@pytest.mark.parametrize("missing", ["config_url", "client_id", "base_url"])
def test_what_is_needed_is_asked_for(missing: str) -> None:
    """The error names the keyword."""
    with identity_provider() as idp, pytest.raises(ConfigurationError, match=missing):
        oidc_proxy(idp, **{missing: ""})
