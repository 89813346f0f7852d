"""The pages on which our authorization servers ask users, in a real browser."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import Chromium, Page

from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.oauth.provider import OAuthProvider
from fastmcp.server.auth.oauth.rates import OAuthRates
from fastmcp.server.auth.oauth.stored import StoredOAuthProvider
from fastmcp.server.auth.oauth_proxy import OAuthProxy
from fastmcp.server.auth.providers.debug import DebugTokenVerifier

from .asking import Site, authorization_url, registered, site
from .ours import our_server

SIGN_IN = "/sign-in"
HOSTILE = [
    "<script>window.pwned = 1; alert(1)</script>",
    "\"><img src='/pwned' onerror='alert(1)'>",
    "</strong></p><form action='https://evil.example/'><button>Allow</button></form>",
    "' onmouseover='alert(1)' x='",
    "<svg onload=alert(1)><iframe src=/pwned></iframe>",
    "<style>*{display:none}</style><base href='https://evil.example/'>",
    "<meta http-equiv='refresh' content='0;url=/pwned'>",
]


class Asked:
    """An authorization server that asks its users: `elsewhere` is where a user who said yes is sent
    from the page of the proxy, and the client's site.
    """

    def __init__(self, kind: str, url: str, client: Site) -> None:
        self.kind, self.client = kind, client
        self.base = url.removesuffix("/mcp")
        self.redirect_uri = f"{client.origin}/callback"

    def url(self, name: str = "A client", **asked: str) -> str:
        """Where a newly registered client sends its user."""
        answer = registered(self.base, client_name=name, redirect_uris=[self.redirect_uri])
        assert answer.status_code == 201, answer.text
        return authorization_url(self.base, answer.json()["client_id"], self.redirect_uri, **asked)

    def said_yes(self) -> bool:
        """Whether a user was sent on with a yes."""
        return any(path.startswith(SIGN_IN) or "code=" in path for path in self.client.asked)


@contextmanager
def asking(kind: str, folder: Path) -> Generator[Asked]:
    """One of either kind; the page where one signs in is on the client's site, as everything that
    is not ours.
    """
    with site("127.0.0.1") as client:

        def make(base: str) -> AuthProvider:
            provider = made(base)
            provider.rates = OAuthRates(register=None, authorize=None)
            return provider

        def made(base: str) -> OAuthProvider:
            if kind == "stored":
                return StoredOAuthProvider(
                    base_url=base,
                    authenticate=lambda request: "ann",
                    storage=f"sqlite:///{folder}/oauth.db",
                    encryption_key="of-the-tests-alone",
                    valid_scopes=["read", "write"],
                    required_scopes=["read"],
                )
            return OAuthProxy(
                upstream_authorization_endpoint=f"{client.origin}{SIGN_IN}",
                upstream_token_endpoint=f"{client.origin}/token",
                upstream_client_id="us",
                upstream_client_secret="a-secret-of-the-tests-alone",
                token_verifier=DebugTokenVerifier(required_scopes=["read"]),
                valid_scopes=["read", "write"],
                base_url=base,
            )

        with our_server(make) as url:
            yield Asked(kind, url, client)


@pytest.fixture(scope="module", params=["stored", "proxy"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Asked]:
    """Each of the servers that ask."""
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASTMCP_HOME", str(folder / "fastmcp"))
        with asking(request.param, folder) as found:
            yield found


@pytest.fixture
def asked(server: Asked) -> Asked:
    """The same, of which nobody has asked anything yet."""
    server.client.asked.clear()
    return server


def untouched(page: Page, base: str) -> None:
    """Nothing ran in the page, nothing was asked for but itself, and nothing was even blocked."""
    assert page.alerts == []
    assert page.run("window.pwned") is None
    assert page.run("document.scripts.length") == 0
    assert page.run("document.querySelectorAll('img, iframe, svg, base, object').length") == 0
    asked = [url for url in page.asked if not url.endswith("/favicon.ico")]
    assert [url for url in asked if not url.startswith(f"{base}/")] == []
    assert [url for url in asked if "pwned" in urlsplit(url).path] == []
    assert page.complaints == []


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_user_who_says_yes_is_sent_on(asked: Asked, page: Page) -> None:
    """After a page that says who asks, for what, and where the answer goes."""
    page.open(asked.url("Notes", scope="read write", state="s1"))
    page.at(f"{asked.base}/consent")

    for text in ("Notes", asked.redirect_uri, "read, write", "Allow", "Deny"):
        assert text in page.text
    untouched(page, asked.base)
    page.click("button[value=approve]")
    page.read("You may go back.")
    assert asked.said_yes()
    if asked.kind == "stored":
        assert query_of(page)["state"] == ["s1"]
        assert query_of(page)["iss"] == [asked.base]


def test_a_user_who_says_no_is_sent_back(asked: Asked, page: Page) -> None:
    """With the error of RFC 6749, and nothing else."""
    page.open(asked.url(state="s2"))
    page.click("button[value=deny]")
    page.read("You may go back.")

    query = query_of(page)
    assert query["error"] == ["access_denied"]
    assert query["state"] == ["s2"]
    assert query["iss"] == [asked.base]
    assert not asked.said_yes()


def test_the_page_works_without_scripts(asked: Asked, page: Page) -> None:
    """As users have it who switch them off."""
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(asked.url())
    page.click("button[value=approve]")
    page.read("You may go back.")

    assert asked.said_yes()


def test_what_a_client_says_of_itself_is_shown_as_text(asked: Asked, page: Page) -> None:
    """Whatever it is made of, nothing of it becomes a part of the page."""
    for text in HOSTILE:
        page.open(asked.url(text))
        page.at(f"{asked.base}/consent")

        assert text[:60] in " ".join(page.text.split())
        assert page.run("document.forms.length") == 1
        action = page.run("document.forms[0].getAttribute('action')")
        assert action == f"{asked.base}/consent"
        untouched(page, asked.base)


def test_a_hostile_redirect_uri_is_refused_or_shown_as_text(asked: Asked, page: Page) -> None:
    """Those that are no place to send anybody to are not registered at all."""
    for uri in [
        "javascript:alert(1)//https://x.example",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "https://good.example@evil.example/cb",
        "https://x.example/../cb",
    ]:
        answer = registered(asked.base, redirect_uris=[uri])
        assert answer.status_code == 400, uri
        assert answer.json()["error"] == "invalid_redirect_uri", uri

    for uri in [
        f'{asked.redirect_uri}"><script>alert(1)</script>',
        f"{asked.redirect_uri}?a='onmouseover='alert(1)'",
        "https://x.example;script-src/cb",
        "https://x.example,script-src/cb",
    ]:
        answer = registered(asked.base, redirect_uris=[uri])
        if answer.status_code == 201:
            page.open(authorization_url(asked.base, answer.json()["client_id"], uri))
            page.at(f"{asked.base}/consent")
            assert uri in page.text
            untouched(page, asked.base)
        else:
            assert answer.json()["error"] == "invalid_redirect_uri", uri


def test_a_hostile_state_comes_back_as_it_was(asked: Asked, page: Page) -> None:
    """It is the client's, and never a part of a page of ours."""
    for text in HOSTILE:
        page.open(asked.url(state=text))
        page.at(f"{asked.base}/consent")
        untouched(page, asked.base)
        page.click("button[value=deny]")
        page.at(asked.redirect_uri)

        assert query_of(page)["state"] == [text]
        page.asked.clear()


