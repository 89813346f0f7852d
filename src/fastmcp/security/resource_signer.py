"""ResourceSigner: resources that only who was given a signed URI can read."""

from __future__ import annotations

import base64
import functools
import hmac
import inspect
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs

from fastmcp._components.functions.function import is_async
from fastmcp.exceptions import AuthorizationError, ConfigurationError
from fastmcp.resources.uri.expansion import expand_uri_template
from fastmcp.resources.uri.naming import is_template

F = TypeVar("F", bound=Callable[..., Any])

SHORTEST = 16
SCHEME = "resource://"
EXPIRES, SIGNATURE = "expires", "signature"
REFUSED = "The signature of this URI is missing, wrong, or out of date"


class ResourceSigner:
    """Signs URIs by HMAC-SHA256, until a time, and verifies them.

    `secret` has 16 bytes at least: `secrets.token_bytes(32)`. Signatures of the `earlier` ones
    are still taken.

    Raises:
        ConfigurationError: a secret that is too short.
    """

    def __init__(
        self,
        secret: str | bytes,
        *earlier: str | bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secrets = [_secret(each) for each in (secret, *earlier)]
        self._clock = clock

    def sign(self, uri: str, *, expires_in: float | timedelta = 300) -> str:
        """The URI with a time, so many seconds from now or a `timedelta`, and a signature.

        Raises:
            ConfigurationError: it has a query already.
        """
        uri = _plain(uri)
        seconds = expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
        expires = int(self._clock() + seconds)
        signature = _signature(self._secrets[0], uri, expires)
        return f"{uri}?{EXPIRES}={expires}&{SIGNATURE}={signature}"

    def verify(self, uri: str, expires: int | None = None, signature: str | None = None) -> str:
        """The URI without its signature, which is in its query or given beside it.

        Raises:
            AuthorizationError: it is not signed, not by this, or no longer.
        """
        if signature is None:
            uri, _, query = uri.partition("?")
            given = parse_qs(query)
            signature = next(iter(given.get(SIGNATURE, ())), None)
            text = next(iter(given.get(EXPIRES, ())), "")
            expires = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
        uri = _named(uri)
        if signature is None or expires is None or not self._is_ours(uri, expires, signature):
            raise AuthorizationError(REFUSED, log_level=30)
        return uri

    def _is_ours(self, uri: str, expires: int, signature: str) -> bool:
        given = signature.encode()
        fits = [
            hmac.compare_digest(_signature(secret, uri, expires).encode(), given)
            for secret in self._secrets
        ]
        return any(fits) and expires > self._clock()

    def resource(self, mcp: Any, uri: str, **options: Any) -> Callable[[F], F]:
        """As `@mcp.resource(uri, **options)`, for those who have a signed URI of it.

        The URI may have parameters in its path, and none in a query.

        Raises:
            ConfigurationError: it has a query.
        """
        _plain(uri)

        def decorate(function: F) -> F:
            signed = f"{uri}{{?{EXPIRES},{SIGNATURE}}}" if is_template(uri) else uri
            mcp.resource(signed, **options)(self._verified(function, uri))
            return function

        return decorate

    def _verified(self, function: Any, uri: str) -> Any:
        """The function with the parameters of a signature, which are verified before it is run."""
        call = function
        own = inspect.signature(call)

        def verified(
            arguments: dict[str, Any], expires: int | None, signature: str | None
        ) -> dict[str, Any]:
            meant = expand_uri_template(uri, arguments) if is_template(uri) else uri
            self.verify(meant, expires, signature or "")
            return arguments

        if is_async(call):

            async def answer(
                *, expires: int | None = None, signature: str | None = None, **kwargs: Any
            ) -> Any:
                return await call(**verified(kwargs, expires, signature))

            made: Any = answer
        else:

            def run(
                *, expires: int | None = None, signature: str | None = None, **kwargs: Any
            ) -> Any:
                return call(**verified(kwargs, expires, signature))

            made = run
        functools.update_wrapper(made, call)
        made.__signature__ = _with_signature(own, made, uri)
        made.__annotations__ = {
            **getattr(call, "__annotations__", {}),
            EXPIRES: int | None,
            SIGNATURE: str | None,
        }
        return made


def _with_signature(own: inspect.Signature, function: Any, uri: str) -> inspect.Signature:
    taken = {EXPIRES, SIGNATURE} & own.parameters.keys()
    if taken:
        raise ConfigurationError(f"{uri!r}: {min(taken)!r} is the name of a part of the signature")
    rest = [each for each in own.parameters.values() if each.kind is not each.VAR_KEYWORD]
    keyword = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter(EXPIRES, keyword, default=None, annotation=int | None),
        inspect.Parameter(SIGNATURE, keyword, default=None, annotation=str | None),
    ]
    return own.replace(parameters=[*rest, *added])


def _plain(uri: str) -> str:
    """A URI to be signed."""
    if "?" in uri or "{&" in uri or "#" in uri:
        raise ConfigurationError(f"{uri!r}: the query of a signed URI is its signature")
    return _named(uri)


def _named(uri: str) -> str:
    """A URI as resources have it; a name is one, too."""
    return uri if "://" in uri else SCHEME + uri


def _secret(given: Any) -> bytes:
    secret = given.encode() if isinstance(given, str) else given
    if not isinstance(secret, bytes) or len(secret) < SHORTEST:
        raise ConfigurationError(
            f"ResourceSigner() takes a secret of {SHORTEST} bytes at least; make one by: python -c "
            '"import secrets; print(secrets.token_urlsafe(32))"'
        )
    return secret


def _signature(secret: bytes, uri: str, expires: int) -> str:
    message = f"fastmcp signed uri\0{uri}\0{expires}".encode()
    digest = hmac.digest(secret, message, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
