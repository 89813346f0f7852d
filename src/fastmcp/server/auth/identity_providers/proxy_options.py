"""The options that every proxy to a named identity provider takes, beside its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict, cast

from ..provider import scopes_of
from .opaque_tokens import VerifierOptions


class ProxyOptions(TypedDict, total=False):
    """What `OAuthProxy` does with them is written there."""

    resource_base_url: Any
    issuer_url: Any
    service_documentation_url: Any
    redirect_path: str | None
    allowed_client_redirect_uris: list[str] | None
    valid_scopes: list[str] | None
    client_storage: Any
    jwt_signing_key: str | bytes | None
    require_authorization_consent: bool | Literal["remember", "external"]
    consent_csp_policy: str | None
    forward_resource: bool
    fallback_access_token_expiry_seconds: int | None
    fallback_refresh_token_expiry_seconds: int | None
    fastmcp_access_token_expiry_seconds: int | None
    token_expiry_threshold_seconds: int
    extra_authorize_params: dict[str, str] | None
    extra_token_params: dict[str, str] | None
    enable_cimd: bool
    identity_assertion: Any


class OIDCProxyOptions(ProxyOptions, total=False):
    """And what `OIDCProxy` does with these, there."""

    strict: bool | None
    timeout_seconds: float | None


class OpaqueProxyOptions(ProxyOptions, total=False):
    """And what `OpaqueTokenVerifier` does with these, there."""

    required_scopes: list[str] | None
    timeout_seconds: float
    cache_ttl_seconds: float | None
    max_cache_size: int | None
    http_client: Any


_OF_VERIFIER = VerifierOptions.__optional_keys__


def divided(
    options: OpaqueProxyOptions, default_scopes: Iterable[str]
) -> tuple[VerifierOptions, ProxyOptions]:
    """The options of the verifier, and those of the proxy."""
    given = cast("Mapping[str, Any]", options)
    verifying = {name: value for name, value in given.items() if name in _OF_VERIFIER}
    verifying["required_scopes"] = scopes_or(given.get("required_scopes"), default_scopes)
    proxying = {name: value for name, value in given.items() if name not in _OF_VERIFIER}
    return cast("VerifierOptions", verifying), cast("ProxyOptions", proxying)


def scopes_or(given: Any, default: Iterable[str]) -> list[str]:
    """The scopes that were given, none if none were; by default those of the provider."""
    return [*default] if given is None else scopes_of(given, "required_scopes")