@pytest.mark.parametrize("parameter", ["client_id", "redirect_uri", "scope", "response_type"])
def test_a_malformed_request_is_answered_without_a_part_of_it(
    asked: Asked, page: Page, parameter: str
) -> None:
    """Where it is shown, it is text; and nobody is sent anywhere but to the client's own page."""
    good = {name: values[0] for name, values in parse_qs(urlsplit(asked.url()).query).items()}
    for text in HOSTILE:
        page.open(authorization_url(asked.base, **{**good, parameter: text}))
        page.at("http")

        if page.url.startswith(asked.base):
            untouched(page, asked.base)
            assert page.answers[page.url][0] == 400
            assert page.run("document.forms.length") == 0
        else:
            assert page.url.startswith(asked.redirect_uri)
            assert "error" in query_of(page)
            assert page.alerts == []
            page.asked.clear()
    assert not asked.said_yes()


def test_the_page_is_not_shown_in_a_frame(asked: Asked, page: Page) -> None:
    """Of another site, which would have its user press a button that is not seen; one's own page
    is shown in a frame beside it.
    """
    with site() as evil:
        evil.pages["/"] = (
            f'<iframe src="{escape(asked.url())}"></iframe>'
            f'<iframe src="{asked.client.origin}/"></iframe>'
        )
        page.open(f"{evil.origin}/")
        page.wait_for(lambda page: len(page.frames()) == 2, "frames")
        shown = "".join(page.frames())

    assert "You may go back." in shown
    assert "Allow" not in shown
    assert any("frame-ancestors 'none'" in each for each in page.complaints)


