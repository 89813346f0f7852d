"""What the transports over HTTP are given, and the HTTP client that follows from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

from fastmcp.client.arguments import Duration, in_seconds
from fastmcp.exceptions import ConfigurationError

from .http_errors import shown
from .http_sender import IDLE, KEPT, Sender, Timeouts
from .transport import ClientTransport

if TYPE_CHECKING:
    import ssl

ClientFactory: TypeAlias = Callable[..., Any]
"""Makes an `AsyncClient` of httpx2 or httpx. It is given those of `headers`, `auth`, `timeout` and
`follow_redirects` that it takes.
"""

# Where the environment names proxies, in small or in capital letters.
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


class HttpTransport(ClientTransport):
    """What the transports over HTTP are given; `StreamableHttpTransport` says what it means."""

    network: str | None = "tcp"

    def __init__(
        self,
        url: Any,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        sse_read_timeout: Duration | None = None,
        httpx_client_factory: ClientFactory | None = None,
        verify: ssl.SSLContext | bool | str | None = None,
    ) -> None:
        self.url: str = _checked_url(str(url))
        self.headers: dict[str, str] = _checked_headers(headers or {})
        self.sse_read_timeout: float | None = in_seconds(sse_read_timeout)
        self.httpx_client_factory = httpx_client_factory
        self.verify: ssl.SSLContext | bool | str | None = verify
        self.auth: Any = self._bound(as_auth(auth))
        self._warn_of_both()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self.url)!r})"

    def secure(self, auth: Any, verify: Any) -> None:
        if verify is not None:
            self.verify = verify
            self._warn_of_both()
        if auth is not None:
            self.auth = as_auth(auth)
        self.auth = self._bound(self.auth)

    def _bound(self, auth: Any) -> Any:
        """An object that gets tokens, for this server; any other as it is."""
        if not hasattr(auth, "bound_to"):
            return auth
        self.sign_in_time: float = auth.sign_in_time
        trust = None if self.verify is None else partial(_trust, "https:", self.verify)
        return auth.bound_to(self.url, factory=self.httpx_client_factory, trust=trust)

    def _warn_of_both(self) -> None:
        if self.httpx_client_factory is not None and self.verify is not None:
            import warnings

            text = "verify= has no effect beside httpx_client_factory=, which makes the client"
            warnings.warn(text, UserWarning, stacklevel=3)

    def make_sender(self) -> Sender:
        """What sends the requests of one connection."""
        timeouts = Timeouts(read=self.sse_read_timeout)
        if not hasattr(self.auth, "bound_to"):
            return self._sender(timeouts, self.auth)
        from .http_authorized import AuthorizedSender

        return AuthorizedSender(self._sender(timeouts, None), self.auth)

    def _sender(self, timeouts: Timeouts, auth: Any) -> Sender:
        if self.httpx_client_factory is not None:
            return self._made_elsewhere(self.httpx_client_factory, timeouts, auth)
        return self._lean(timeouts, auth) or self._of_httpx2(timeouts, auth)

    def _lean(self, timeouts: Timeouts, auth: Any) -> Sender | None:
        """The fast one, unless there is more to be done than it can, or nothing to do it with."""
        authorization = _authorization(auth)
        if authorization is None or _has_proxies():
            return None
        try:
            from .http1 import Http1
        except ModuleNotFoundError as error:
            if error.name != "httptools":
                raise
            return None
        return Http1(timeouts, _trust(self.url, self.verify), authorization or None)

    def _of_httpx2(self, timeouts: Timeouts, auth: Any) -> Sender:
        import httpx2

        # A call that waits for a connection would wait for the streams that hold them.
        limits = httpx2.Limits(
            max_connections=None, max_keepalive_connections=KEPT, keepalive_expiry=IDLE
        )
        client = httpx2.AsyncClient(
            auth=_for_httpx2(auth),
            timeout=timeouts,
            limits=limits,
            verify=_trust(self.url, self.verify),
        )
        return LibrarySender(client)

    def _made_elsewhere(
        self, factory: ClientFactory, timeouts: Timeouts, auth: Any
    ) -> LibrarySender:
        offered: dict[str, Any] = {
            "headers": dict(self.headers),
            "auth": auth,
            "follow_redirects": True,
        }
        if timeouts.read is not None:
            offered["timeout"] = timeouts
        taken = _taken(factory, offered)
        client = factory(**taken)
        default = getattr(client, "timeout", None)
        if default is not None and set(default.as_dict().values()) == {5.0}:
            client.timeout = timeouts  # it was not chosen, and would end every longer call
        if "auth" in taken or auth is None:
            return LibrarySender(client)
        return LibrarySender(client, auth=auth)


class LibrarySender:
    """Sends over an `AsyncClient` of httpx2 or httpx; `options` go with every request."""

    def __init__(self, client: Any, **options: Any) -> None:
        self._client = client
        self._options = options

    async def open(self) -> None:
        await self._client.__aenter__()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str | bytes], content: bytes | None
    ) -> Any:
        request = self._client.build_request(method, url, content=content, headers=headers)
        return await self._client.send(
            request, stream=True, follow_redirects=False, **self._options
        )

    async def close(self) -> None:
        await self._client.__aexit__(None, None, None)


def as_auth(auth: Any) -> Any:
    """What goes with requests for `auth`, which may be a bearer token, or "oauth"."""
    if not isinstance(auth, str):
        return auth
    if auth.strip().lower() == "oauth":
        from fastmcp.client.auth.oauth import OAuth

        return OAuth()
    from fastmcp.client.auth.bearer import BearerAuth

    return BearerAuth(auth)


def _authorization(auth: Any) -> str | None:
    """What that header has to be, empty for none; None if only a library can tell."""
    if auth is None:
        return ""
    from fastmcp.client.auth.bearer import BearerAuth

    return auth.header if type(auth) is BearerAuth else None


def _checked_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no URL of a server over HTTP: it begins with http(s)://")
    return url


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not (name.isascii() and value.isascii() and f"{name}{value}".isprintable()):
            raise ValueError(f"The header {name!r} has characters that may not be in one")
    return dict(headers)


def _taken(function: Callable[..., Any], offered: dict[str, Any]) -> dict[str, Any]:
    """Of keyword arguments those that a function takes."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return offered
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return offered
    return {name: value for name, value in offered.items() if name in parameters}


