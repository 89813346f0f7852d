"""The client's OAuth, and servers that want its secrets, its user's browser, or its time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from apps import served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from fastmcp import Client
from fastmcp.client.auth import ClientCredentialsOAuthProvider, OAuth, OAuthFlowError
from fastmcp.exceptions import ClientError

HOSTILE = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
SECRET = "a-client-secret-0123456789"


class Hostile:
    """An MCP server that is its own authorization server, and says what a test wants it to.

    `changes` are made to its documents; `asked` has what it was sent.
    """

    base: str

    def __init__(self) -> None:
        self.resource: dict[str, Any] = {}
        self.authority: dict[str, Any] = {}
        self.token: Callable[[], Response] | None = None
        self.answers: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.issuer: str | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            body = (await request.body()).decode()
            self.asked.append((request.url.path, f"{request.headers} {body}"))
            await self._answer(request, body)(scope, receive, send)

    def _answer(self, request: Request, body: str) -> Response:
        path, base = request.url.path, self.base
        if path == "/mcp":
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        if "oauth-protected-resource" in path:
            said = {"resource": f"{base}/mcp", "authorization_servers": [self.issuer or base]}
            return JSONResponse(_changed(said, self.resource))
        if "oauth-authorization-server" in path:
            said = {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "registration_endpoint": f"{base}/register",
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
            return JSONResponse(_changed(said, self.authority))
        if path == "/register":
            return JSONResponse({**json.loads(body), "client_id": "registered"}, 201)
        if path == "/authorize":
            asked = dict(request.query_params)
            told = {"code": "a-code", "state": asked["state"], "iss": base} | self.answers
            kept = {name: value for name, value in told.items() if value}
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(kept)}")
        if path == "/token":
            if self.token is not None:
                return self.token()
            return JSONResponse({"access_token": "a-token", "token_type": "Bearer"})
        return Response(status_code=404)

    def tokens_asked(self) -> list[str]:
        """What the token endpoint was sent."""
        return [said for path, said in self.asked if path == "/token"]


def _changed(said: dict[str, Any], changes: dict[str, Any]) -> Any:
    return {name: value for name, value in (said | changes).items() if value is not None}


@contextmanager
def hostile() -> Generator[Hostile]:
    """One that listens."""
    server = Hostile()
    with served(server, lifespan="off") as base:
        server.base = base
        yield server


@pytest.fixture
def server() -> Generator[Hostile]:
    """The same for a test."""
    with hostile() as server:
        yield server


class SignedIn(OAuth):
    """A client whose user's browser follows every link at once; the pages are in `opened`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(callback_timeout=1, **options)
        self.opened: list[str] = []
        self.shown: list[httpx2.Response] = []

    async def redirect_handler(self, authorization_url: str) -> None:
        self.opened.append(authorization_url)
        async with httpx2.AsyncClient(follow_redirects=True) as browser:
            self.shown.append(await browser.get(authorization_url))


async def refusal(server: Hostile, auth: Any) -> str:
    """What becomes of connecting, which has to be an error of the client's."""
    with pytest.raises((OAuthFlowError, ClientError)) as refused:
        async with Client(f"{server.base}/mcp", auth=auth, timeout=20):
            pass
    return str(refused.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,<script>alert(1)</script>",
        "ms-msdt:/id",
        "smb://evil.example/share",
        "http://evil.example/authorize",
        "https://evil.example/$(calc)`id`",
        "https://evil.example/a b",
        'https://evil.example/"&calc.exe&"',
        "https://evil.example/\r\n-x",
        "https://user:pw@evil.example/",
        "https:evil",
        "-e/usr/bin/calc",
        "",
        5,
    ],
)
async def test_cve_2025_6514_no_such_page_is_opened(server: Hostile, endpoint: Any) -> None:
    """Only https, or the server's own http, and nothing that a shell would read."""
    server.authority = {"authorization_endpoint": endpoint}
    auth = OAuth(callback_timeout=1)
    opened: list[str] = []

    import webbrowser

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webbrowser, "open", lambda url, *_: opened.append(url) or True)
        patch.setenv("BROWSER", "true")
        await refusal(server, auth)

    assert opened == []
    assert server.tokens_asked() == []