def test_the_page_of_one_browser_is_not_answered_by_another(
    asked: Asked, browser: Chromium
) -> None:
    """Its form, with all its secrets, sent from a browser that was not shown it."""
    with browser.person() as ann, browser.person() as bob:
        ann.open(asked.url())
        ann.at(f"{asked.base}/consent")
        fields = ann.run("JSON.stringify([...new FormData(document.forms[0])])")
        bob.open(f"{asked.base}/.well-known/oauth-authorization-server")
        bob.run(
            f"""const form = document.createElement('form');
            form.method = 'post'; form.action = '{asked.base}/consent';
            for (const [name, value] of [...{fields}, ['action', 'approve']]) {{
              const field = document.createElement('input');
              field.name = name; field.value = value; form.append(field);
            }}
            document.body.append(form);
            form.requestSubmit();"""
        )
        bob.at(f"{asked.base}/consent")

        assert bob.answers[bob.url][0] == 403
        assert not asked.said_yes()


def test_a_form_of_another_site_is_no_answer(asked: Asked, page: Page) -> None:
    """Sent by the very browser that was shown the page, by a site that knows everything in it."""
    page.open(asked.url())
    page.at(f"{asked.base}/consent")
    fields: list[Any] = page.run("[...new FormData(document.forms[0])]")
    with site() as evil:
        inputs = "".join(
            f'<input name="{escape(name)}" value="{escape(value)}">'
            for name, value in [*fields, ["action", "approve"]]
        )
        evil.pages["/"] = (
            f'<form method="post" action="{asked.base}/consent">{inputs}<button>Win</button></form>'
        )
        page.open(f"{evil.origin}/")
        page.click("button")
        page.at(f"{asked.base}/consent")

        assert page.answers[page.url][0] == 403
        assert not asked.said_yes()


def test_an_answer_counts_once(asked: Asked, page: Page) -> None:
    """A page that is gone back to, and answered again, is over."""
    page.open(asked.url())
    page.at(f"{asked.base}/consent")
    question = page.url
    page.click("button[value=deny]")
    page.read("You may go back.")
    page.open(question)

    assert page.answers[question][0] in (400, 403)
    assert "Allow" not in page.text


def test_cookies_of_the_page_are_for_nobody_else(asked: Asked, page: Page) -> None:
    """No script reads them, and no other site has them sent."""
    page.open(asked.url())
    page.at(f"{asked.base}/consent")

    assert page.cookies
    for cookie in page.cookies:
        assert cookie["httpOnly"]
        assert cookie["sameSite"] in ("Lax", "Strict")
    assert page.run("document.cookie") == ""
