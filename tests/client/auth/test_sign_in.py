"""The way of a person through a sign-in: the browser, where it ends, and who tries to meddle."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fastmcp.client.auth import OAuth, OAuthFlowError
from fastmcp.client.auth.authorization_request import AuthorizationRequest
from fastmcp.client.auth.browser import checked_page
from fastmcp.client.auth.callback_server import CallbackServer
from fastmcp.client.auth.sign_in import SignIn
from fastmcp.client.oauth_callback import (
    OAuthCallbackResult,
    create_callback_html,
    create_oauth_callback_server,
)
from fastmcp.exceptions import ConfigurationError

from .authority import world

EVIL = "<script>alert(1)</script>"
REQUEST = AuthorizationRequest(
    url="https://login.example/authorize",
    redirect_uri="http://localhost/callback",
    state="right",
    verifier="v",
    issuer="https://login.example",
    names_issuer=True,
)
CLIENT = """
    import asyncio, sys
    from fastmcp import Client
    from fastmcp.client.auth import OAuth

    async def main():
        auth = OAuth(headless=True) if "--headless" in sys.argv else "oauth"
        async with asyncio.timeout(30), Client(sys.argv[1], auth=auth) as client:
            print((await client.call_tool("who")).data or "nobody")

    asyncio.run(main())
"""
BROWSER = """
    import sys, urllib.request
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n")
    urllib.request.urlopen(sys.argv[2]).read()
