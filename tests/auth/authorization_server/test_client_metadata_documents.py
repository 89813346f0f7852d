"""Clients that are known by the URL of their metadata."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from authority import Authority, authority, response
from certificates import certificate_for
from hypothesis import given
from hypothesis import strategies as st

from fastmcp._fetching.fetcher import Fetcher
from fastmcp.server.auth.cimd import (
    CIMDClientManager,
    CIMDFetcher,
    CIMDFetchError,
    CIMDValidationError,
    document_of,
)
from fastmcp.server.auth.oauth.cimd_fetching import seconds_fresh
from fastmcp.server.auth.oauth.client_authentication import ASSERTION_TYPE

from .browsing import answer, shown, sign_in, stored, users_of
from .flows import BASE, Flow, told
from .signing import EC, OTHER, RSA, SECRET, jwks, signed

NAME = "client.example.com"


async def local(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@asynccontextmanager
async def publishing(
    folder: Path, **members: Any
) -> AsyncGenerator[tuple[Authority, Fetcher, str]]:
    """A client's site with its document; who fetches from it; and the client's id."""
    certificate, key = certificate_for(NAME, folder)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=certificate)
    async with authority(context=own) as site:
        url = f"https://{NAME}:{site.port}/client.json"
        document = {
            "client_id": url,
            "client_name": "Known",
            "redirect_uris": ["http://127.0.0.1:*/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            **members,
        }
        site.says({name: value for name, value in document.items() if value is not None})
        yield site, Fetcher(allow_loopback=True, resolve=local, ssl_context=trust), url


@asynccontextmanager
async def known(folder: Path, **members: Any) -> AsyncGenerator[tuple[Flow, Authority]]:
    """A server whose client is known by its document; the user is signed in."""
    async with publishing(folder, **members) as (site, fetcher, url):
        provider = stored(folder, enable_cimd=True)
        provider.cimd = CIMDClientManager(fetcher=fetcher)
        async with users_of(provider) as flow:
            sign_in(flow, "ann")
            flow.client = {"client_id": url}
            yield flow, site


async def test_a_client_is_known_by_its_url(tmp_path: Path) -> None:
    """It need not register; the user sees whose it is, and that any program could claim it."""
    async with known(tmp_path) as (flow, site):
        document = (await flow.http.get("/.well-known/oauth-authorization-server")).json()
        assert document["client_id_metadata_document_supported"] is True
        page = await shown(flow)
        for text in ("Known", f"known by its domain, {NAME}", "Any program on this device"):
            assert text in page.text
        tokens = await flow.redeem(told(await answer(flow, page, "approve"))["code"])
        assert await flow.calls(tokens.json()["access_token"]) == 200
        assert (await flow.refresh(tokens.json()["refresh_token"])).status_code == 200
        assert len(site.asked) == 1
        assert (await flow.authorize(redirect_uri="http://127.0.0.1:1/other")).status_code == 400


async def test_a_client_of_the_web_is_shown_without_a_warning(tmp_path: Path) -> None:
    """Only its domain can have it sent there."""
    uri = f"https://{NAME}/callback"
    async with known(tmp_path, redirect_uris=[uri]) as (flow, _):
        page = await shown(flow, redirect_uri=uri)
        assert "warning" not in page.text.split("</style>")[1]


@pytest.mark.parametrize(
    "members",
    [
        {"client_id": "https://evil.example/client.json"},
        {"client_id": None},
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["http://evil.example/callback"]},
        {"redirect_uris": ["https://*.example.com:*/"]},
        {"redirect_uris": "http://127.0.0.1/"},
        {"client_secret": "s"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"client_uri": "javascript:alert(1)"},
        {"client_uri": "https://evil.example/\u202emoc.elgoog"},
        {"client_name": 5},
        {"padding": "x" * 6000},
    ],
)
async def test_a_document_that_is_not_in_order_is_no_client(
    tmp_path: Path, members: dict[str, Any]
) -> None:
    """It is as if there were none, and its user is told so."""
    async with known(tmp_path, **members) as (flow, _):
        got = await flow.authorize()
        assert (got.status_code, got.json()["error"]) == (400, "invalid_request")
        assert "location" not in got.headers


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example.com/client.json",
        "https://client.example.com",
        "https://client.example.com/",
        "https://user@client.example.com/client.json",
        "https://client.example.com/a/../client.json",
        "https://client.example.com/client.json#x",
        "https://client.example.com:0/client.json",
        "client.json",
        "",
    ],
)
async def test_not_every_text_is_the_url_of_a_client(url: str) -> None:
    """https, a path, and one way to write it."""
    fetcher = CIMDFetcher()
    assert not fetcher.is_cimd_client_id(url)
    with pytest.raises(CIMDValidationError):
        await fetcher.fetch(url)


async def test_no_document_is_fetched_from_inside(tmp_path: Path) -> None:
    """SSRF: neither from this host, nor where a redirect leads."""
    async with publishing(tmp_path) as (site, fetcher, url):
        with pytest.raises(CIMDValidationError):
            await CIMDFetcher(fetcher=Fetcher(resolve=local)).fetch(url)
        with pytest.raises(CIMDValidationError):
            await CIMDFetcher().fetch("https://127.0.0.1/client.json")
        site.answer = lambda asked: response(b"", 302, location="https://169.254.169.254/")
        with pytest.raises(CIMDFetchError):
            await CIMDFetcher(fetcher=fetcher).fetch(url)
        site.says(b"", 404)
        with pytest.raises(CIMDFetchError):
            await CIMDFetcher(fetcher=fetcher).fetch(url)


async def test_a_document_is_kept_as_its_server_says(tmp_path: Path) -> None:
    """And fetched once for all who ask at the same time; a failure is kept for a while, too."""
    async with publishing(tmp_path) as (site, fetcher, url):
        good = site.answer
        documents = CIMDFetcher(fetcher=fetcher)
        site.says(b"{}")
        for _ in range(3):
            with pytest.raises(CIMDValidationError):
                await documents.fetch(url)
        assert len(site.asked) == 1
        site.answer = good
        documents = CIMDFetcher(fetcher=fetcher)
        await asyncio.gather(*(documents.fetch(url) for _ in range(5)))
        await documents.fetch(url)
        assert len(site.asked) == 2

        content = good(site.asked[0])
        assert isinstance(content, bytes)
        site.answer = lambda asked: content.replace(b"\r\n", b"\r\ncache-control: no-store\r\n", 1)
        fresh = CIMDFetcher(fetcher=fetcher)
        for _ in range(3):
            await fresh.fetch(url)
        assert len(site.asked) == 5


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"cache-control": "max-age=5"}, 5),
        ({"cache-control": 'public, Max-Age="7"'}, 7),
        ({"cache-control": "no-store, max-age=5"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "max-age=99999999999999999999"}, 24 * 3600),
        ({"cache-control": "max-age=-1"}, 60),
        ({"cache-control": "max-age=\u0665"}, 60),
        ({"expires": "0"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, 24 * 3600),
    ],
)
def test_how_long_a_document_is_fresh(headers: dict[str, str], seconds: float) -> None:
    """As RFC 9111 has it, but for a day at most."""
    assert seconds_fresh(headers, 60) == seconds


@given(st.binary(max_size=300))
def test_what_is_no_document_is_an_error_of_its_own(content: bytes) -> None:
    """Whatever a site sends."""
    with pytest.raises(CIMDValidationError):
        document_of(content, "https://client.example.com/client.json")


def assertion(flow: Flow, *signing: Any, **claims: Any) -> dict[str, Any]:
    """A client's proof of who it is, for the token endpoint."""
    client = flow.client["client_id"]
    said = {"iss": client, "sub": client, "aud": f"{BASE}/token", **claims}
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed(said, *signing)}


