"""AWS Cognito: the app clients of a user pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from fastmcp.exceptions import ConfigurationError

from ..access_token import AccessToken
from ..identity_providers.proxy_options import OIDCProxyOptions, scopes_or
from ..oidc_proxy import OIDCProxy
from ..provider import TokenVerifier
from .jwt import JWTVerifier


class AWSCognitoTokenVerifier(JWTVerifier):
    """Verifies access tokens of a user pool, which say in `client_id` whom they are for: it has to
    be one of `audience`. The other options are those of `JWTVerifier`.

    With `accept_any_audience` those of every app client of the pool are valid.
    """

    def __init__(
        self,
        *,
        audience: str | Sequence[str] | None = None,
        accept_any_audience: bool = False,
        **options: Any,
    ) -> None:
        if not audience and not accept_any_audience:
            raise ConfigurationError(
                "AWSCognitoTokenVerifier() needs audience=, the id of the app client that tokens "
                "have to be issued to; with accept_any_audience=True every one of the pool will do"
            )
        super().__init__(accept_any_audience=True, **options)
        self._clients = [audience] if isinstance(audience, str) else audience

    async def verify_token(self, token: str) -> AccessToken | None:
        found = await super().verify_token(token)
        if found is None or not self._is_for_us(found.claims):
            return None
        return found.model_copy(
            update={
                "claims": {
                    "sub": found.claims.get("sub"),
                    "username": found.claims.get("username"),
                    "cognito:groups": found.claims.get("cognito:groups", []),
                }
            }
        )

    def _is_for_us(self, claims: dict[str, Any]) -> bool:
        return not self._clients or claims.get("client_id") in self._clients


class AWSCognitoProvider(OIDCProxy):
    """Signs users in by an app client of a user pool; `required_scopes` are `["openid"]` by
    default.
    """

    def __init__(
        self,
        *,
        user_pool_id: str,
        client_id: str,
        client_secret: str,
        base_url: Any,
        aws_region: str = "eu-central-1",
        required_scopes: list[str] | None = None,
        **options: Unpack[OIDCProxyOptions],
    ) -> None:
        self.user_pool_id = user_pool_id
        self.aws_region = aws_region
        self.client_id = client_id
        super().__init__(
            config_url=(
                f"https://cognito-idp.{aws_region}.amazonaws.com/{user_pool_id}"
                "/.well-known/openid-configuration"
            ),
            client_id=client_id,
            client_secret=client_secret,
            algorithm="RS256",
            base_url=base_url,
            required_scopes=scopes_or(required_scopes, ["openid"]),
            **options,
        )

    def get_token_verifier(
        self,
        *,
        algorithm: str | None = None,
        audience: str | None = None,
        required_scopes: list[str] | None = None,
        timeout_seconds: float | None = None,
    ) -> TokenVerifier:
        """What verifies the tokens of the app client."""
        if self._verify_id_token:
            return super().get_token_verifier(
                algorithm=algorithm,
                audience=audience,
                required_scopes=required_scopes,
                timeout_seconds=timeout_seconds,
            )
        return AWSCognitoTokenVerifier(
            issuer=str(self.oidc_config.issuer),
            jwks_uri=str(self.oidc_config.jwks_uri),
            audience=audience or self.client_id,
            algorithm=algorithm,
            required_scopes=required_scopes,
        )
