"""Clients that are known by the URL of their metadata (Client ID Metadata Documents)."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from fastmcp._fetching.fetcher import Fetcher
from fastmcp._oauth.documents import OAuthClientInformationFull
from fastmcp.exceptions import AuthorizeError

from .oauth.assertions import InvalidAssertion, SeenAssertions, header_of, verified_claims
from .oauth.cimd_document import (
    CIMDDocument,
    CIMDFetchError,
    CIMDValidationError,
    document_of,
)
from .oauth.cimd_fetching import CIMDFetcher
from .oauth.client_keys import ClientKeys
from .oauth.redirects import NOT_REGISTERED, is_loopback, is_registered
from .redirect_validation import validate_redirect_uri

__all__ = [
    "CIMDAssertionValidator",
    "CIMDClient",
    "CIMDClientManager",
    "CIMDDocument",
    "CIMDFetchError",
    "CIMDFetcher",
    "CIMDValidationError",
    "document_of",
]

logger: Final = logging.getLogger("fastmcp.server.auth")


class CIMDClient(OAuthClientInformationFull):
    """A client by its document; its user is sent where that says, if the patterns, None for all,
    say so too.
    """

    cimd_document: CIMDDocument | None = None
    cimd_fetched_at: float | None = None
    allowed_redirect_uri_patterns: list[str] | None = None

    def validate_redirect_uri(self, redirect_uri: Any = None) -> str:
        """Where the user is sent back to.

        Raises:
            AuthorizeError: the document or the patterns do not have it.
        """
        registered = self.redirect_uris or []
        if redirect_uri is None:
            if len(registered) != 1:
                raise AuthorizeError("invalid_request", "redirect_uri is missing")
            redirect_uri = registered[0]
        uri = str(redirect_uri)
        if not is_registered(uri, registered) or not validate_redirect_uri(
            uri, self.allowed_redirect_uri_patterns
        ):
            raise AuthorizeError("invalid_request", NOT_REGISTERED)
        return uri

    @property
    def domain(self) -> str:
        """Whose client it is."""
        return urlsplit(self.client_id).hostname or ""

    @property
    def only_loopback(self) -> bool:
        """Whether any program on the user's machine could say that it is this one."""
        return all(is_loopback(each) for each in self.redirect_uris or ())


class CIMDAssertionValidator:
    """Whether clients that have a key prove it (`private_key_jwt`), each proof being good once.

    `seen` is where used ones are remembered: by default in this process alone.
    """

    MAX_ASSERTION_LIFETIME = 300

    def __init__(
        self, *, fetcher: Fetcher | None = None, seen: SeenAssertions | None = None
    ) -> None:
        self._keys = ClientKeys(fetcher or Fetcher())
        self._seen = seen or SeenAssertions()

    async def validate_assertion(
        self,
        assertion: str,
        client_id: str,
        token_endpoint: str | Sequence[str],
        cimd_doc: CIMDDocument,
    ) -> bool:
        """True for one that the client signed, for this endpoint, or one of these audiences.

        Raises:
            ValueError: it did not.
            AuthorityUnavailable: its keys cannot be fetched.
        """
        audiences = [token_endpoint] if isinstance(token_endpoint, str) else token_endpoint
        header = header_of(assertion)
        keys = self._keys.of(
            cimd_doc.jwks if cimd_doc.jwks_uri is None else None,
            cimd_doc.jwks_uri,
            header.alg,
            header.kid,
        )
        claims = await verified_claims(assertion, header, keys, client_id, audiences)
        if claims["sub"] != client_id:
            raise InvalidAssertion("it speaks of another client")
        await self._seen.use(claims)
        return True


class CIMDClientManager:
    """Finds clients by their URLs, and verifies their proofs.

    Clients that name no scopes have `default_scope`.
    """

    def __init__(
        self,
        enable_cimd: bool = True,
        default_scope: str = "",
        allowed_redirect_uri_patterns: list[str] | None = None,
        *,
        fetcher: Fetcher | None = None,
        seen: SeenAssertions | None = None,
    ) -> None:
        self.enabled = enable_cimd
        self.default_scope = default_scope
        self.allowed_redirect_uri_patterns = allowed_redirect_uri_patterns
        self._fetcher = CIMDFetcher(fetcher=fetcher)
        self._assertion_validator = CIMDAssertionValidator(fetcher=fetcher, seen=seen)

    def is_cimd_client_id(self, client_id: str) -> bool:
        """Whether an id is a URL of https with a path, and such clients are known."""
        return self.enabled and self._fetcher.is_cimd_client_id(client_id)

    async def get_client(self, client_id_url: str) -> CIMDClient | None:
        """The client at a URL; None if there is none."""
        if not self.enabled:
            return None
        try:
            document = await self._fetcher.fetch(client_id_url)
        except (CIMDFetchError, CIMDValidationError) as error:
            logger.warning("The metadata of a client are not taken: %s", error)
            return None
        return CIMDClient(
            client_id=document.client_id,
            client_name=document.client_name,
            client_uri=document.client_uri,
            redirect_uris=list(document.redirect_uris),
            grant_types=list(document.grant_types),
            response_types=list(document.response_types),
            scope=document.scope or self.default_scope or None,
            token_endpoint_auth_method=document.token_endpoint_auth_method,
            cimd_document=document,
            cimd_fetched_at=time.time(),
            allowed_redirect_uri_patterns=self.allowed_redirect_uri_patterns,
        )

    async def validate_private_key_jwt(
        self, assertion: str, client: Any, token_endpoint: str | Sequence[str]
    ) -> bool:
        """True if a client proves by its key who it is.

        Raises:
            ValueError: it does not.
            AuthorityUnavailable: its keys cannot be fetched.
        """
        document: CIMDDocument | None = getattr(client, "cimd_document", None)
        if document is None or document.token_endpoint_auth_method != "private_key_jwt":
            raise InvalidAssertion("its client has not said that it has a key")
        return await self._assertion_validator.validate_assertion(
            assertion, document.client_id, token_endpoint, document
        )

    async def accepts_assertion(
        self, assertion: str, client: Any, audiences: Sequence[str]
    ) -> bool:
        """The same, where it is no error that it does not."""
        try:
            return await self.validate_private_key_jwt(assertion, client, audiences)
        except InvalidAssertion as error:
            logger.warning("An assertion of %s is refused: %s", client.client_id, error)
            return False
