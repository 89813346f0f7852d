"""ProxyKeys: what a proxy signs and encrypts with, all of it made of one secret."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any, Final

from fastmcp.exceptions import ConfigurationError

from ..jwt.key_pair import Secret
from ..jwt_issuer import derive_jwt_key
from ..storage.keys import derived_key

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

_SALT = "fastmcp-jwt-signing-key"
_SHORT = 12


class ProxyKeys:
    """Made of a signing key: a passphrase, or bytes that are taken as they are; or else of the
    secret that the server has upstream.

    Raises:
        ConfigurationError: there is neither.
    """

    def __init__(self, signing_key: Any, client_secret: Secret | None) -> None:
        if signing_key is None and client_secret is None:
            raise ConfigurationError(
                "jwt_signing_key is required where there is no client secret: a text that nobody "
                "can guess, and that stays the same"
            )
        if signing_key is not None and (
            not isinstance(signing_key, (str, bytes)) or not signing_key
        ):
            what = type(signing_key).__name__ if signing_key else "an empty one"
            raise ConfigurationError(f"jwt_signing_key= takes a text or bytes, not {what}")
        if signing_key is not None and len(signing_key) < _SHORT:
            logger.warning("jwt_signing_key has less than %d characters: make it longer", _SHORT)
        self._given: str | bytes | None = signing_key
        self._secret = client_secret

    @cached_property
    def signing(self) -> bytes:
        """The key of tokens. Stretching a passphrase takes a moment."""
        if isinstance(self._given, bytes):
            return self._given
        if self._given is not None:
            return derive_jwt_key(low_entropy_material=self._given, salt=_SALT)
        assert self._secret is not None
        secret = self._secret.get_secret_value()
        return derive_jwt_key(high_entropy_material=secret, salt=_SALT)

    @cached_property
    def storage(self) -> str:
        """The key of what is kept."""
        return derived_key(self.signing, "fastmcp oauth storage")

    @cached_property
    def cookies(self) -> bytes:
        """The key of cookies."""
        return derived_key(self.signing, "fastmcp oauth cookies").encode()


def hidden(secret: Any) -> Secret | None:
    """A text that may be hidden already; None for none."""
    reveal = getattr(secret, "get_secret_value", None)
    text = secret if reveal is None else reveal()
    return Secret(str(text)) if text else None
