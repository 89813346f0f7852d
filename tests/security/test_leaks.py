"""No secret is told to whoever reads logs, texts of objects, or errors."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from auth.oauth_proxy.browsing import flow_of, proxy_of
from auth.oauth_proxy.identity_provider import CLIENT_SECRET, identity_provider
from processes import http_server

from fastmcp import Client, FastMCP
from fastmcp.client.transports import SSETransport
from fastmcp.testing import asgi_client

from .authority import Party, authority, call_with, reached


class Ears:
    """Hears what every logger says, at any level, and what is printed."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))

    def heard(self) -> str:
        """All of it so far."""
        out, err = self._capfd.readouterr()
        self._stream.write(out + err)
        return self._stream.getvalue()

    def no(self, secrets: dict[str, Any]) -> None:
        """None of these was said."""
        heard = self.heard()
        assert len(heard) > 0
        for name, secret in secrets.items():
            assert len(str(secret)) >= 16, name
            assert str(secret) not in heard, name


@pytest.fixture
def ears(capfd: pytest.CaptureFixture[str]) -> Generator[Ears]:
    """Every logger says everything."""
    ears = Ears(capfd)
    root = logging.getLogger()
    loggers = [logging.getLogger(name) for name in (*root.manager.loggerDict, "fastmcp")]
    before = [(each, each.level, each.disabled) for each in (*loggers, root)]
    root.addHandler(ears.handler)
    for each, _, _ in before:
        each.setLevel(logging.DEBUG)
        each.disabled = False
    try:
        yield ears
    finally:
        root.removeHandler(ears.handler)
        for each, level, disabled in before:
            each.setLevel(level)
            each.disabled = disabled


async def test_an_authorization_server_says_no_secret(ears: Ears) -> None:
    """Neither when all goes well, nor when codes and tokens are sent twice, or are wrong."""
    provider = authority()
    async with reached(provider) as http:
        party = await Party.registered(http, token_endpoint_auth_method="client_secret_post")
        secret = party.client["client_secret"]
        code = await party.code()
        tokens = (await party.redeem(code, client_secret=secret)).json()
        newer = (await party.refresh(tokens["refresh_token"], client_secret=secret)).json()
        await party.calls(newer["access_token"])
        await party.calls("guessed-" + newer["access_token"])
        await party.redeem(code, client_secret=secret)
        await party.redeem(code, client_secret="wrong-" + secret)
        await party.refresh(newer["refresh_token"], client_secret=secret)
        await http.post("/revoke", data={"token": newer["access_token"], "client_secret": secret})
        logging.getLogger("fastmcp").debug("it was heard")
        shown = repr(provider) + repr(provider.access_tokens) + repr(provider.refresh_tokens)

    issued = {
        "secret": secret,
        "code": code,
        "verifier": party.verifier,
        **{f"first {name}": tokens[name] for name in ("access_token", "refresh_token")},
        **{f"second {name}": newer[name] for name in ("access_token", "refresh_token")},
    }
    ears.no(issued)
    for name in ("first access_token", "second access_token", "second refresh_token"):
        assert f"token={issued[name]!r}" not in shown


async def test_a_proxy_says_no_secret(ears: Ears) -> None:
    """Neither its own, nor those of the identity provider, which fails on the way."""
    with identity_provider() as idp:
        idp.told["expires_in"] = 3600
        proxy = proxy_of(idp)
        async with flow_of(proxy) as flow:
            heard = await flow.told()
            tokens = (await flow.redeem(heard["code"])).json()
            newer = (await flow.refresh(tokens["refresh_token"])).json()
            await flow.call(newer["access_token"])
            await flow.call(newer["access_token"][:-4] + "AAAA")
            await flow.redeem(heard["code"])
            idp.fault = "down"
            await flow.told()
            idp.fault = "error:invalid_client"
            await flow.told()
            idp.fault = None
            upstream = {f"upstream {n}": each for n, each in enumerate(idp.access_tokens)}
            refresh = {f"upstream refresh {n}": e for n, e in enumerate(sorted(idp.refresh_tokens))}
            cookies = {name: each for name, each in flow.browser.http.cookies.items() if each}
            shown = repr(proxy) + repr(vars(proxy))

    secrets = {
        "upstream secret": CLIENT_SECRET,
        "code": heard["code"],
        "verifier": flow.verifier,
        **{f"first {name}": tokens[name] for name in ("access_token", "refresh_token")},
        **{f"second {name}": newer[name] for name in ("access_token", "refresh_token")},
        **upstream,
        **refresh,
        **{name: value for name, value in cookies.items() if len(value) >= 16},
    }
    # The provider's own access log has codes and states, which is not ours to keep quiet.
    ears.no(secrets)
    assert CLIENT_SECRET not in shown