@pytest.mark.parametrize(
    ("answers", "means"),
    [
        ({"state": "another"}, "time"),
        ({"state": ""}, "time"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": ""}, "issuer"),
        ({"code": ""}, "code"),
        ({"code": "", "error": HOSTILE, "error_description": HOSTILE}, "failed"),
    ],
)
async def test_cve_2025_62800_what_comes_back_is_checked_and_escaped(
    server: Hostile, answers: dict[str, str], means: str
) -> None:
    """Another state or issuer (mix-up) ends in no token; a page shows it without a script."""
    server.answers = answers
    auth = SignedIn()
    with pytest.raises((OAuthFlowError, ClientError, TimeoutError)):
        async with Client(f"{server.base}/mcp", auth=auth, timeout=20):
            pass

    assert server.tokens_asked() == []
    page = auth.shown[0]
    assert page.status_code == 400
    assert "<script" not in page.text
    assert "<img src=x" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-frame-options"] == "DENY"


async def test_the_callback_is_for_this_machine_alone_and_for_once(server: Hostile) -> None:
    """Pages under other names are refused, other redirects change nothing, a second is too late."""
    seen: list[int] = []

    class Attacked(SignedIn):
        async def redirect_handler(self, authorization_url: str) -> None:
            asked = parse_qs(urlsplit(authorization_url).query)
            uri, state = asked["redirect_uri"][0], asked["state"][0]
            port = urlsplit(uri).port
            good = {"code": "c", "state": state, "iss": server.base}
            async with httpx2.AsyncClient() as http:
                for query, headers in (
                    (good, {"host": "evil.example"}),
                    (good, {"host": f"localhost.evil.example:{port}"}),
                    ({"code": "stolen"}, {}),
                    ({**good, "state": "x"}, {}),
                ):
                    answer = await http.get(uri, params=query, headers=headers)
                    seen.append(answer.status_code)
                seen.append((await http.post(uri, params=good)).status_code)
            await super().redirect_handler(authorization_url)

    auth = Attacked()
    await refusal(server, auth)

    assert seen == [421, 421, 400, 400, 405]
    assert auth.shown[0].status_code == 200
    assert len(server.tokens_asked()) >= 1
    assert "code=a-code" in server.tokens_asked()[0]


@pytest.mark.parametrize(
    ("resource", "authority"),
    [
        ({"resource": "https://evil.example/mcp"}, {}),
        ({"resource": "{base}/other"}, {}),
        ({}, {"issuer": "https://evil.example"}),
        ({}, {"issuer": "{base}/"}),
        ({}, {"code_challenge_methods_supported": ["plain"]}),
        ({}, {"code_challenge_methods_supported": None}),
        ({}, {"token_endpoint": "http://evil.example/token"}),
        ({}, {"token_endpoint": "file:///etc/passwd"}),
        ({"authorization_servers": ["http://evil.example"]}, {}),
        ({"authorization_servers": ["https://user@evil.example"]}, {}),
        ({"authorization_servers": []}, {}),
    ],
)
async def test_mix_up_documents_that_are_of_somebody_else_are_not_trusted(
    server: Hostile, resource: dict[str, Any], authority: dict[str, Any]
) -> None:
    """Of another resource or issuer, without PKCE, or with endpoints that are none."""
    server.resource, server.authority = (
        {
            name: value.format(base=server.base) if isinstance(value, str) else value
            for name, value in each.items()
        }
        for each in (resource, authority)
    )
    auth = SignedIn()
    await refusal(server, auth)

    assert server.tokens_asked() == []


async def test_ghsa_qx49_cve_2026_104850_credentials_stay_with_their_issuer(
    server: Hostile,
) -> None:
    """A server that names another authorization server later gets no secret for it; with
    `issuer=`, not at first either.
    """
    with hostile() as thief:
        auth = ClientCredentialsOAuthProvider(client_id="me", client_secret=SECRET)
        await refusal(server, auth)
        assert len(server.tokens_asked()) >= 1
        server.issuer = thief.base
        said = await refusal(server, auth)
        assert "sent to nobody else" in said
        assert thief.tokens_asked() == []
        pinned = ClientCredentialsOAuthProvider(
            client_id="me", client_secret=SECRET, issuer="https://issuer.example"
        )
        await refusal(server, pinned)
        assert thief.tokens_asked() == []
        assert SECRET not in said


async def test_ghsa_5h93_a_token_endpoint_does_not_send_credentials_on(server: Hostile) -> None:
    """Redirects of it are not followed, wherever they lead."""
    with hostile() as thief:
        server.token = lambda: RedirectResponse(f"{thief.base}/token", 307)
        auth = ClientCredentialsOAuthProvider(client_id="me", client_secret=SECRET)
        said = await refusal(server, auth)
        assert thief.asked == []
        assert SECRET not in said


@pytest.mark.parametrize(
    "answer",
    [
        lambda: Response(b"x" * 2_000_000),
        lambda: Response(b"[" * 100_000),
        lambda: Response(b'{"access_token": 5, "token_type": "Bearer"}'),
        lambda: Response(b'{"access_token": "a\\r\\nx: y", "token_type": "Bearer"}'),
        lambda: Response(b'{"access_token": "a", "token_type": "mac"}'),
        lambda: Response(b'{"access_token": "a", "token_type": "Bearer", "expires_in": 1e400}'),
        lambda: Response(b'{"access_token": "a", "token_type": "Bearer", "expires_in": "x"}'),
        lambda: Response(b"\xff"),
        lambda: JSONResponse({"error": HOSTILE, "error_description": "\x1b[2J" * 500}, 400),
        lambda: JSONResponse({"error": {"a": 1}}, 400),
        lambda: Response(status_code=500),
    ],
)
async def test_no_answer_of_a_token_endpoint_is_more_than_an_error(
    server: Hostile, answer: Any
) -> None:
    """In one short line, without what would command a terminal."""
    server.token = answer
    auth = ClientCredentialsOAuthProvider(client_id="me", client_secret=SECRET)
    said = await refusal(server, auth)

    assert len(said) < 2000
    assert "\x1b" not in said
    assert SECRET not in said


@pytest.mark.parametrize("answer", [{"expires_in": 10**300}, {"expires_in": -5}, {"scope": "é"}])
async def test_strange_numbers_do_no_harm(server: Hostile, answer: dict[str, Any]) -> None:
    """A time beyond all times is an error of the client's at most."""
    said = {"access_token": "a", "token_type": "Bearer", **answer}
    server.token = lambda: JSONResponse(said)
    await refusal(server, ClientCredentialsOAuthProvider(client_id="me", client_secret=SECRET))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(
        [
            "resource",
            "authorization_servers",
            "scopes_supported",
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "registration_endpoint",
            "code_challenge_methods_supported",
            "token_endpoint_auth_methods_supported",
            "grant_types_supported",
            "authorization_response_iss_parameter_supported",
        ]
    ),
    st.one_of(JSON, st.sampled_from(["http://[", "https://a:b/", "//", "http://127.0.0.1:1/"])),
    max_size=4,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, DOCUMENTS)
def test_no_document_makes_the_client_fail(
    shared: Hostile, resource: dict[str, Any], authority: dict[str, Any]
) -> None:
    """Whatever a server says of itself is an error of the client's kind, and soon."""
    shared.resource, shared.authority = resource, authority

    async def main() -> None:
        auth = ClientCredentialsOAuthProvider(client_id="me", client_secret=SECRET)
        async with asyncio.timeout(20):
            await refusal(shared, auth)

    asyncio.run(main())


@pytest.fixture(scope="module")
def shared() -> Generator[Hostile]:
    """One for all examples."""
    with hostile() as server:
        yield server