@pytest.mark.parametrize("place", ["jwks", "jwks_uri"])
@pytest.mark.parametrize("audience", [f"{BASE}/token", BASE, [BASE, "https://other.example"]])
async def test_a_client_proves_itself_by_its_key(tmp_path: Path, place: str, audience: Any) -> None:
    """In its document or at a URL; for the token endpoint, or the issuer. Once."""
    async with having_keys(tmp_path, place) as (flow, _):
        code = told(await answer(flow, await shown(flow), "approve"))["code"]
        proof = assertion(flow, aud=audience)
        got = await flow.redeem(code, **proof, client_id=None)
        assert got.status_code == 200, got.text
        again = await flow.refresh(got.json()["refresh_token"], **proof)
        assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
        fresh = assertion(flow, RSA, "RS256")
        assert (await flow.refresh(got.json()["refresh_token"], **fresh)).status_code == 200


@asynccontextmanager
async def having_keys(folder: Path, place: str) -> AsyncGenerator[tuple[Flow, Authority]]:
    async with known(folder, token_endpoint_auth_method="private_key_jwt") as (flow, site):
        first = site.answer

        def says(asked: Any) -> Any:
            import json

            if asked.path == "/keys":
                return response(jwks(EC, RSA))
            content = first(asked)
            assert isinstance(content, bytes)
            document = json.loads(content.partition(b"\r\n\r\n")[2])
            if place == "jwks":
                document["jwks"] = jwks(EC, RSA)
            else:
                document["jwks_uri"] = f"https://{NAME}:{site.port}/keys"
            return response(document)

        site.answer = says
        yield flow, site


FORGED: dict[str, Any] = {
    "another key": ((OTHER,), {}),
    "a secret": ((SECRET, "HS256"), {}),
    "for another server": ((), {"aud": "https://other.example/token"}),
    "for nobody": ((), {"aud": None}),
    "of another client": ((), {"iss": "https://client.example.com/other.json"}),
    "about another client": ((), {"sub": "https://client.example.com/other.json"}),
    "without an end": ((), {"exp": None}),
    "that has ended": ((), {"exp": 1, "iat": None}),
    "that lasts too long": ((), {"exp": 99999999999}),
    "of the future": ((), {"iat": 99999999990, "exp": 99999999999}),
    "without a jti": ((), {"jti": None}),
    "with a list for a jti": ((), {"jti": ["a"]}),
    "with a number for a subject": ((), {"sub": 5}),
    "by another name of the key": ((EC, "ES256", {"kid": "nobody"}), {}),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_proof_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """`invalid_client`, and the code is still there for who has one."""
    signing, claims = FORGED[name]
    async with having_keys(tmp_path, "jwks") as (flow, _):
        code = told(await answer(flow, await shown(flow), "approve"))["code"]
        got = await flow.redeem(code, **assertion(flow, *signing, **claims))
        assert (got.status_code, got.json()["error"]) == (401, "invalid_client")
        for wrong in ("", "a.b.c", "." * 2, "x" * 40_000, "e30.e30.", "eyJhbGciOiJub25lIn0.e30."):
            proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": wrong}
            assert (await flow.redeem(code, **proof)).status_code == 401, wrong
        odd = {**assertion(flow), "client_assertion_type": "urn:x"}
        assert (await flow.redeem(code, **odd)).json()["error"] == "invalid_request"
        assert (await flow.redeem(code)).status_code == 401
        assert (await flow.redeem(code, **assertion(flow))).status_code == 200
