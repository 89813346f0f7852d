"""WorkOS: the applications of Connect, and AuthKit, with which clients register by themselves."""

from __future__ import annotations

from typing import Any, Unpack

from ..access_token import AccessToken
from ..identity_providers.forwarded_metadata import ForwardingAuthProvider
from ..identity_providers.opaque_tokens import (
    OpaqueTokenVerifier,
    VerifierOptions,
    claims_of,
    granted_scopes,
    text_of,
)
from ..identity_providers.proxy_options import OpaqueProxyOptions, divided
from ..identity_providers.resource_options import ResourceOptions
from ..oauth_proxy import OAuthProxy
from ..provider import AuthProvider
from .jwt import JWTVerifier


class WorkOSTokenVerifier(OpaqueTokenVerifier):
    """Asks AuthKit whose token it is.

    Which application a token was issued to is not told: those of every one at this domain are
    valid. `WorkOSProvider` has tokens of its own application only.
    """

    provider_name = "WorkOS"

    def __init__(self, *, authkit_domain: Any, **options: Unpack[VerifierOptions]) -> None:
        super().__init__(**options)
        self.authkit_domain: str = _url(authkit_domain)

    async def look_up(self, token: str) -> AccessToken | None:
        answer = await self.authority.ask(f"{self.authkit_domain}/oauth2/userinfo", token)
        if answer is None:
            return None
        user = answer.document
        subject = text_of(user.get("sub"))
        if subject is None:
            raise self.authority.silent("did not say whose token it is")
        return AccessToken(
            token=token,
            client_id=subject,
            scopes=granted_scopes(user.get("scope") or user.get("scopes")),
            subject=subject,
            claims={
                "sub": subject,
                **claims_of(user, "email", "email_verified", "name", "given_name", "family_name"),
            },
        )


class WorkOSProvider(OAuthProxy):
    """Signs users in by an application of WorkOS Connect, at the AuthKit domain of its
    environment. No scopes are required by default.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        authkit_domain: Any,
        base_url: Any,
        **options: Unpack[OpaqueProxyOptions],
    ) -> None:
        verifying, proxying = divided(options, [])
        domain = _url(authkit_domain)
        super().__init__(
            upstream_authorization_endpoint=f"{domain}/oauth2/authorize",
            upstream_token_endpoint=f"{domain}/oauth2/token",
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=WorkOSTokenVerifier(authkit_domain=domain, **verifying),
            base_url=base_url,
            **proxying,
        )

    def _uses_alternate_verification(self) -> bool:
        """Which scopes were granted is in the answer that had the token."""
        return True


class AuthKitProvider(ForwardingAuthProvider):
    """Takes the tokens that AuthKit issues for this server.

    Dynamic client registration has to be enabled in WorkOS, and the URL of the MCP endpoint has to
    be one of its resource indicators: it is the audience of the tokens.
    """

    def __init__(
        self,
        *,
        authkit_domain: Any,
        base_url: Any,
        required_scopes: list[str] | None = None,
        token_verifier: AuthProvider | None = None,
        **options: Unpack[ResourceOptions],
    ) -> None:
        self.authkit_domain: str = _url(authkit_domain)
        super().__init__(
            token_verifier
            or JWTVerifier(
                jwks_uri=f"{self.authkit_domain}/oauth2/jwks",
                issuer=self.authkit_domain,
                algorithm="RS256",
                required_scopes=required_scopes,
            ),
            name="AuthKit",
            metadata_urls=[f"{self.authkit_domain}/.well-known/oauth-authorization-server"],
            authorization_servers=[self.authkit_domain],
            base_url=base_url,
            **options,
        )


def _url(domain: Any) -> str:
    text = str(domain).rstrip("/")
    return text if text.startswith(("http://", "https://")) else f"https://{text}"
