"""How a server is reached over HTTP: redirects, credentials, headers, clients of one's own, TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from apps import served
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from processes import free_port
from pydantic import AnyUrl
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import (
    ConfigurationError,
    ConnectFailed,
    Disconnected,
    UnexpectedResponse,
)

from .scripted_http import scripted, used

LOCAL = ipaddress.ip_address("127.0.0.1")

# Where a redirect leads


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_redirect_within_the_origin_is_followed(mode: str, status: int) -> None:
    """With the method, the body and every header."""
    mcp = FastMCP("x")

    @mcp.tool
    def token(ctx: Context) -> str | None:
        assert ctx.request is not None
        return ctx.request.headers.get("authorization")

    async def old(request: Request) -> Response:
        return RedirectResponse("/mcp", status)

    app = mcp.http_app()
    app.router.routes.append(Route("/old", old, methods=["GET", "POST", "DELETE"]))

    async def use(client: Client) -> Any:
        return (await client.call_tool("token")).data

    with served(app) as base:
        transport = StreamableHttpTransport(f"{base}/old", headers={"Authorization": "Bearer t"})
        assert used(transport, use, mode=mode) == "Bearer t"


@pytest.mark.parametrize("factory", [None, httpx2.AsyncClient])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_is_not_followed(status: int, factory: Any) -> None:
    """By no client that was given, either: nothing is sent there. The error says where it leads,
    without what may be secret.
    """
    asked: list[str] = []

    def elsewhere(request: Request, message: Any) -> Response:
        asked.append(request.method)
        return Response(status_code=500)

    with scripted(elsewhere) as other:

        def handler(request: Request, message: Any) -> Response:
            return RedirectResponse(f"{other}?key=secret", status)

        with scripted(handler) as url, pytest.raises(UnexpectedResponse) as caught:
            used(StreamableHttpTransport(url, httpx_client_factory=factory), Client.ping)

    assert caught.value.status == status
    assert str(caught.value).startswith(f"Connection to {url} failed: {status} ")
    assert f"'{other}?…', which is not followed" in str(caught.value)
    assert asked == []


def test_redirects_that_lead_nowhere_end() -> None:
    """After a few of them."""
    asked: list[str] = []

    def handler(request: Request, message: Any) -> Response:
        asked.append(request.method)
        return RedirectResponse(request.url.path, 307)

    with scripted(handler) as url, pytest.raises(UnexpectedResponse, match="307 Temporary"):
        used(url, Client.ping)

    assert len(asked) < 10


@pytest.mark.parametrize(
    "where", ["https://127.0.0.1:{port}/mcp", "http://u:p@127.0.0.1:{port}/mcp"]
)
def test_a_redirect_changes_neither_scheme_nor_user(where: str) -> None:
    """Another scheme, or another user, is another origin."""

    def handler(request: Request, message: Any) -> Response:
        return RedirectResponse(where.format(port=request.url.port), 308)

    with (
        scripted(handler) as url,
        pytest.raises(UnexpectedResponse, match="not followed") as caught,
    ):
        used(url, Client.ping)

    assert "u:p" not in str(caught.value)


# What one may give the transport


def echo() -> FastMCP:
    """A server whose one tool gives headers of the request."""
    mcp = FastMCP("x")

    @mcp.tool
    def headers(ctx: Context, names: list[str]) -> list[str | None]:
        assert ctx.request is not None
        return [ctx.request.headers.get(name) for name in names]

    return mcp


def headers_seen(transport: StreamableHttpTransport, *names: str) -> list[str | None]:
    """The values of headers with which the server sees a call."""

    async def use(client: Client) -> Any:
        return (await client.call_tool("headers", {"names": names})).data

    return used(transport, use)


class HouseAuth:
    """What an `Auth` of httpx is, as far as it is used."""

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        request.headers["Authorization"] = "House key"
        response = yield request
        assert response.status_code < 400


def test_credentials_are_a_token_or_an_auth_object() -> None:
    """A string is a bearer token; an object of either httpx, or a pair, does what it does there."""
    accepted = {
        "Bearer t0k": ["t0k", "Bearer t0k"],
        "House key": [HouseAuth()],
        "Basic dTpw": [("u", "p"), httpx2.BasicAuth("u", "p")],
    }

    with served(echo().http_app()) as base:
        for header, auths in accepted.items():
            for auth in auths:
                transport = StreamableHttpTransport(f"{base}/mcp", auth=auth)
                assert headers_seen(transport, "authorization") == [header]


def test_a_client_may_be_made_by_a_function_without_parameters() -> None:
    """What it was not asked to take is sent with each request."""
    with served(echo().http_app()) as base:
        transport = StreamableHttpTransport(
            f"{base}/mcp",
            headers={"X-Own": "o"},
            auth="t0k",
            httpx_client_factory=lambda: httpx2.AsyncClient(headers={"x-factory": "f"}),
        )
        names = ("x-own", "x-factory", "authorization")
        assert headers_seen(transport, *names) == ["o", "f", "Bearer t0k"]


def test_a_client_is_made_with_what_its_maker_takes() -> None:
    """As FastMCP calls it, less what the function does not know."""
    made: list[dict[str, Any]] = []

    def factory(
        headers: dict[str, str] | None = None, timeout: Any = None, auth: Any = None
    ) -> httpx2.AsyncClient:
        made.append({"headers": headers, "timeout": timeout, "auth": auth})
        return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth)

    with served(echo().http_app()) as base:
        transport = StreamableHttpTransport(
            f"{base}/mcp",
            headers={"X-Own": "o"},
            auth="t0k",
            sse_read_timeout=timedelta(minutes=5),
            httpx_client_factory=factory,
        )
        assert headers_seen(transport, "x-own", "authorization") == ["o", "Bearer t0k"]

    assert made[0]["headers"] == {"X-Own": "o"}
    assert made[0]["timeout"].read == 300


def test_a_made_client_waits_for_slow_tools() -> None:
    """The five seconds that httpx has by default are not meant; a timeout that is chosen is."""
    mcp = FastMCP("x")

    @mcp.tool
    async def slow() -> str:
        await asyncio.sleep(3)
        return "done"

    async def use(client: Client) -> str:
        return (await client.call_tool("slow")).data

    clients = [httpx2.AsyncClient(), httpx2.AsyncClient(timeout=1.5)]
    with served(mcp.http_app()) as base:
        url = f"{base}/mcp"
        patient = StreamableHttpTransport(url, httpx_client_factory=lambda: clients[0])
        hurried = StreamableHttpTransport(url, httpx_client_factory=lambda: clients[1])
        assert used(patient, use) == "done"
        assert clients[0].timeout.read is None
        with pytest.raises(Disconnected, match="silent for too long"):
            used(hurried, use)


def test_trust_beside_a_factory_is_warned_of() -> None:
    """It has no effect there."""
    with pytest.warns(UserWarning, match="verify= has no effect"):
        StreamableHttpTransport(
            "https://x/mcp", httpx_client_factory=httpx2.AsyncClient, verify=False
        )


def test_a_url_may_be_an_object() -> None:
    """Of pydantic, or of httpx2."""
    with served(echo().http_app()) as base:
        for url in (AnyUrl(f"{base}/mcp"), httpx2.URL(f"{base}/mcp")):
            assert headers_seen(StreamableHttpTransport(url), "x") == [None]


@pytest.mark.parametrize("url", ["localhost:8000/mcp", "ftp://x/mcp", "", "/mcp"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    """When the transport is made."""
    with pytest.raises(ValueError, match="no URL of a server over HTTP"):
        StreamableHttpTransport(url)


@pytest.mark.parametrize(
    "headers", [{"X-A": "a\nb"}, {"X-A": "schön"}, {"X A\r": "a"}], ids=["line", "letter", "name"]
)
def test_a_header_that_cannot_be_sent_is_refused(headers: dict[str, str]) -> None:
    """When the transport is made, and without its value, which may be secret."""
    with pytest.raises(ValueError, match="characters that may not be in one") as caught:
        StreamableHttpTransport("http://x/mcp", headers=headers)

    assert "schön" not in str(caught.value)


def test_secrets_in_a_url_are_not_shown() -> None:
    """Neither in errors nor in the transport's own name."""
    url = f"http://user:pass@127.0.0.1:{free_port()}/mcp?key=secret"

    with pytest.raises(ConnectFailed) as caught:
        used(url, Client.ping)

    for text in (str(caught.value), repr(StreamableHttpTransport(url))):
        assert "pass" not in text
        assert "secret" not in text
        assert "/mcp?…" in text


