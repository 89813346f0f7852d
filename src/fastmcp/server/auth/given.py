"""From what `FastMCP(auth=...)` is given to a provider."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from fastmcp._runtime.threads import run_in_thread
from fastmcp.exceptions import ConfigurationError

from .access_token import AccessToken
from .provider import AuthProvider, TokenVerifier, scopes_of

_CHOICES = (
    "a provider of fastmcp.server.auth, a mapping of tokens to what is known of their owners "
    '({"secret": {"user": "ann", "role": "admin"}}), or a function that is given a token and '
    "returns such a mapping, or None"
)


def provider_of(auth: Any) -> AuthProvider | None:
    """The provider that `auth` is or describes; None for none.

    Raises:
        ConfigurationError: it is nothing of the kind.
    """
    if auth is None or isinstance(auth, AuthProvider):
        return auth
    if isinstance(auth, Mapping):
        return KnownTokens(cast("Mapping[str, Any]", auth))
    if inspect.isclass(auth):
        raise ConfigurationError(f"auth={auth.__name__}: make one, {auth.__name__}(...)")
    if callable(getattr(auth, "verify_token", None)):
        return AskedVerifier(auth.verify_token)
    if callable(auth):
        return AskedVerifier(auth)
    kind = cast("type[Any]", type(auth)).__name__
    several = "; for several there is MultiAuth(verifiers=[...])" if kind == "list" else ""
    raise ConfigurationError(f"auth={kind}: give {_CHOICES}{several}")


def record_token(token: str, record: Any) -> AccessToken | None:
    """What is known of a token's owner, as a token says it; None for nobody.

    `sub` or `user` is the subject, `client_id` the client, `scope` (a text) or `scopes` what it may
    do, `expires_at` when it ends. Without any name the owner is known by the token's hash.
    """
    if not record:
        return None
    if isinstance(record, AccessToken):
        return record
    if not isinstance(record, Mapping):
        return _alike(token, record)
    claims = dict(cast("Mapping[str, Any]", record))
    subject = claims.get("sub", claims.get("user"))
    client = claims.get("client_id")
    if client is None:
        client = subject if subject is not None else f"token-{_digest(token).hex()[:16]}"
    expires = claims.get("expires_at", claims.get("exp"))
    return AccessToken(
        token=token,
        client_id=str(client),
        scopes=scopes_of(claims.get("scopes", claims.get("scope")), "scopes"),
        expires_at=None if expires is None else int(expires),
        subject=None if subject is None else str(subject),
        claims=claims,
    )


def _alike(token: str, record: Any) -> AccessToken:
    """A token of another library."""
    return AccessToken(
        token=token,
        client_id=record.client_id,
        scopes=list(record.scopes),
        expires_at=getattr(record, "expires_at", None),
        resource=getattr(record, "resource", None),
        subject=getattr(record, "subject", None),
        claims=dict(getattr(record, "claims", None) or {}),
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class KnownTokens(TokenVerifier):
    """Tokens with what is known of their owners: for tests, and for a handful of callers.

    They are looked up by their hash, which tells nothing by the time that it takes.
    """

    def __init__(
        self, tokens: Mapping[str, Any], required_scopes: list[str] | None = None, **options: Any
    ) -> None:
        super().__init__(required_scopes=required_scopes, **options)
        self._records: dict[bytes, Any] = {}
        for token, record in tokens.items():
            if not isinstance(token, str) or not token or not isinstance(record, Mapping):  # type: ignore[redundant-expr]
                raise ConfigurationError(
                    'auth= takes a mapping like {"secret": {"user": "ann"}}: of tokens, which are '
                    "texts, to mappings"
                )
            self._records[_digest(token)] = record

    async def verify_token(self, token: str) -> AccessToken | None:
        return record_token(token, self._records.get(_digest(token)))


class AskedVerifier(TokenVerifier):
    """Asks a function of the user's about each token: plain, in a worker thread, or async."""

    def __init__(self, ask: Callable[[str], Any]) -> None:
        super().__init__()
        self._ask = ask
        called = ask if inspect.isroutine(ask) else getattr(ask, "__call__", ask)  # noqa: B004
        self._is_async = inspect.iscoroutinefunction(called)

    async def verify_token(self, token: str) -> AccessToken | None:
        found = (
            self._ask(token) if self._is_async else await run_in_thread(lambda: self._ask(token))
        )
        if inspect.isawaitable(found):
            found = await found
        return record_token(token, found)