def _has_proxies() -> bool:
    """Whether there may be a proxy for some URL; what is asked for which, httpx2 knows."""
    if sys.platform in ("darwin", "win32"):
        from urllib.request import getproxies

        return bool(getproxies())
    named = [name.lower() for name, value in os.environ.items() if value]
    return not _PROXIES.isdisjoint(named)


def _for_httpx2(auth: Any) -> Any:
    """An `Auth` object as httpx2 takes it: one of httpx does the same things by the same names."""
    import httpx2

    if isinstance(auth, httpx2.Auth) or not hasattr(auth, "async_auth_flow"):
        return auth

    class Foreign(httpx2.Auth):
        async_auth_flow = staticmethod(auth.async_auth_flow)

    return Foreign()


def _trust(url: str, verify: ssl.SSLContext | bool | str | None) -> ssl.SSLContext:
    """Whom to trust. Making what says so is slow, so it is made once, and only for https."""
    if url.startswith("http://"):
        return _nobody()
    if isinstance(verify, str):
        return _these(verify)
    if verify is None or verify is True:
        return _whom_all_trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _everybody() if verify is False else verify


@cache
def _nobody() -> ssl.SSLContext:
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _everybody() -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context(verify=False)


@cache
def _whom_all_trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    import httpx2

    return httpx2.create_ssl_context()  # it reads the two variables itself


def _these(path: str) -> ssl.SSLContext:
    import ssl

    if not os.path.exists(path):
        raise ConfigurationError(f"verify={path!r}: there is no such file or folder")
    is_folder = os.path.isdir(path)
    return ssl.create_default_context(
        cafile=None if is_folder else path, capath=path if is_folder else None
    )
