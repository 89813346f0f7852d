"""Oracle Cloud Infrastructure: the integrated applications of an IAM domain."""

from __future__ import annotations

from typing import Any, Unpack

from ..identity_providers.proxy_options import OIDCProxyOptions, scopes_or
from ..oidc_proxy import OIDCProxy


class OCIProvider(OIDCProxy):
    """Signs users in by an integrated application; `required_scopes` are `["openid"]` by default.

    `config_url` is where the domain's OpenID configuration is. The token that a user has from there
    opens no other API of Oracle: exchange `get_access_token().token` for one that does.
    """

    def __init__(
        self,
        *,
        config_url: Any,
        client_id: str,
        client_secret: str,
        base_url: Any,
        audience: str | None = None,
        required_scopes: list[str] | None = None,
        **options: Unpack[OIDCProxyOptions],
    ) -> None:
        super().__init__(
            config_url=config_url,
            client_id=client_id,
            client_secret=client_secret,
            audience=audience,
            base_url=base_url,
            required_scopes=scopes_or(required_scopes, ["openid"]),
            **options,
        )

    def _prepare_scopes_for_token_exchange(self, scopes: list[str]) -> list[str]:
        """None: the domain refuses them with a code."""
        return []
