"""OAuth: tokens by which a person lets a client act for them (authorization code with PKCE)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import msgspec

from fastmcp._oauth.documents import (
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthMetadata,
    OAuthToken,
)
from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import (
    ClientNotFoundError,
    ConfigurationError,
    OAuthFlowError,
    OAuthRegistrationError,
    OAuthTokenError,
)

from .authorization_request import AuthorizationRequest, new_request
from .callback_server import bare_host, redirect_uri
from .discovery import Found, endpoint, require_pkce
from .exchange import Ask, plain, shown
from .provider import OAuthClientProvider
from .registration import checked_metadata_url, method_for, register, wanted_method
from .scopes import as_text, with_offline
from .sign_in import SignIn
from .token_requests import ask_for_token
from .token_storage import TokenStorageAdapter

__all__ = [
    "ClientNotFoundError",
    "OAuth",
    "TokenStorageAdapter",
    "check_if_auth_required",
]

_REFUSED = (400, 401)


class OAuth(OAuthClientProvider):
    """Signs a person in, in their browser, when the MCP server at `mcp_url` asks for a token; with
    `Client(auth=...)` the client knows the URL.

    `scopes` are asked for besides those that the server says are needed. Who the client is, is said
    by a `client_id` (and `client_secret`) that an authorization server has given, or by
    `client_metadata_url`, an https:// URL of a document about it, or else it registers itself, as
    `client_name` and with `additional_client_metadata`. `issuer` is the only authorization server
    that is accepted; without it, a `client_id` belongs to the first one that it was used with.

    Tokens are kept in `token_storage`, any store of py-key-value or a `FileTokenStorage`; by
    default only as long as this object lives. The browser comes back to `callback_port` (any free
    one by default) at `callback_host`, which is this machine, within `callback_timeout` seconds.
    `headless` tells where to sign in instead of opening a browser, as is done where there is none.
    `httpx_client_factory` makes the HTTP clients that speak to authorization servers; without it,
    URLs that others name have to be public, unless the MCP server is in a private network itself.

    With `dpop` tokens are bound to a key (RFC 9449), where the authorization server does that.

    `redirect_handler` and `callback_handler` can be overridden.

    Raises:
        ConfigurationError: options that cannot be, or not together.
    """

    def __init__(
        self,
        mcp_url: str | None = None,
        scopes: str | list[str] | None = None,
        client_name: str = "FastMCP Client",
        token_storage: KeyValueStore | None = None,
        additional_client_metadata: dict[str, Any] | None = None,
        callback_port: int | None = None,
        callback_host: str = "localhost",
        callback_timeout: float = 300.0,
        httpx_client_factory: Callable[..., Any] | None = None,
        client_metadata_url: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        issuer: str | None = None,
        headless: bool | None = None,
        dpop: bool = False,
    ) -> None:
        if client_secret is not None and client_id is None:
            raise ConfigurationError(
                "client_secret= needs client_id=, the client that it is the secret of"
            )
        self._callback_host = bare_host(callback_host)
        self._callback_port = callback_port or 0
        self._callback_timeout = callback_timeout
        self.sign_in_time = callback_timeout
        self._client_metadata_url = checked_metadata_url(client_metadata_url)
        self._client_id = client_id
        self._client_secret = client_secret
        self._headless = headless
        self._sign_in: SignIn | None = None
        self._is_in_doubt = False
        self._accepted: str | None = None
        metadata = _metadata(client_name, as_text(scopes), additional_client_metadata or {})
        super().__init__(
            mcp_url,
            scopes=scopes,
            client_metadata=metadata,
            token_storage=token_storage,
            issuer=issuer,
            httpx_client_factory=httpx_client_factory,
            identity=client_id,
            dpop=dpop,
        )

    @property
    def redirect_port(self) -> int:
        """Where the browser comes back to; 0 for any free port, as long as nobody signs in."""
        return self._sign_in.port if self._sign_in is not None else self._callback_port

    # What can be overridden

    async def redirect_handler(self, authorization_url: str) -> None:
        """Show a person the page to sign in at."""
        await self._listening().show(authorization_url, headless=self._headless)

    async def callback_handler(self) -> Any:
        """What came back: an object with `code`, `state` and `iss`, or these as a tuple.

        Raises:
            OAuthFlowError: the person, or the authorization server, refused.
            TimeoutError: nobody came back in time.
        """
        return await self._listening().wait()

    def _listening(self) -> SignIn:
        if self._sign_in is None:
            raise RuntimeError("Nobody is signing in")
        return self._sign_in

    # Getting a token

    async def _obtain(self, found: Found, scope: str | None) -> tuple[OAuthToken, str | None]:
        require_pkce(found.metadata)
        grants = self.context.client_metadata.grant_types
        scope = with_offline(scope, found.metadata, grants)
        try:
            return await self._attempt(found, scope), scope
        except ClientNotFoundError as error:
            if self._client_id is not None:
                raise ClientNotFoundError(
                    f"{error}. Are client_id= and client_secret= those of this authorization "
                    "server?"
                ) from None
            await self._drop_client(found.issuer)
            return await self._attempt(found, scope), scope

    async def _attempt(self, found: Found, scope: str | None) -> OAuthToken:
        async with AsyncExitStack() as stack:
            known = await self._known_client(found.issuer)
            uri = await self._listen(stack, known)
            client = known if self._is_usable(known, found.metadata, uri) else None
            is_accepted = client is not None and client.client_id == self._accepted
            self._is_in_doubt = client is not None and not is_accepted
            client = client or await self._new_client(found.metadata, uri, scope)
            request = new_request(
                endpoint(found.metadata, "authorization", self.mcp_url),
                found.metadata,
                client_id=client.client_id,
                redirect_uri=uri,
                resource=found.resource if found.names_resource else None,
                scope=scope,
            )
            code = request.check(await self._ask_person(request))
        token = await self._redeem(found, client, request, code)
        self._accepted = client.client_id
        return token

    async def _listen(self, stack: AsyncExitStack, known: OAuthClientInformationFull | None) -> str:
        """Open the port that the browser comes back to, before anybody is told of it: the one that
        the client is registered with, if it can be had.
        """
        host, port = self._callback_host, self._callback_port or _registered_port(known)
        if getattr(self.callback_handler, "__func__", None) is not OAuth.callback_handler:
            self._sign_in = None
            return redirect_uri(host, port or _free_port(host))
        try:
            self._sign_in = await stack.enter_async_context(self._new_sign_in(port))
        except OAuthFlowError:
            if self._callback_port or not port:
                raise
            self._sign_in = await stack.enter_async_context(self._new_sign_in(0))
        return redirect_uri(host, self._sign_in.port)

    def _new_sign_in(self, port: int) -> SignIn:
        return SignIn(self._callback_host, port, self._callback_timeout, self.mcp_url)

    async def _ask_person(self, request: AuthorizationRequest) -> Any:
        if self._sign_in is not None:
            self._sign_in.request = request
        if self._is_in_doubt:
            await self._look(request.url)
        try:
            await self.redirect_handler(request.url)
            return await self.callback_handler()
        finally:
            self._sign_in = None

    async def _look(self, url: str) -> None:
        """See whether a client that was registered some time ago is still known, before a person
        is sent to a page that only says that it is not.
        """
        try:
            reply = await self._sending.send(Ask("GET", url, {"accept": "text/html"}))
        except OAuthFlowError:
            return  # it does not answer us, but may well answer a browser
        if reply.status in _REFUSED:
            raise ClientNotFoundError(
                f"The authorization server does not know this client any more ({reply.status} of "
                f"{shown(url)})"
            )

    async def _redeem(
        self,
        found: Found,
        client: OAuthClientInformationFull,
        request: AuthorizationRequest,
        code: str,
    ) -> OAuthToken:
        members = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
            "resource": found.resource if found.names_resource else None,
        }
        url = endpoint(found.metadata, "token", self.mcp_url)
        try:
            return await self._sending.run(ask_for_token(url, client, members, dpop=self._dpop))
        except OAuthTokenError as error:
            if error.error in ("invalid_client", "unauthorized_client"):
                await self._drop_client(found.issuer)
            raise

    # Who the client is

    async def _known_client(self, issuer: str) -> OAuthClientInformationFull | None:
        if self._client_id is not None:
            return await self._own_client(issuer)
        kept = self.context.client_info
        if kept is None or kept.issuer != issuer:
            kept = await self.token_storage_adapter.client_of(issuer)
        self.context.client_info = kept
        return kept

    def _is_usable(
        self, client: OAuthClientInformationFull | None, metadata: OAuthMetadata, uri: str
    ) -> bool:
        """Whether a known client can come back to a redirect URI."""
        if client is None or client.client_id == self._client_id:
            return client is not None
        if client.client_id == self._client_metadata_url:
            return metadata.client_id_metadata_document_supported is True
        return uri in (client.redirect_uris or ())

    async def _own_client(self, issuer: str) -> OAuthClientInformationFull:
        """The client that was registered by hand, at the one authorization server it is of."""
        assert self._client_id is not None
        if self._issuer is None:
            bound = await self.token_storage_adapter.binding()
            self._only_for(issuer, bound)
            if bound is None:
                await self.token_storage_adapter.bind(issuer)
        metadata = self.context.oauth_metadata or OAuthMetadata(issuer=issuer)
        given = self.context.client_metadata.model_dump(exclude_none=True)
        method = given.pop("token_endpoint_auth_method", None)
        secret = self._client_secret
        client = OAuthClientInformationFull(
            client_id=self._client_id,
            client_secret=secret,
            token_endpoint_auth_method=method or method_for(metadata, secret=secret is not None),
            issuer=issuer,
            **given,
        )
        self.context.client_info = client
        return client

    async def _new_client(
        self, metadata: OAuthMetadata, uri: str, scope: str | None
    ) -> OAuthClientInformationFull:
        wanted = msgspec.structs.replace(self.context.client_metadata)
        wanted.redirect_uris = wanted.redirect_uris or [uri]
        wanted.scope = scope
        url = self._client_metadata_url
        if url is not None and metadata.client_id_metadata_document_supported:
            client = OAuthClientInformationFull(
                client_id=url,
                token_endpoint_auth_method="none",
                redirect_uris=wanted.redirect_uris,
                issuer=metadata.issuer,
            )
        elif metadata.registration_endpoint is None:
            raise OAuthRegistrationError(
                f"The authorization server {plain(metadata.issuer)} lets no client register itself:"
                " register one there by hand, and give OAuth(client_id=..., client_secret=...)"
            )
        else:
            wanted.token_endpoint_auth_method = wanted.token_endpoint_auth_method or wanted_method(
                metadata
            )
            place = endpoint(metadata, "registration", self.mcp_url)
            client = await self._sending.run(register(place, metadata, wanted))
        self.context.client_info = client
        await self.token_storage_adapter.keep_client(client, metadata.issuer)
        return client

    async def _drop_client(self, issuer: str) -> None:
        self.context.client_info = None
        await self.token_storage_adapter.drop_client(issuer)


def _metadata(name: str, scope: str | None, more: dict[str, Any]) -> OAuthClientMetadata:
    members: dict[str, Any] = {"client_name": name, "application_type": "native", "scope": scope}
    try:
        return OAuthClientMetadata(**members | more)
    except TypeError as error:
        raise ConfigurationError(f"additional_client_metadata: {error}") from None


def _registered_port(client: OAuthClientInformationFull | None) -> int:
    for uri in (client.redirect_uris or ()) if client is not None else ():
        try:
            return urlsplit(uri).port or 0
        except ValueError:
            continue
    return 0


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.bind((host, 0))
        return one.getsockname()[1]


async def check_if_auth_required(mcp_url: str, httpx_kwargs: dict[str, Any] | None = None) -> bool:
    """Whether a server seems to want to know who calls; it does, too, if it cannot be reached."""
    import httpx2

    async with httpx2.AsyncClient(**(httpx_kwargs or {})) as client:
        try:
            response = await client.get(mcp_url, timeout=5.0)
        except httpx2.RequestError:
            return True
    return response.status_code in (401, 403) or "www-authenticate" in response.headers