async def test_fastmcp_3436_headers_are_not_logged(ears: Ears) -> None:
    """Neither by a client and its transport, nor by the server, whether a token is good or not."""
    good, bad = "good-token-0123456789abcdef", "bad-token-0123456789abcdef"
    mcp = FastMCP("known", auth={good: {"user": "ann"}})

    @mcp.tool
    def fail() -> str:
        raise ValueError("this was heard")

    async with asgi_client(mcp, auth=good) as client:
        await client.call_tool("fail", raise_on_error=False)
    with pytest.raises(Exception) as refused:
        async with asgi_client(mcp, auth=bad):
            pass
    assert bad not in str(refused.value)
    assert "this was heard" in ears.heard()
    ears.no({"good": good, "bad": bad})


async def test_values_that_do_not_fit_are_not_repeated(ears: Ears) -> None:
    """What was sent for a number may have been a password in the wrong place."""
    mcp = FastMCP("checked")

    @mcp.tool
    def pay(amount: int) -> int:
        return amount

    secret = "hunter2-hunter2-hunter2"
    async with Client(mcp) as client:
        with pytest.raises(Exception) as refused:
            await client.call_tool("pay", {"amount": secret})
    assert secret not in str(refused.value)
    ears.no({"sent": secret})


async def test_a_token_that_cannot_be_verified_is_not_logged(ears: Ears) -> None:
    """Where verifying fails, by a mistake of the user's, its traceback has no token."""
    token = "a-token-of-somebody-0123456789"

    async def verify(token: str) -> Any:
        raise RuntimeError("the database is away")

    async with reached(FastMCP("x", auth=verify).auth) as http:
        assert await call_with(http, token) in (401, 503)
    assert "the database is away" in ears.heard()
    ears.no({"token": token})


SIGNING_IN = """
import os
from fastmcp import FastMCP

mcp = FastMCP("x")

@mcp.custom_route("/auth/callback", methods=["GET"])
async def callback(request):
    return {"came": "back"}

mcp.run("http", port=int(os.environ["PORT"]))
"""


def test_the_access_log_has_no_code(script: Callable[..., Path], log: Path) -> None:
    """What a browser comes back with stands in the URL; the log has the path."""
    code, state = "code-of-somebody-0123456789", "state-of-somebody-0123456789"
    with http_server([script(SIGNING_IN)], log, env={"FASTMCP_LOG_LEVEL": "DEBUG"}) as server:
        url = server.url.replace("/mcp", f"/auth/callback?code={code}&state={state}")
        assert httpx2.get(url).status_code == 200
        server.stop()

    assert "/auth/callback?code=" in server.output
    assert code not in server.output
    assert state not in server.output


SSE = """
import os
from fastmcp import FastMCP

FastMCP("x").run("sse", port=int(os.environ["PORT"]), path="/mcp")
"""


@pytest.mark.filterwarnings("ignore::fastmcp.exceptions.FastMCPDeprecationWarning")
async def test_the_access_log_has_no_session_of_sse(script: Callable[..., Path], log: Path) -> None:
    """Who reads it is not to speak in somebody's session."""
    with http_server([script(SSE)], log) as server:
        async with Client(SSETransport(server.url), timeout=20) as client:
            assert await client.ping()
        server.stop()

    assert "/messages/?session_id=[redacted]" in server.output
