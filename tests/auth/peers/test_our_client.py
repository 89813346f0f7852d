"""Our client is authorized by servers of others, and what its user sees of that in a browser."""

from __future__ import annotations

from collections.abc import Generator
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from chromium import Page
from peers.environments import python_packages
from processes import free_port, listening

from .asking import site
from .official import OURS, Authorizing, OfficialClients
from .openid import OpenIdProvider

pytestmark = pytest.mark.timeout(300, func_only=True)

HOSTILE = "<script>window.pwned = 1; alert(1)</script><img src=/pwned onerror=alert(1)>"


def test_it_uses_a_server_of_the_official_sdk(
    openid: OpenIdProvider, official: OfficialClients, page: Page
) -> None:
    """Which points to an OpenID provider: it registers there, and its user signs in there."""
    with (
        official.resource_server(openid.issuer) as server,
        official.authorizing(OURS, server.url) as client,
    ):
        page.open(client.wants())
        openid.log_in(page, "ann")
        page.read("Authentication successful")
        said = client.done()

    assert said["who"] == said["again"] == "ann by read"


@pytest.mark.parametrize("release", ["fastmcp==3.4.10", "fastmcp==4.1.2"])
def test_it_uses_a_server_of_fastmcp(release: str, official: OfficialClients, page: Page) -> None:
    """Which is its own authorization server, made of the official SDK's parts."""
    port = free_port()
    python = python_packages(f"fastmcp{release[9]}", release)
    command = [python, str(official.home / "framework.py"), str(port)]
    url = f"http://127.0.0.1:{port}/mcp"
    with (
        listening(command, official.home / "framework.log", port, cwd=official.home),
        official.authorizing(OURS, url) as client,
    ):
        page.open(client.wants())
        page.read("Authentication successful")
        said = client.done()

    assert said["who"] == said["again"] == "a client by read"


class Waiting:
    """Our client while its user is at the provider: where the browser has to come back to, and with
    which state.
    """

    def __init__(self, client: Authorizing) -> None:
        self.client = client
        asked = parse_qs(urlsplit(client.wants()).query)
        self.callback, self.state = asked["redirect_uri"][0], asked["state"][0]

    def url(self, **query: str) -> str:
        return f"{self.callback}?{urlencode(query)}"


@pytest.fixture
def waiting(openid: OpenIdProvider, official: OfficialClients) -> Generator[Waiting]:
    with (
        official.resource_server(openid.issuer) as server,
        official.authorizing(OURS, server.url) as client,
    ):
        yield Waiting(client)


def untouched(page: Page) -> None:
    """Nothing ran in the page, nothing was asked for but itself, and nothing was even blocked."""
    assert page.alerts == []
    assert page.run("window.pwned") is None
    assert page.run("document.scripts.length") == 0
    assert page.run("document.images.length") == 0
    assert [url for url in page.asked if "/pwned" in urlsplit(url).path] == []
    assert page.complaints == []


def test_an_answer_with_another_state_is_refused(
    waiting: Waiting, page: Page, openid: OpenIdProvider
) -> None:
    """It may be of anybody; nothing that it says is shown, and the client goes on waiting."""
    page.open(waiting.url(code="stolen", state="another"))
    assert "Authentication failed" in page.text
    page.open(waiting.url(error=HOSTILE, error_description=HOSTILE, state=HOSTILE))
    assert "Authentication failed" in page.text
    assert "pwned" not in page.text
    untouched(page)

    page.open(waiting.url(error="access_denied", state=waiting.state, iss=openid.issuer))
    assert "denied" in waiting.client.done()["error"]


def test_what_a_provider_says_is_shown_as_text(
    waiting: Waiting, page: Page, openid: OpenIdProvider
) -> None:
    """On the page that the browser ends at (CVE-2025-62800), and in the client's error."""
    page.open(
        waiting.url(
            error="server_error",
            error_description=HOSTILE,
            state=waiting.state,
            iss=openid.issuer,
        )
    )
    assert "Authentication failed" in page.text
    untouched(page)
    assert "server_error" in waiting.client.done()["error"]


def test_an_answer_of_another_issuer_is_refused(waiting: Waiting, page: Page) -> None:
    """Although it has the right state (RFC 9207): nothing of it is shown."""
    page.open(
        waiting.url(code="mixed-up", state=waiting.state, iss="https://evil.example", error=HOSTILE)
    )
    assert "Authentication failed" in page.text
    assert "pwned" not in page.text
    untouched(page)
    assert "who" not in waiting.client.done()


def test_the_page_is_not_shown_in_a_frame(waiting: Waiting, page: Page) -> None:
    """Of another site; and there, too, an answer with another state is none."""
    with site("127.0.0.1") as evil:
        url = waiting.url(code="stolen", state="another")
        evil.pages["/"] = f'<iframe src="{escape(url)}"></iframe>'
        page.open(f"{evil.origin}/")
        page.wait_for(lambda page: len(page.frames()) == 1, "frame")
        assert "Authentication" not in page.frames()[0]
    assert any("frame-ancestors 'none'" in each for each in page.complaints)
