"""Whatever is sent to the endpoints of OAuth: an error of OAuth's, and never one of ours."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .authority import CALLBACK, CODES, Party, authority, reached

EXAMPLES = 40
REGISTRATION = {"invalid_redirect_uri", "invalid_client_metadata", "invalid_request"}

NASTY = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "JaVaScRiPt://%0aalert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "http://",
        "http://[",
        "http://[::1",
        "http://a:99999/",
        "http://a:b/",
        "https://a@b/",
        "https://example.com/../x",
        "https://example.com/%2e%2e/x",
        "https://example.com/cb#f",
        "//example.com",
        "\u202egpj.exe",
        "é" * 50,
        "x" * 5000,
        "%",
        "%zz",
        "%00",
        "%ff",
        "<script>alert(1)</script>",
        "'\"><img src=x onerror=alert(1)>",
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "code",
        "S256",
        "plain",
        "read",
        CALLBACK,
    ]
)
TEXT = st.one_of(st.text(max_size=40), NASTY)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
METADATA = st.dictionaries(
    st.sampled_from(
        [
            "redirect_uris",
            "token_endpoint_auth_method",
            "grant_types",
            "response_types",
            "client_name",
            "client_uri",
            "logo_uri",
            "scope",
            "contacts",
            "tos_uri",
            "policy_uri",
            "jwks_uri",
            "jwks",
            "software_id",
            "software_version",
            "application_type",
            "client_id",
            "client_secret",
            "",
        ]
    ),
    st.one_of(JSON, st.lists(TEXT, max_size=3)),
)
PARAMETERS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(
                [
                    "response_type",
                    "client_id",
                    "redirect_uri",
                    "code_challenge",
                    "code_challenge_method",
                    "scope",
                    "state",
                    "resource",
                    "grant_type",
                    "code",
                    "code_verifier",
                    "refresh_token",
                    "client_secret",
                    "client_assertion",
                    "client_assertion_type",
                    "token",
                    "token_type_hint",
                    "assertion",
                    "request",
                    "csrf_token",
                    "action",
                ]
            ),
            st.text(max_size=10),
        ),
        TEXT,
    ),
    max_size=10,
)
fuzzed = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def to(asked: Any, provider: Any = None) -> Any:
    """What `asked` returns, which is given somebody who can reach a server."""

    async def main() -> Any:
        async with reached(provider or authority()) as http:
            return await asked(http)

    return asyncio.run(main())


def is_an_error(answer: httpx2.Response, codes: set[str] = CODES) -> bool:
    """Whether a response is an error of OAuth in JSON."""
    assert answer.status_code in (400, 401, 413, 415), (answer.status_code, answer.text)
    told = answer.json()
    assert told["error"] in codes, told
    assert "Traceback" not in answer.text
    return True


@fuzzed
@given(METADATA)
def test_no_metadata_of_a_client_is_a_failure_of_ours(metadata: dict[str, Any]) -> None:
    """It is registered, or told what is wrong by RFC 7591's codes."""

    async def asked(http: httpx2.AsyncClient) -> None:
        import json

        body = json.dumps(metadata).encode("utf-8", "surrogatepass")
        answer = await http.post("/register", content=body)
        if answer.status_code == 201:
            client = answer.json()
            assert client["client_id"] not in ("", metadata.get("client_id"))
            assert client.get("client_secret") != metadata.get("client_secret", "…")
            assert all(uri.isascii() for uri in client["redirect_uris"])
        else:
            assert is_an_error(answer, REGISTRATION)

    to(asked)


@fuzzed
@given(st.binary(max_size=200))
def test_no_body_is_a_failure_of_ours(body: bytes) -> None:
    """Of any endpoint that is posted to, whatever it says to be."""

    async def asked(http: httpx2.AsyncClient) -> None:
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert is_an_error(await http.post("/register", content=body), REGISTRATION)
        for path in ("/token", "/revoke", "/authorize"):
            for headers in (form, {}, {"content-type": "application/json"}):
                assert is_an_error(await http.post(path, content=body, headers=headers))

    to(asked)


@fuzzed
@given(PARAMETERS, st.booleans())
def test_no_authorization_request_is_a_failure_of_ours(
    parameters: list[tuple[str, str]], known: bool
) -> None:
    """The user stays here, unless the client and its redirect URI are known."""

    async def asked(http: httpx2.AsyncClient) -> None:
        party = await Party.registered(http)
        own = [("client_id", party.client["client_id"]), ("redirect_uri", CALLBACK)]
        said = [*(pair for pair in parameters if pair[0] not in dict(own)), *own]
        chosen = [pair for pair in (said if known else parameters) if _sendable(pair)]
        for answer in (
            await http.get("/authorize", params=chosen),
            await http.get("/authorize", params=chosen, headers={"accept": "text/html"}),
            await http.post("/authorize", data=dict(chosen)),
        ):
            if answer.status_code == 302:
                assert known
                location = answer.headers["location"]
                assert location.startswith(f"{CALLBACK}?")
                assert "\n" not in location
                told = parse_qs(urlsplit(location).query)
                assert "code" in told or told["error"][0] in CODES
            elif "text/html" in answer.headers["content-type"]:
                assert answer.status_code == 400
                assert "<script>alert" not in answer.text
                assert "<img src=x" not in answer.text
            else:
                assert is_an_error(answer)

    to(asked)


@fuzzed
@given(PARAMETERS, TEXT)
def test_no_token_request_is_a_failure_of_ours(
    parameters: list[tuple[str, str]], header: str
) -> None:
    """Nobody gets tokens by chance."""

    async def asked(http: httpx2.AsyncClient) -> None:
        party = await Party.registered(http)
        said = dict(pair for pair in parameters if _sendable(pair))
        raw = [(b"authorization", b"Basic " + header.encode("utf-8", "replace"))]
        raw = [(name, value.replace(b"\r", b"").replace(b"\n", b"")) for name, value in raw]
        for path in ("/token", "/revoke"):
            for form in (said, {**said, "client_id": party.client["client_id"]}):
                answer = await http.post(path, data=form)
                assert (path == "/revoke" and answer.status_code == 200) or is_an_error(answer)
                assert is_an_error(await http.post(path, data=form, headers=raw))

    to(asked)


@pytest.mark.parametrize("path", ["/token", "/revoke", "/register", "/authorize"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "GET"])
def test_other_methods_are_not_served(path: str, method: str) -> None:
    """405, but for the page that browsers get."""

    async def asked(http: httpx2.AsyncClient) -> int:
        return (await http.request(method, path)).status_code

    assert to(asked) == (400 if (path, method) == ("/authorize", "GET") else 405)


def _sendable(pair: tuple[str, str]) -> bool:
    try:
        "".join(pair).encode()
    except UnicodeEncodeError:
        return False
    return True
