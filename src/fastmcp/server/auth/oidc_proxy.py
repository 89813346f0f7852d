"""OIDCProxy: an OAuthProxy in front of an OpenID provider, which says where everything is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Self

from fastmcp._oauth.documents import Document
from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError

from .access_token import AccessToken
from .oauth_proxy.endpoints import Endpoints
from .oauth_proxy.models import UpstreamTokenSet
from .oauth_proxy.proxied import Consent
from .oauth_proxy.proxy import OAuthProxy
from .oauth_proxy.upstream import MAX_BYTES
from .provider import TokenVerifier, scopes_of
from .single_flight import SingleFlight

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

DEFAULT_OIDC_DISCOVERY_TIMEOUT_SECONDS = 10
_NEEDED = ("response_types_supported", "subject_types_supported")
_NEEDED_URLS = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class OIDCConfiguration(Document):
    """What an OpenID provider says of itself (OpenID Connect Discovery, RFC 8414).

    Raises:
        ConfigurationError: it is `strict`, and something is missing that has to be there.
    """

    strict: bool = True
    issuer: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    jwks_uri: str | None = None
    registration_endpoint: str | None = None
    revocation_endpoint: str | None = None
    introspection_endpoint: str | None = None
    scopes_supported: list[str] | None = None
    response_types_supported: list[str] | None = None
    response_modes_supported: list[str] | None = None
    grant_types_supported: list[str] | None = None
    acr_values_supported: list[str] | None = None
    subject_types_supported: list[str] | None = None
    id_token_signing_alg_values_supported: list[str] | None = None
    id_token_encryption_alg_values_supported: list[str] | None = None
    id_token_encryption_enc_values_supported: list[str] | None = None
    userinfo_signing_alg_values_supported: list[str] | None = None
    userinfo_encryption_alg_values_supported: list[str] | None = None
    userinfo_encryption_enc_values_supported: list[str] | None = None
    request_object_signing_alg_values_supported: list[str] | None = None
    request_object_encryption_alg_values_supported: list[str] | None = None
    request_object_encryption_enc_values_supported: list[str] | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    token_endpoint_auth_signing_alg_values_supported: list[str] | None = None
    revocation_endpoint_auth_methods_supported: list[str] | None = None
    revocation_endpoint_auth_signing_alg_values_supported: list[str] | None = None
    introspection_endpoint_auth_methods_supported: list[str] | None = None
    introspection_endpoint_auth_signing_alg_values_supported: list[str] | None = None
    code_challenge_methods_supported: list[str] | None = None
    display_values_supported: list[str] | None = None
    claim_types_supported: list[str] | None = None
    claims_supported: list[str] | None = None
    claims_locales_supported: list[str] | None = None
    ui_locales_supported: list[str] | None = None
    claims_parameter_supported: bool | None = None
    request_parameter_supported: bool | None = None
    request_uri_parameter_supported: bool | None = None
    require_request_uri_registration: bool | None = None
    service_documentation: str | None = None
    op_policy_uri: str | None = None
    op_tos_uri: str | None = None
    signed_metadata: str | None = None
    authorization_response_iss_parameter_supported: bool | None = None

    def __post_init__(self) -> None:
        for name in _NEEDED_URLS:
            if (url := getattr(self, name)) is not None:
                setattr(self, name, str(url))
        if not self.strict:
            return
        for name in (*_NEEDED_URLS, *_NEEDED, "id_token_signing_alg_values_supported"):
            if not getattr(self, name):
                raise ConfigurationError(f"Missing required configuration metadata: {name}")
        for name in _NEEDED_URLS:
            if not str(getattr(self, name)).startswith(("http://", "https://")):
                raise ConfigurationError(f"Invalid URL for configuration metadata: {name}")

    @classmethod
    def get_oidc_configuration(
        cls, config_url: Any, *, strict: bool | None, timeout_seconds: float | None
    ) -> Self:
        """What the document at a URL says; the calling thread waits for it.

        Raises:
            AuthorityUnavailable: it cannot be had now.
            ConfigurationError: it is none, or not complete.
        """
        from msgspec import DecodeError, ValidationError, convert, json

        body = _fetched(str(config_url), timeout_seconds)
        try:
            said: dict[str, Any] = json.decode(body, type=dict[str, Any])
            return convert({**said, "strict": strict is None or strict}, cls)
        except ConfigurationError:
            raise
        except (DecodeError, ValidationError, RecursionError) as error:
            if isinstance(error.__cause__, ConfigurationError):
                raise error.__cause__ from None
            raise ConfigurationError(
                f"config_url={str(config_url)!r}: there is no OpenID configuration"
            ) from error


def _fetched(url: str, timeout: float | None) -> bytes:
    """A document that whoever runs the server trusts."""
    import httpx2

    body = b""
    try:
        with httpx2.stream(
            "GET", url, timeout=timeout or DEFAULT_OIDC_DISCOVERY_TIMEOUT_SECONDS
        ) as response:
            response.raise_for_status()
            for part in response.iter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise ConfigurationError(f"config_url={url!r}: the document is too large")
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise AuthorityUnavailable(
            f"The OpenID configuration {url} cannot be had: {error}"
        ) from error
    return body


class OIDCProxy(OAuthProxy):
    """An `OAuthProxy` whose endpoints, and the keys of its tokens, an OpenID provider tells at
    `config_url`. It is asked when they are needed first, or `oidc_config` is read; so it need not
    be there when the server starts.

    `audience` is what its access tokens are for, and `verify_id_token` has the ID token say who
    the user is, where access tokens are opaque. A `token_verifier` of one's own is in place of
    `algorithm` and `required_scopes`. The other options are those of `OAuthProxy`.

    Raises:
        ConfigurationError: an option that cannot be, or neither a secret nor a signing key.
    """

    def __init__(
        self,
        *,
        config_url: Any,
        strict: bool | None = None,
        client_id: str,
        client_secret: Any = None,
        audience: str | None = None,
        timeout_seconds: float | None = DEFAULT_OIDC_DISCOVERY_TIMEOUT_SECONDS,
        token_verifier: TokenVerifier | None = None,
        algorithm: str | None = None,
        required_scopes: list[str] | None = None,
        verify_id_token: bool = False,
        base_url: Any,
        resource_base_url: Any = None,
        issuer_url: Any = None,
        redirect_path: str | None = None,
        allowed_client_redirect_uris: list[str] | None = None,
        valid_scopes: list[str] | None = None,
        client_storage: Any = None,
        jwt_signing_key: str | bytes | None = None,
        token_endpoint_auth_method: str | None = None,
        require_authorization_consent: Consent = True,
        consent_csp_policy: str | None = None,
        forward_resource: bool = True,
        extra_authorize_params: dict[str, str] | None = None,
        extra_token_params: dict[str, str] | None = None,
        service_documentation_url: Any = None,
        fallback_access_token_expiry_seconds: int | None = None,
        fallback_refresh_token_expiry_seconds: int | None = None,
        fastmcp_access_token_expiry_seconds: int | None = None,
        token_expiry_threshold_seconds: int = 0,
        enable_cimd: bool = True,
        identity_assertion: Any = None,
    ) -> None:
        _check_given(config_url=config_url, client_id=client_id, base_url=base_url)
        if token_verifier is not None:
            _check_absent(algorithm=algorithm, required_scopes=required_scopes)
        self._config_url = str(config_url)
        self._strict = strict
        self._timeout = timeout_seconds
        self._oidc_config: OIDCConfiguration | None = None
        self._discovering: SingleFlight[OIDCConfiguration] = SingleFlight()
        self._verify_id_token = verify_id_token
        for_audience = {} if audience is None else {"audience": audience}
        # An ID token is for the client, and has no scopes (OpenID Connect Core, section 2).
        verifier = token_verifier or DiscoveredVerifier(
            required_scopes,
            lambda: self.get_token_verifier(
                algorithm=algorithm,
                audience=client_id if verify_id_token else audience,
                required_scopes=None if verify_id_token else required_scopes,
                timeout_seconds=timeout_seconds,
            ),
        )
        super().__init__(
            upstream_authorization_endpoint=self._config_url,
            upstream_token_endpoint=self._config_url,
            upstream_client_id=client_id,
            upstream_client_secret=client_secret,
            token_verifier=verifier,
            base_url=base_url,
            resource_base_url=resource_base_url,
            issuer_url=issuer_url,
            service_documentation_url=service_documentation_url,
            redirect_path=redirect_path,
            allowed_client_redirect_uris=allowed_client_redirect_uris,
            valid_scopes=valid_scopes,
            client_storage=client_storage,
            jwt_signing_key=jwt_signing_key,
            token_endpoint_auth_method=token_endpoint_auth_method,
            require_authorization_consent=require_authorization_consent,
            consent_csp_policy=consent_csp_policy,
            forward_resource=forward_resource,
            extra_authorize_params={**for_audience, **(extra_authorize_params or {})},
            extra_token_params={**for_audience, **(extra_token_params or {})},
            fallback_access_token_expiry_seconds=fallback_access_token_expiry_seconds,
            fallback_refresh_token_expiry_seconds=fallback_refresh_token_expiry_seconds,
            fastmcp_access_token_expiry_seconds=fastmcp_access_token_expiry_seconds,
            token_expiry_threshold_seconds=token_expiry_threshold_seconds,
            enable_cimd=enable_cimd,
            identity_assertion=identity_assertion,
        )

    # Discovery

    @property
    def oidc_config(self) -> OIDCConfiguration:
        """What the OpenID provider says of itself; the first time, the calling thread waits for it.

        Raises:
            AuthorityUnavailable: it cannot be had now.
            ConfigurationError: it is none, or not complete.
        """
        if self._oidc_config is None:
            self._oidc_config = self._discovered()
        return self._oidc_config

    def get_oidc_configuration(
        self, config_url: Any, strict: bool | None, timeout_seconds: float | None
    ) -> OIDCConfiguration:
        """What the document at a URL says."""
        return OIDCConfiguration.get_oidc_configuration(
            config_url, strict=strict, timeout_seconds=timeout_seconds
        )

    def get_token_verifier(
        self,
        *,
        algorithm: str | None = None,
        audience: str | None = None,
        required_scopes: list[str] | None = None,
        timeout_seconds: float | None = None,
    ) -> TokenVerifier:
        """What verifies the OpenID provider's tokens, once `oidc_config` is known."""
        from .providers.jwt import JWTVerifier

        return JWTVerifier(
            jwks_uri=str(self.oidc_config.jwks_uri),
            issuer=str(self.oidc_config.issuer),
            algorithm=algorithm,
            audience=audience,
            # Its tokens come from the OpenID provider itself, as those of this server's client.
            accept_any_audience=audience is None,
            required_scopes=required_scopes,
            token_kind="id" if self._verify_id_token else "access",
        )

    def _discovered(self) -> OIDCConfiguration:
        found = self.get_oidc_configuration(self._config_url, self._strict, self._timeout)
        if not found.authorization_endpoint or not found.token_endpoint:
            raise ConfigurationError(
                f"config_url={self._config_url!r}: no endpoints are named there"
            )
        return found

    async def _prepare(self) -> None:
        if self._oidc_config is not None:
            return
        try:
            self._oidc_config = await self._discovering.join(
                "", lambda: run_in_thread(self._discovered)
            )
        except ConfigurationError as error:
            raise AuthorityUnavailable(str(error)) from error

    @property
    def _endpoints(self) -> Endpoints:
        found = self.oidc_config
        return Endpoints(
            str(found.authorization_endpoint),
            str(found.token_endpoint),
            found.revocation_endpoint,
            found.issuer,
        )

    # Which token says who the user is

    def _get_verification_token(self, upstream_token_set: UpstreamTokenSet) -> str | None:
        if not self._verify_id_token:
            return upstream_token_set.access_token
        found = upstream_token_set.raw_token_data.get("id_token")
        if not isinstance(found, str):
            logger.warning("The OpenID provider sent no ID token, which verify_id_token needs")
            return None
        return found

    def _uses_alternate_verification(self) -> bool:
        return self._verify_id_token


class DiscoveredVerifier(TokenVerifier):
    """Made when it has something to verify; by then its provider is known."""

    def __init__(
        self, required_scopes: list[str] | None, make: Callable[[], TokenVerifier]
    ) -> None:
        super().__init__(required_scopes=scopes_of(required_scopes, "required_scopes"))
        self._make = make
        self._made: TokenVerifier | None = None

    async def verify_token(self, token: str) -> AccessToken | None:
        if self._made is None:
            self._made = self._make()
        return await self._made.verify_token(token)


def _check_given(**given: Any) -> None:
    for keyword, value in given.items():
        if not value:
            raise ConfigurationError(f"{keyword}= is needed")


def _check_absent(**given: Any) -> None:
    for keyword, value in given.items():
        if value is not None:
            raise ConfigurationError(f"{keyword}= is for the verifier: give it to token_verifier=")