"""


@asynccontextmanager
async def signing_in(timeout: float = 20) -> AsyncGenerator[tuple[SignIn, str]]:
    """A sign-in that waits, and where."""
    async with SignIn("localhost", 0, timeout, "https://mcp.example/mcp") as one:
        one.request = REQUEST
        yield one, f"http://localhost:{one.port}/callback"


async def back(url: str, **members: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(url, params=members)


RIGHT = {"code": "c", "state": "right", "iss": "https://login.example"}


def test_a_browser_opens_and_comes_back(tmp_path: Path) -> None:
    """All of it as it is by default, with a program for the browser."""
    browser, seen = tmp_path / "browser.py", tmp_path / "seen"
    browser.write_text(textwrap.dedent(BROWSER))
    command = f"{sys.executable} {browser} {seen} %s"
    with world(required_scopes=["read"]) as (_, url):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(CLIENT), url],
            env={**os.environ, "BROWSER": command},
            capture_output=True,
            text=True,
            timeout=40,
        )

    assert done.stdout.strip().endswith("read"), done.stderr
    assert len(seen.read_text().splitlines()) == 1


@pytest.mark.parametrize("pasted", [True, False])
def test_without_a_browser_the_page_is_told(pasted: bool) -> None:
    """Where it ends can be pasted at a terminal, or the browser comes back as ever."""
    ours, theirs = pty.openpty()
    with world(required_scopes=["read"]) as (_, url):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(CLIENT), url, "--headless"],
            stdin=theirs if pasted else subprocess.DEVNULL,
            stderr=theirs if pasted else subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        os.close(theirs)
        said = b""
        while b"\n" not in said.partition(b"Sign in at: ")[2]:
            assert pasted or child.stderr is not None
            said += os.read(ours, 4096) if pasted else child.stderr.readline()  # type: ignore[union-attr]
        page = said.partition(b"Sign in at: ")[2].split()[0].decode()
        answer = httpx2.get(page, follow_redirects=False)
        if pasted:
            os.write(ours, b"nonsense\n" + answer.headers["location"].encode() + b"\n")
        else:
            assert "successful" in httpx2.get(answer.headers["location"]).text
        out, _ = child.communicate(timeout=40)
    os.close(ours)

    assert out.decode().strip().endswith("read")


async def test_one_redirect_ends_it_and_later_ones_nothing() -> None:
    """One shot."""
    async with signing_in() as (one, url):
        first = await back(url, **RIGHT)
        second = await back(url, **{**RIGHT, "code": "other"})
        assert (await one.wait()).code == "c"

    assert (first.status_code, second.status_code) == (200, 404)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"code": "c"},
        {**RIGHT, "state": "wrong"},
        {**RIGHT, "state": ""},
        {"error": "access_denied"},
        {"error": "access_denied", "state": "wrong", "iss": "https://login.example"},
    ],
)
async def test_a_page_that_guesses_the_port_cannot_end_it(members: dict[str, str]) -> None:
    """Without the state, neither with a code of its own (login CSRF) nor with an error."""
    async with signing_in() as (one, url):
        refused = await back(url, **members)
        await back(url, **RIGHT)
        assert (await one.wait()).code == "c"

    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"error": "access_denied"}, "Access was denied"),
        ({"error": "server_error", "error_description": "broken"}, "server_error: broken"),
        ({}, "No authorization code"),
    ],
)
async def test_a_refusal_is_told(members: dict[str, str], said: str) -> None:
    """To the person, and to the program."""
    async with signing_in() as (one, url):
        page = await back(url, state="right", iss="https://login.example", **members)
        with pytest.raises(OAuthFlowError, match=said):
            await one.wait()

    assert said in page.text


@pytest.mark.parametrize("iss", [None, "https://evil.example", "https://login.example/"])
async def test_an_answer_of_somebody_else_is_refused(iss: str | None) -> None:
    """RFC 9207: the issuer, character by character; what it says is not shown."""
    async with signing_in() as (one, url):
        members = {"state": "right", "error": "x", "error_description": "call 0800-EVIL"}
        page = await back(url, **members, **({} if iss is None else {"iss": iss}))
        with pytest.raises(OAuthFlowError, match=r"issuer|does not say"):
            await one.wait()

    assert "EVIL" not in page.text


async def test_the_page_shows_nothing_that_runs() -> None:
    """CVE-2025-62800: texts of others are escaped, and no script would run."""
    async with signing_in() as (_, url):
        page = await back(
            url, state="right", iss=REQUEST.issuer, error=EVIL, error_description=EVIL
        )

    policy = page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    for html in (
        create_callback_html(EVIL, is_success=False, title=EVIL),
        create_callback_html("", server_url=f"https://x/{EVIL}"),
    ):
        assert "<script" not in html


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
async def test_other_names_for_this_machine_are_refused(host: str) -> None:
    """DNS rebinding: a page whose own name leads here is not answered."""
    async with signing_in() as (one, url), httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(url, params=RIGHT, headers={"host": host})
        assert answer.status_code in (400, 421)
        await back(url, **RIGHT)
        assert (await one.wait()).code == "c"


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /callback?code=c&state=right HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /callback HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://[x/callback HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /callback?" + b"a=1&" * 1000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x00\xff\r\n\r\n",
        b"GET /callback" + b"x" * 100_000,
    ],
)
async def test_other_requests_are_refused(raw: bytes) -> None:
    """And change nothing."""
    async with signing_in() as (one, url):
        reader, writer = await asyncio.open_connection("localhost", one.port)
        writer.write(raw)
        try:
            answer = await reader.read()
        except ConnectionError:
            answer = b""
        writer.close()
        await back(url, **RIGHT)
        assert (await one.wait()).code == "c"

    assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 405", b"HTTP/1.1 421")


async def test_who_does_not_come_back_is_not_waited_for_for_ever() -> None:
    """The error says how long it was, and the port is free again."""
    async with signing_in(timeout=0.05) as (one, _):
        port = one.port
        with pytest.raises(TimeoutError, match="callback_timeout"):
            await one.wait()
    async with SignIn("localhost", port, 1, "https://mcp.example/mcp"):
        pass


async def test_a_port_that_is_taken_is_told() -> None:
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with world() as (_, url):
            from fastmcp import Client

            with pytest.raises(OAuthFlowError, match="callback_port"):
                async with Client(url, auth=OAuth(callback_port=port)):
                    pass


async def test_only_this_machine_hears_it() -> None:
    """Whatever name it is given."""
    async with signing_in() as (one, _):
        listening = [each for each in one._server._servers for each in each.sockets]
        assert {each.getsockname()[0] for each in listening} <= {"127.0.0.1", "::1"}
    with pytest.raises(ConfigurationError):
        create_oauth_callback_server(0, host="0.0.0.0")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ms-settings:",
        "https://",
        "https://login.example/$(calc)`x`",
        'https://login.example/"&calc',
        "https://login.example/ --option",
        "https://login.example/\x00",
        "https://login.example/\nx",
        "-x https://login.example",
        "https://login.example/" + "x" * 10_000,
    ],
)
def test_nothing_but_a_web_page_is_opened(url: str) -> None:
    """CVE-2025-6514: neither other schemes, nor what a shell would take for a command."""
    with pytest.raises(OAuthFlowError, match=r"not opened|too long"):
        checked_page(url)


async def test_the_server_of_fastmcp_gives_its_result() -> None:
    """As code has it that was written for it."""
    result, ready = OAuthCallbackResult(), asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server: Any = create_oauth_callback_server(
        port, result_container=result, result_ready=ready, server_url="https://mcp.example"
    )
    serving = asyncio.create_task(server.serve())
    answer = None
    while answer is None:
        try:
            answer = await back(f"http://127.0.0.1:{port}/callback", code="c", state="s", iss="i")
        except httpx2.ConnectError:
            await asyncio.sleep(0.01)
    await ready.wait()
    server.should_exit = True
    await serving

    assert (result.code, result.state, result.iss, result.error) == ("c", "s", "i", None)
    assert "https://mcp.example" in answer.text


async def test_a_silent_connection_keeps_nobody_waiting() -> None:
    """It is one of many."""
    server = CallbackServer("127.0.0.1", 0, lambda members: (200, "ok"))
    await server.open()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    answer = await back(f"http://127.0.0.1:{server.port}/callback")
    writer.close()
    await server.close()

    assert answer.text == "ok"
