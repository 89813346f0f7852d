"""Identity providers that issue tokens for this server: AuthKit, Auth0, Keycloak, Supabase,
Descope, Scalekit, PropelAuth, and those of which only the tokens are verified: Entra and Cognito.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from fastmcp import FastMCP
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError
from fastmcp.server.auth import AuthProvider, RemoteAuthProvider, TokenVerifier
from fastmcp.server.auth.providers.auth0 import Auth0JWTVerifier, Auth0MCPProvider
from fastmcp.server.auth.providers.aws import AWSCognitoTokenVerifier
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from fastmcp.server.auth.providers.descope import DescopeProvider
from fastmcp.server.auth.providers.jwt import RSAKeyPair
from fastmcp.server.auth.providers.keycloak import KeycloakAuthProvider
from fastmcp.server.auth.providers.propelauth import PropelAuthProvider
from fastmcp.server.auth.providers.scalekit import ScalekitProvider
from fastmcp.server.auth.providers.supabase import SupabaseProvider
from fastmcp.server.auth.providers.workos import AuthKitProvider
from fastmcp.server.dependencies import get_access_token
from fastmcp.testing import asgi_client

from .identity_provider import APP, SECRET, IdentityProvider, Token

US = "https://mcp.example.com"
ENDPOINT = f"{US}/mcp"
PROTECTED = "/.well-known/oauth-protected-resource/mcp"
SERVER = "/.well-known/oauth-authorization-server"


class Case:
    """How a provider is made, and whom its tokens are of and for."""

    def __init__(
        self, make: Callable[..., AuthProvider], issuer: str, audience: str, metadata: str | None
    ) -> None:
        self.make = make
        self.issuer = issuer
        self.audience = audience
        self.metadata = metadata

    def provider(self, base: str, **options: Any) -> AuthProvider:
        return self.make(base, base_url=US, **options)

    def token(self, idp: IdentityProvider, **changes: Any) -> str:
        given = {"issuer": self.issuer.format(base=idp.base), "audience": self.audience, **changes}
        keys = given.pop("keys", idp.keys)
        return keys.create_token("ann", kid="one", **{"scopes": ["openid", "read"], **given})


def authkit(base: str, **options: Any) -> AuthProvider:
    return AuthKitProvider(authkit_domain=base, **options)


def auth0(base: str, **options: Any) -> AuthProvider:
    return Auth0MCPProvider(config_url=f"{base}/.well-known/openid-configuration", **options)


def keycloak(base: str, **options: Any) -> AuthProvider:
    return KeycloakAuthProvider(realm_url=f"{base}/realms/one/", **options)


def supabase(base: str, **options: Any) -> AuthProvider:
    return SupabaseProvider(project_url=base, algorithm="RS256", **options)


def descope(base: str, **options: Any) -> AuthProvider:
    return DescopeProvider(config_url=f"{base}/v1/apps/P1", **options)


def scalekit(base: str, **options: Any) -> AuthProvider:
    return ScalekitProvider(environment_url=f"{base}/", resource_id="res_1", **options)


def propelauth(base: str, **options: Any) -> AuthProvider:
    return PropelAuthProvider(
        auth_url=base,
        introspection_client_id=APP,
        introspection_client_secret=SECRET,
        **options,
    )


JWT_CASES = {
    "authkit": Case(authkit, "{base}", ENDPOINT, SERVER),
    "auth0": Case(auth0, "{base}", ENDPOINT, SERVER),
    "keycloak": Case(keycloak, "{base}/realms/one", ENDPOINT, None),
    "supabase": Case(supabase, "{base}/auth/v1", "authenticated", f"/auth/v1{SERVER}"),
    "descope": Case(descope, "{base}/v1/apps/P1", "P1", f"/v1/apps/P1{SERVER}"),
    "scalekit": Case(scalekit, "{base}", "res_1", f"{SERVER}/resources/res_1"),
}
CASES = {**JWT_CASES, "propelauth": Case(propelauth, "", "", f"{SERVER}/oauth/2.1")}
FORWARDED = [name for name, case in CASES.items() if case.metadata]


def who_server(auth: AuthProvider) -> FastMCP:
    mcp = FastMCP("guarded", auth=auth)

    @mcp.tool
    def who() -> dict[str, Any]:
        token = get_access_token()
        return {"subject": token.subject, "scopes": token.scopes}

    return mcp


async def get(auth: AuthProvider, path: str, **headers: str) -> httpx2.Response:
    """What a server with this provider answers."""
    app = who_server(auth).http_app(host_origin_protection=False)
    async with (
        app.lifespan(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
        ) as http,
    ):
        return await http.get(path, headers=headers)


async def asked(auth: AuthProvider, token: str) -> httpx2.Response:
    """What its endpoint answers to a token."""
    return await get(auth, "/mcp", authorization=f"Bearer {token}")


@pytest.mark.parametrize("name", JWT_CASES)
async def test_a_good_token_says_who_calls(idp: IdentityProvider, name: str) -> None:
    """One that the provider signed for this server."""
    case = JWT_CASES[name]
    async with asgi_client(who_server(case.provider(idp.base)), auth=case.token(idp)) as client:
        told = (await client.call_tool("who", {})).data
    assert told == {"subject": "ann", "scopes": ["openid", "read"]}


async def test_propelauth_is_asked_about_tokens(idp: IdentityProvider) -> None:
    """Which are opaque, and known to be revoked at once."""
    idp.tokens["good"] = Token("read")
    auth = propelauth(idp.base, base_url=US)
    async with asgi_client(who_server(auth), auth="good") as client:
        told = (await client.call_tool("who", {})).data
    assert told == {"subject": "7", "scopes": ["read"]}
    idp.tokens.clear()
    assert (await asked(auth, "good")).status_code == 401


@pytest.mark.parametrize("name", JWT_CASES)
@pytest.mark.parametrize(
    "changes",
    [
        {"audience": "https://other.example.com/mcp"},
        {"audience": None},
        {"issuer": "https://login.example.com"},
        {"expires_in_seconds": -1},
        {"keys": RSAKeyPair.generate()},
    ],
    ids=["other-audience", "no-audience", "other-issuer", "ended", "other-keys"],
)
async def test_a_token_that_is_not_for_us_is_refused(
    idp: IdentityProvider, name: str, changes: dict[str, Any]
) -> None:
    """Or not of the provider, or no longer."""
    case = JWT_CASES[name]
    answer = await asked(case.provider(idp.base), case.token(idp, **changes))
    assert answer.status_code == 401


async def test_propelauth_tokens_may_have_to_be_for_one_server(idp: IdentityProvider) -> None:
    """With `resource`; those that do not say so are refused."""
    idp.tokens["good"] = Token("read")
    assert (await asked(propelauth(idp.base, base_url=US, resource=US), "good")).status_code == 401


@pytest.mark.parametrize("name", CASES)
async def test_scopes_can_be_required(idp: IdentityProvider, name: str) -> None:
    """Who has too few is told which."""
    case = CASES[name]
    idp.tokens["good"] = Token("read")
    token = "good" if name == "propelauth" else case.token(idp)
    answer = await asked(case.provider(idp.base, required_scopes=["admin"]), token)
    assert answer.status_code == 403
    assert 'scope="admin"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("name", CASES)
async def test_keys_that_cannot_be_had_are_no_refusal(idp: IdentityProvider, name: str) -> None:
    """The client may try again with its token."""
    case = CASES[name]
    auth = case.provider(idp.base)
    token = "good" if name == "propelauth" else case.token(idp)
    idp.instead = (500, b"", {})
    assert (await asked(auth, token)).status_code == 503


# Metadata


@pytest.mark.parametrize("name", CASES)
async def test_clients_are_told_where_tokens_come_from(idp: IdentityProvider, name: str) -> None:
    """By the challenge and the metadata of the resource."""
    case = CASES[name]
    auth = case.provider(idp.base, scopes_supported=["read"], resource_name="Ours")
    told = (await get(auth, PROTECTED)).json()
    assert told["resource"] == ENDPOINT
    assert told["scopes_supported"] == ["read"]
    assert told["resource_name"] == "Ours"
    issuer = case.issuer.format(base=idp.base)
    servers = {"scalekit": f"{issuer}/resources/res_1", "propelauth": f"{idp.base}/oauth/2.1"}
    assert told["authorization_servers"] == [servers.get(name, issuer)]
    assert f"{US}{PROTECTED}" in (await asked(auth, "none")).headers["www-authenticate"]


@pytest.mark.parametrize("name", FORWARDED)
async def test_the_metadata_of_the_provider_are_here_as_well(
    idp: IdentityProvider, name: str
) -> None:
    """For clients of the first revision, which look nowhere else; in browsers, too."""
    auth = CASES[name].provider(idp.base)
    answer = await get(auth, SERVER, origin="https://client.example.com")
    assert answer.json() == {"issuer": idp.base, "told_at": CASES[name].metadata}
    assert answer.headers["access-control-allow-origin"] == "*"
    for _ in range(3):
        await get(auth, SERVER)
    assert idp.asked[f"{idp.base.partition('://')[2]}{CASES[name].metadata}"] == 1


@pytest.mark.parametrize("name", FORWARDED)
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>secret of theirs</html>"])
async def test_metadata_that_cannot_be_had_are_said_to_be_so(
    idp: IdentityProvider, name: str, body: bytes
) -> None:
    """And may be had later."""
    auth = CASES[name].provider(idp.base)
    idp.instead = (200, body, {})
    answer = await get(auth, SERVER)
    assert answer.status_code == 503
    assert answer.json()["error"] == "temporarily_unavailable"
    assert "secret of theirs" not in answer.text
    idp.instead = None
    assert (await get(auth, SERVER)).status_code == 200


async def test_keycloak_tells_its_metadata_itself(idp: IdentityProvider) -> None:
    """There is nothing to forward."""
    assert (await get(keycloak(idp.base, base_url=US), SERVER)).status_code == 404


@pytest.mark.parametrize("name", CASES)
async def test_a_verifier_of_ones_own_takes_the_place_of_theirs(
    idp: IdentityProvider, name: str
) -> None:
    """With its own scopes."""

    class Nobody(TokenVerifier):
        async def verify_token(self, token: str) -> None:
            return None

    if name == "propelauth":  # its verifier has options instead
        auth = propelauth(
            idp.base, base_url=US, token_introspection_overrides={"cache_ttl_seconds": 60}
        )
        idp.tokens["good"] = Token("read")
        assert await auth.verify_token("good") == await auth.verify_token("good")
        assert sum(idp.asked.values()) == 1
        return
    verifier = Nobody(required_scopes=["own"])
    auth = CASES[name].provider(idp.base, token_verifier=verifier)
    assert auth.required_scopes == ["own"]
    assert (await asked(auth, CASES[name].token(idp))).status_code == 401


# What one of them does in its own way


async def test_tokens_of_keycloak_may_be_for_others(idp: IdentityProvider) -> None:
    """If that is said so, or they are named."""
    case = JWT_CASES["keycloak"]
    token = case.token(idp, audience="account")
    for options in ({"accept_any_audience": True}, {"audience": ["account"]}):
        found = await case.provider(idp.base, **options).verify_token(token)
        assert found is not None and found.subject == "ann"


async def test_permissions_of_auth0_are_scopes(idp: IdentityProvider) -> None:
    """As tokens of that dialect write them."""
    verifier = Auth0JWTVerifier(jwks_uri=f"{idp.base}/keys", issuer="i", audience="a")
    for permissions, scopes in (
        (["read", "write"], ["read", "write"]),
        ("read", ["read"]),
        (1, []),
    ):
        token = idp.keys.create_token(
            "ann", "i", "a", kid="one", additional_claims={"permissions": permissions}
        )
        found = await verifier.verify_token(token)
        assert found is not None and found.scopes == scopes


def test_auth0_has_to_be_there_for_its_configuration(idp: IdentityProvider) -> None:
    """What it says has to be one."""
    with pytest.raises(AuthorityUnavailable):
        auth0("http://127.0.0.1:1", base_url=US)
    idp.instead = (200, b"[]", {})
    with pytest.raises(ConfigurationError, match="config_url"):
        auth0(idp.base, base_url=US)


@pytest.mark.parametrize(
    ("issuer", "known"),
    [
        ("/v1/apps/P1", True),
        ("/v1/apps/P1/T1", True),
        ("/v1/apps/agentic/P1/M1", True),
        ("/v1/apps/P1/", False),
        ("/v1/apps/agentic/P1", False),
        ("/v1/apps/agentic/P1/M1/more", False),
        ("/v1/apps/P2", False),
        ("/v1/apps/P2/P1", False),
    ],
)
@pytest.mark.parametrize("config", ["/v1/apps/P1", "/v1/apps/agentic/P1/M1"])
async def test_every_issuer_of_a_descope_project_is_known(
    idp: IdentityProvider, config: str, issuer: str, known: bool
) -> None:
    """Whichever of them the provider was told of."""
    auth = DescopeProvider(
        config_url=f"{idp.base}{config}/.well-known/openid-configuration", base_url=US
    )
    token = JWT_CASES["descope"].token(idp, issuer=f"{idp.base}{issuer}")
    assert (await auth.verify_token(token) is not None) is known


async def test_descope_tells_which_scopes_there_are(idp: IdentityProvider) -> None:
    """Where the server does not; where it cannot be asked, clients do without."""
    auth = DescopeProvider(project_id="P1", descope_base_url=idp.base, base_url=US)
    idp.instead = (500, b"", {})
    answer = await get(auth, PROTECTED)
    assert answer.status_code == 200
    assert "scopes_supported" not in answer.json()
    assert answer.headers["cache-control"] == "no-store"
    idp.instead = None
    assert (await get(auth, PROTECTED)).json()["scopes_supported"] == ["openid", "mail.read"]
    told = DescopeProvider(
        project_id="P1", descope_base_url=idp.base, base_url=US, required_scopes=["read"]
    )
    assert (await get(told, PROTECTED)).json()["scopes_supported"] == ["read"]


async def test_descope_metadata_of_the_project_do_for_those_of_a_server(
    idp: IdentityProvider,
) -> None:
    """Where that has none of its own."""
    auth = DescopeProvider(config_url=f"{idp.base}/v1/apps/agentic/P1/M1", base_url=US)
    idp.missing.add(f"/v1/apps/agentic/P1/M1{SERVER}")
    assert (await get(auth, SERVER)).json()["told_at"] == f"/v1/apps/P1{SERVER}"


@pytest.mark.parametrize(
    "options", [{}, {"project_id": "P1"}, {"config_url": "https://api.descope.com/v1"}]
)
def test_descope_needs_a_project(options: dict[str, Any]) -> None:
    """The keywords are named."""
    with pytest.raises(ConfigurationError, match="config_url"):
        DescopeProvider(base_url=US, **options)


async def test_scalekit_has_two_issuers(idp: IdentityProvider) -> None:
    """An environment writes one or the other. Older names of keywords do."""
    auth = ScalekitProvider(
        environment_url=idp.base, resource_id="res_1", mcp_url=US, client_id="unused"
    )
    assert auth.base_url == US
    for path in ("", "/resources/res_1"):
        token = JWT_CASES["scalekit"].token(idp, issuer=f"{idp.base}{path}")
        assert await auth.verify_token(token) is not None
    with pytest.raises(ConfigurationError, match="base_url"):
        ScalekitProvider(environment_url=idp.base, resource_id="res_1")


# Entra

TENANT = "11111111-2222-3333-4444-555555555555"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


@pytest.mark.parametrize(
    ("tenant", "of", "known"),
    [
        (TENANT, TENANT, True),
        (TENANT, PERSONAL, False),
        ("organizations", TENANT, True),
        ("organizations", PERSONAL, False),
        ("consumers", PERSONAL, True),
        ("consumers", TENANT, False),
        ("common", TENANT, True),
        ("common", PERSONAL, True),
        ("common", "not-a-tenant", False),
        ("common", f"{TENANT}/v2.0/{TENANT}", False),
    ],
)
async def test_tokens_of_entra_are_of_the_tenant(
    idp: IdentityProvider, tenant: str, of: str, known: bool
) -> None:
    """Or of any that the name stands for."""
    async with idp.client() as http:
        verifier = AzureJWTVerifier(client_id=APP, tenant_id=tenant, http_client=http)
        token = idp.keys.create_token(
            "ann",
            f"https://login.microsoftonline.com/{of}/v2.0",
            APP,
            kid="one",
            additional_claims={"scp": "read write"},
        )
        found = await verifier.verify_token(token)
    assert (found is not None) is known
    assert found is None or found.scopes == ["read", "write"]
    assert set(idp.asked) == {f"login.microsoftonline.com/{tenant}/discovery/v2.0/keys"}


@pytest.mark.parametrize(
    ("audience", "known"), [(APP, True), (f"api://{APP}", True), ("other-app", False)]
)
async def test_tokens_of_entra_are_for_the_app(
    idp: IdentityProvider, audience: str, known: bool
) -> None:
    """By its id, or the URI of its API. Other clouds have other hosts."""
    async with idp.client() as http:
        verifier = AzureJWTVerifier(
            client_id=APP,
            tenant_id=TENANT,
            base_authority="login.microsoftonline.us",
            http_client=http,
        )
        issuer = f"https://login.microsoftonline.us/{TENANT}/v2.0"
        token = idp.keys.create_token("ann", issuer, audience, kid="one")
        assert (await verifier.verify_token(token) is not None) is known


async def test_clients_of_entra_ask_for_scopes_by_their_full_names() -> None:
    """Tokens have the short ones."""
    verifier = AzureJWTVerifier(
        client_id=APP, tenant_id=TENANT, required_scopes=["read", "api://x/y", "openid"]
    )
    full = [f"api://{APP}/read", "api://x/y", "openid"]
    assert verifier.required_scopes == ["read", "api://x/y", "openid"]
    assert verifier.scopes_supported == full
    assert verifier.get_challenge_scopes(["write"]) == [f"api://{APP}/write"]
    auth = RemoteAuthProvider(verifier, ["https://login.microsoftonline.com/t/v2.0"], US)
    assert (await get(auth, PROTECTED)).json()["scopes_supported"] == full
    challenge = (await get(auth, "/mcp")).headers["www-authenticate"]
    assert f'scope="{" ".join(full)}"' in challenge


# Cognito


async def test_tokens_of_cognito_are_for_an_app_client(idp: IdentityProvider) -> None:
    """They say so in another claim; of the others only those of the user are kept."""
    keys = {"jwks_uri": f"{idp.base}/keys", "issuer": "pool"}
    claims = {"client_id": APP, "username": "ann", "token_use": "access", "scope": "openid"}
    good = idp.keys.create_token("7", "pool", kid="one", additional_claims=claims)
    other = idp.keys.create_token(
        "7", "pool", kid="one", additional_claims={**claims, "client_id": "other"}
    )
    for audience in (APP, ["another", APP]):
        verifier = AWSCognitoTokenVerifier(audience=audience, **keys)
        found = await verifier.verify_token(good)
        assert found is not None
        assert found.claims == {"sub": "7", "username": "ann", "cognito:groups": []}
        assert (found.client_id, found.scopes) == (APP, ["openid"])
        assert await verifier.verify_token(other) is None
    any_client = AWSCognitoTokenVerifier(accept_any_audience=True, **keys)
    assert await any_client.verify_token(other) is not None
    with pytest.raises(ConfigurationError, match="audience="):
        AWSCognitoTokenVerifier(**keys)
