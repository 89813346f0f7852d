"""validate_token: who a token speaks for."""

from __future__ import annotations

import hmac
import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast, overload

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.access_token import AccessToken
from fastmcp.server.auth.given import provider_of, record_token
from fastmcp.server.auth.provider import AuthProvider
from fastmcp.server.context import Context
from fastmcp.server.in_process import anywhere
from fastmcp.server.server import FastMCP

Record = Mapping[str, Any]


@overload
def validate_token(token: str, tokens: Mapping[str, Record]) -> Record | None: ...


@overload
def validate_token(
    token: str, tokens: AuthProvider | FastMCP | None = None
) -> Coroutine[Any, Any, Record | None]: ...


@overload
def validate_token(token: str, tokens: Callable[[str], Any]) -> Any: ...


def validate_token(token: str, tokens: Any = None) -> Any:
    """What is known of the owner of a token; None if it is not valid.

    `tokens` says so: a mapping of tokens to records, a function of the token, a provider, or a
    server with `auth=`; by default the server that serves the current request. Of a mapping or a
    plain function the record is there at once; else it is awaited in async code, and plain code
    gets it at once. What a provider says comes as the claims, and `client_id` and `scopes`.

    Raises:
        ConfigurationError: nothing here verifies tokens.
        AuthorityUnavailable: whether it is valid cannot be told now.
    """
    if isinstance(tokens, Mapping):
        return _valid(token, _found(token, cast("Mapping[str, Any]", tokens)))
    source = _verifier(tokens)
    if isinstance(source, AuthProvider):
        return anywhere(_verified(source, token), "validate_token")
    found = source(token)
    if inspect.isawaitable(found):
        return anywhere(_settled(token, found), "validate_token")
    return _valid(token, found)


def _verifier(tokens: Any) -> AuthProvider | Callable[[str], Any]:
    if isinstance(tokens, AuthProvider):
        return tokens
    context = Context.current_or_none()
    server: Any = tokens if isinstance(tokens, FastMCP) else context and context.host
    if tokens is None or server is tokens:
        if server is None or server.auth is None:
            raise ConfigurationError(
                "validate_token() needs tokens=: a mapping, a function, a provider, or a server "
                "with auth="
            )
        return server.auth
    if callable(tokens) and not callable(getattr(tokens, "verify_token", None)):
        return tokens
    provider = provider_of(tokens)
    assert provider is not None
    return provider


def _found(token: str, tokens: Mapping[str, Any]) -> Any:
    """The record of a token, by comparisons that take as long whatever the token is."""
    given, record = _bytes(token), None
    for known, each in tokens.items():
        if hmac.compare_digest(_bytes(known), given):
            record = each
    return record


def _valid(token: str, record: Any) -> Any:
    """The record, unless it says that its time is over."""
    said = record_token(token, record)
    if said is None or (said.expires_at is not None and said.expires_at <= time.time()):
        return None
    if isinstance(record, Mapping):
        return cast("Record", record)
    return _record(said)


async def _settled(token: str, found: Any) -> Any:
    return _valid(token, await found)


async def _verified(provider: AuthProvider, token: str) -> Any:
    found = await provider.verify_token(token)
    if found is None or (found.expires_at is not None and found.expires_at <= time.time()):
        return None
    return _record(found)


def _record(token: AccessToken) -> dict[str, Any]:
    named = {} if token.subject is None else {"sub": token.subject}
    return {"client_id": token.client_id, "scopes": token.scopes, **named, **token.claims}


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
