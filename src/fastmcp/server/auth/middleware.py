"""ASGI middleware: who calls by which token, and who is let in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import json
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    BaseUser,
    UnauthenticatedUser,
)
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import Response

from fastmcp._oauth.challenges import bearer_challenge
from fastmcp._protocol.headers import METHOD, header_text
from fastmcp._protocol.http import LISTEN
from fastmcp.exceptions import AuthorityUnavailable

from ..request.context_middleware import RequestContextMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .access_token import AccessToken
    from .provider import AuthProvider

logger: Final = logging.getLogger("fastmcp.server.auth")

# How long a client waits before it tries again, in seconds.
RETRY_AFTER = "5"


class AuthenticatedUser(BaseUser):
    """Who calls, by a valid token. `verified_by` is the provider that says so; None for a host
    application, which has its own ways.
    """

    def __init__(self, access_token: AccessToken, verified_by: AuthProvider | None = None) -> None:
        self.access_token = access_token
        self.verified_by = verified_by
        self.scopes: list[str] = access_token.scopes

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.access_token.client_id

    @property
    def identity(self) -> str:
        return self.access_token.subject or self.access_token.client_id


class BearerAuthBackend(AuthenticationBackend):
    """Authenticates requests by the bearer token in their header, and nowhere else."""

    def __init__(self, token_verifier: AuthProvider) -> None:
        self.token_verifier = token_verifier

    async def authenticate(
        self, conn: HTTPConnection
    ) -> tuple[AuthCredentials, AuthenticatedUser] | None:
        user = await self.user_of(conn.scope)
        return None if user is None else (AuthCredentials(user.scopes), user)

    async def user_of(self, scope: Scope) -> AuthenticatedUser | None:
        """Who sent a request; None without a valid token.

        Raises:
            AuthorityUnavailable: whether it is valid cannot be told now.
        """
        token = bearer_token(scope)
        if token is None:
            return None
        try:
            access = await self.token_verifier.verify_token(token)
        except AuthorityUnavailable:
            raise
        except Exception as error:
            logger.exception("Verifying a token failed")
            raise AuthorityUnavailable(f"Verifying it failed: {type(error).__name__}") from error
        if access is None or (access.expires_at is not None and access.expires_at <= time.time()):
            return None
        return AuthenticatedUser(access, self.token_verifier)


def bearer_token(scope: Scope) -> str | None:
    """The token of a request; None without one, and for two."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1:
        return None
    scheme, _, token = found[0].partition(b" ")
    token = token.strip()
    return token.decode("latin-1") if scheme.lower() == b"bearer" and token else None


class Authentication:
    """Tells by a backend who calls, as Starlette's middleware does, at a fraction of its price; and
    says so where nobody can tell whether a token is valid.
    """

    def __init__(self, app: ASGIApp, backend: BearerAuthBackend) -> None:
        self.app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._knows(scope.get("user")):
            try:
                user = await self._backend.user_of(scope)
            except AuthorityUnavailable as error:
                logger.error("A token cannot be verified: %s", error)
                await unavailable()(scope, receive, send)
                return
            scope["user"] = UnauthenticatedUser() if user is None else user
            scope["auth"] = AuthCredentials(None if user is None else user.scopes)
        await self.app(scope, receive, send)

    def _knows(self, user: Any) -> bool:
        """Whether a host application has authenticated this user already. By another provider, it
        has done so for itself: that token need not be one for here.
        """
        ours = (None, self._backend.token_verifier)
        return isinstance(user, AuthenticatedUser) and user.verified_by in ours


class AuthContextMiddleware(RequestContextMiddleware):
    """Inside of it `get_access_token` gives the caller's token, also beside MCP."""


def authentication(provider: AuthProvider) -> list[Middleware]:
    """What tells by a provider who calls."""
    return [
        Middleware(Authentication, backend=BearerAuthBackend(provider)),
        Middleware(AuthContextMiddleware),
    ]


class RequireAuthMiddleware:
    """Lets in who has a valid token with every one of the scopes (RFC 6750 section 3.1).

    Others are told where tokens come from, by `resource_metadata_url`, and which scopes to ask for:
    `challenge_scopes`, if they are not the same.
    """

    def __init__(
        self,
        app: ASGIApp,
        required_scopes: Sequence[str] = (),
        resource_metadata_url: Any = None,
        challenge_scopes: Sequence[str] | None = None,
    ) -> None:
        self.app = app
        self.required_scopes: list[str] = list(required_scopes)
        self.resource_metadata_url: str | None = (
            None if resource_metadata_url is None else str(resource_metadata_url)
        )
        self._asked_for = self.required_scopes if challenge_scopes is None else challenge_scopes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        user = scope.get("user")
        if not isinstance(user, AuthenticatedUser):
            await self._unauthorized(scope)(scope, receive, send)
            return
        missing = [each for each in self.required_scopes if each not in user.scopes]
        if missing:
            text = f"The token lacks {', '.join(missing)}"
            await self.refusal(403, "insufficient_scope", text)(scope, receive, send)
            return
        ends = user.access_token.expires_at
        if ends is not None and _listens(scope):
            await self._until(ends, scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _until(self, ends: float, scope: Scope, receive: Receive, send: Send) -> None:
        """What is listened to ends with the token; who goes on listening comes with another."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        deadline = asyncio.timeout(max(0.0, ends - time.time()))
        try:
            async with deadline:
                await self.app(scope, receive, noted)
        except TimeoutError:
            if not deadline.expired():
                raise
            if begun:
                await send({"type": "http.response.body", "body": b""})

    def _unauthorized(self, scope: Scope) -> Response:
        if any(name == b"authorization" for name, _ in scope["headers"]):
            text = "The token is not valid here, or no longer; get another one"
            return self.refusal(401, "invalid_token", text)
        return self.refusal(401, None, "This server needs a bearer token")

    def refusal(self, status: int, error: str | None, text: str) -> Response:
        """A response that names the error, unless no token was sent, and what to ask for."""
        challenge = bearer_challenge(
            error=error,
            error_description=text if error else None,
            scopes=self._asked_for,
            resource_metadata=self.resource_metadata_url,
        )
        body = {"error": error or "unauthorized", "error_description": text}
        return Response(
            json.encode(body),
            status,
            {"www-authenticate": challenge, "cache-control": "no-store"},
            "application/json",
        )


def _listens(scope: Scope) -> bool:
    """Whether a request is for a stream that lasts, in either era."""
    if scope["method"] == "GET":
        return True
    return any(name == METHOD and header_text(value) == LISTEN for name, value in scope["headers"])


def unavailable() -> Response:
    """The response where nobody can tell whether a token is valid."""
    body = {
        "error": "temporarily_unavailable",
        "error_description": "Whether the token is valid cannot be told at the moment; try again",
    }
    return Response(json.encode(body), 503, {"retry-after": RETRY_AFTER}, "application/json")
