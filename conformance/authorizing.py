"""How the client of the conformance suite is authorized: nobody sits there to sign in."""

from __future__ import annotations

from typing import Any

import httpx2

from fastmcp.client.auth import (
    AuthorizationCodeResult,
    ClientCredentialsOAuthProvider,
    IdentityAssertionOAuthProvider,
    IdentityProvider,
    OAuth,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)

DOCUMENT = "https://conformance-test.local/client-metadata.json"


class Unattended(OAuth):
    """Signs in as a browser would whose user agrees at once."""

    async def redirect_handler(self, authorization_url: str) -> None:
        """Ask for the page; the answer is the redirect back."""
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(authorization_url, follow_redirects=False)
        self.came_back = httpx2.URL(answer.headers["location"]).params

    async def callback_handler(self) -> AuthorizationCodeResult:
        """What the redirect brings."""
        found = self.came_back
        return AuthorizationCodeResult(found["code"], found.get("state"), found.get("iss"))


def auth_of(name: str, context: dict[str, Any]) -> Any:
    """What the scenario of that name asks for."""
    if not name.startswith("auth/"):
        return None
    if name == "auth/client-credentials-basic":
        return ClientCredentialsOAuthProvider(
            client_id=context["client_id"], client_secret=context["client_secret"]
        )
    if name == "auth/client-credentials-jwt":
        return PrivateKeyJWTOAuthProvider(
            client_id=context["client_id"],
            assertion_provider=SignedJWTParameters(
                issuer=context["client_id"],
                subject=context["client_id"],
                signing_key=context["private_key_pem"],
                signing_algorithm=context.get("signing_algorithm", "ES256"),
            ).create_assertion_provider(),
        )
    if name in ("auth/cross-app-access-complete-flow", "auth/enterprise-managed-authorization"):
        return _of_enterprise(context)
    if name == "auth/wif-jwt-bearer":
        return _of_workload(context)
    return Unattended(
        client_metadata_url=DOCUMENT,
        client_id=context.get("client_id"),
        client_secret=context.get("client_secret"),
        issuer=context.get("issuer"),
        dpop=name.startswith("auth/dpop"),
    )


def _of_enterprise(context: dict[str, Any]) -> Any:
    return IdentityAssertionOAuthProvider(
        client_id=context["client_id"],
        client_secret=context["client_secret"],
        token_endpoint_auth_method="client_secret_basic",
        assertion_provider=IdentityProvider(
            token_endpoint=context["idp_token_endpoint"],
            client_id=context["idp_client_id"],
            subject_token=context["idp_id_token"],
        ),
    )


def _of_workload(context: dict[str, Any]) -> Any:
    async def given(audience: str, resource: str) -> str:
        return context["valid_jwt"]

    return IdentityAssertionOAuthProvider(client_id=context["client_id"], assertion_provider=given)
