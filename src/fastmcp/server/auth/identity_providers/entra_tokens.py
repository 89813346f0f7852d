"""The tokens of Microsoft Entra: which issuers a tenant's name stands for, and what its scopes are
called where.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ..providers.jwt import JWTVerifier

OIDC_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes that belong to no API."""

# Names of a tenant that stand for many.
MANY_TENANTS = frozenset({"organizations", "consumers", "common"})
# The tenant of personal accounts.
_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
_GUID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"


def full_scopes(scopes: Iterable[str], identifier_uri: str) -> list[str]:
    """Scopes as a client asks for them; tokens name those of their own API without its URI."""
    return [
        scope if scope in OIDC_SCOPES or "/" in scope else f"{identifier_uri}/{scope}"
        for scope in scopes
    ]


class EntraVerifier(JWTVerifier):
    """Verifies the tokens (of version 2.0) that a tenant issues for an app's API.

    For a name of many tenants each of them is an issuer.
    """

    def __init__(
        self,
        *,
        client_id: str,
        tenant_id: str,
        identifier_uri: str | None,
        base_authority: str,
        required_scopes: Iterable[str] | str | None,
        token_issuer: str | None = None,
        http_client: Any = None,
    ) -> None:
        self.identifier_uri: str = identifier_uri or f"api://{client_id}"
        self._tenant = tenant_id
        base = f"https://{base_authority}"
        many = tenant_id in MANY_TENANTS and token_issuer is None
        self._issuers = re.compile(re.escape(base) + f"/{_GUID}/v2\\.0") if many else None
        super().__init__(
            jwks_uri=f"{base}/{tenant_id}/discovery/v2.0/keys",
            issuer=token_issuer or f"{base}/{'{tenantid}' if many else tenant_id}/v2.0",
            audience=[client_id, self.identifier_uri],
            algorithm="RS256",
            required_scopes=required_scopes,
            http_client=http_client,
        )

    def _validate_issuer(self, issuer: Any) -> bool:
        if self._issuers is None:
            return super()._validate_issuer(issuer)
        found = self._issuers.fullmatch(issuer) if isinstance(issuer, str) else None
        if found is None or self._tenant == "common":
            return found is not None
        return (found[1] == _CONSUMERS) == (self._tenant == "consumers")
