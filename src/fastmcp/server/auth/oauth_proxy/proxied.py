"""What the parts of a proxy ask of it: who it is, and what its subclasses say of their provider."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias

from ..access_token import AccessToken
from ..jwt_issuer import JWTIssuer
from .lifetimes import Lifetimes
from .models import UpstreamTokenSet

Consent: TypeAlias = bool | Literal["remember", "external"]


class Proxied(Protocol):
    """An `OAuthProxy`, as its parts know it."""

    base_url: str | None
    issuer_url: str
    lifetimes: Lifetimes
    _redirect_path: str
    _forward_pkce: bool
    _extra_token_params: dict[str, str]
    _require_authorization_consent: Consent
    _consent_csp_policy: str | None

    @property
    def jwt_issuer(self) -> JWTIssuer: ...

    @property
    def _upstream_token_endpoint(self) -> str: ...

    @property
    def _upstream_issuer(self) -> str | None: ...

    @property
    def _upstream_origin(self) -> str: ...

    @property
    def _upstream_revocation_endpoint(self) -> str | None: ...

    async def get_client(self, client_id: str) -> Any | None: ...

    def redirect_uri_of(self, client: Any, requested: str | None) -> str: ...

    async def _verify_upstream(self, token: str) -> AccessToken | None: ...

    def _create_upstream_oauth_client(self) -> Any: ...

    def _build_upstream_authorize_url(self, txn_id: str, transaction: dict[str, Any]) -> str: ...

    def _prepare_scopes_for_token_exchange(self, scopes: list[str]) -> list[str]: ...

    def _prepare_scopes_for_upstream_refresh(self, scopes: list[str]) -> list[str]: ...

    def _translate_scopes_from_idp(self, scopes: list[str]) -> list[str]: ...

    async def _extract_upstream_claims(
        self, idp_tokens: dict[str, Any]
    ) -> dict[str, Any] | None: ...

    def _get_verification_token(self, upstream_token_set: UpstreamTokenSet) -> str | None: ...

    def _uses_alternate_verification(self) -> bool: ...