def test_the_session_of_a_handshake_server_is_told() -> None:
    """While the connection is open."""
    transport: StreamableHttpTransport

    async def use(client: Client) -> str | None:
        return transport.get_session_id()

    with served(echo().http_app()) as base:
        transport = StreamableHttpTransport(f"{base}/mcp")
        assert transport.get_session_id() is None
        assert used(transport, use, mode="legacy")
        assert transport.get_session_id() is None
        assert used(transport, use) is None


# TLS


@contextmanager
def encrypted(certificate: Path) -> Generator[str]:
    """A server that speaks TLS; its URL."""
    config = uvicorn.Config(
        echo().http_app(), log_level="error", ssl_certfile=str(certificate), ws="none"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/mcp"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOCAL)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def test_whom_to_trust_is_said_by_a_file_a_context_or_not_at_all(certificate: Path) -> None:
    """A certificate that nobody vouches for is refused otherwise; nothing was sent then."""
    context = ssl.create_default_context(cafile=str(certificate))

    with encrypted(certificate) as url:
        for verify in (str(certificate), context, False):
            transport = StreamableHttpTransport(url, verify=verify)
            assert headers_seen(transport, "x") == [None]
        with pytest.raises(ConnectFailed, match=r"certificate is not trusted: .*; verify= says"):
            used(url, Client.ping)
        with pytest.raises(Disconnected):
            used(url.replace("https", "http"), Client.ping)


def test_a_server_without_tls_is_named() -> None:
    """The scheme may be wrong."""
    with served(echo().http_app()) as base:
        url = f"{base.replace('http', 'https')}/mcp"
        with pytest.raises(ConnectFailed, match="does not speak TLS; is it http://"):
            used(url, Client.ping)


def test_a_file_to_trust_must_be_there() -> None:
    """The path is quoted."""
    transport = StreamableHttpTransport("https://127.0.0.1/mcp", verify="/no/such/file")

    with pytest.raises(ConfigurationError, match="verify='/no/such/file': there is no such file"):
        used(transport, Client.ping)
