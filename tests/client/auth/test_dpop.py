"""Tokens that are bound to a key (DPoP)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse, Response

from fastmcp import Client
from fastmcp.client.auth import FileTokenStorage

from .authority import Agreeing, Authority, protected, serving

NONCE = "fresh-nonce"


class Checking:
    """In front of a server: looks at each proof, and hands on the token."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.seen: list[tuple[dict[str, Any], dict[str, Any]]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        scheme, _, token = headers.get(b"authorization", b"").decode().partition(" ")
        if scheme != "DPoP":
            await self.app(scope, receive, send)
            return
        header, claims = opened(headers[b"dpop"].decode())
        digest = hashlib.sha256(token.encode()).digest()
        assert claims["ath"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if claims.get("nonce") != NONCE:
            challenge = {
                "www-authenticate": 'DPoP error="use_dpop_nonce"',
                "dpop-nonce": NONCE,
            }
            await Response(status_code=401, headers=challenge)(scope, receive, send)
            return
        self.seen.append((header, claims))
        others = [each for each in scope["headers"] if each[0] != b"authorization"]
        bearer = (b"authorization", f"Bearer {token}".encode())
        await self.app({**scope, "headers": [*others, bearer]}, receive, send)


def opened(proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a proof says, if its own key has signed it."""
    header = jwt.decode(proof, _key_of(proof), algorithms=["ES256"])
    return dict(header.header), dict(header.claims)


def _key_of(proof: str) -> ECKey:
    encoded = proof.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    assert header["typ"] == "dpop+jwt"
    assert "d" not in header["jwk"]
    return ECKey.import_key(header["jwk"])


async def test_a_bound_token_goes_with_a_proof_for_each_request(tmp_path: Path) -> None:
    """Of one key, which the next process has too; with the nonce that the server wants."""
    authority = Authority()

    def bound(members: dict[str, str]) -> Response:
        given = authority._given(members, "bound")
        text = bytes(given.body).decode().replace('"bearer"', '"DPoP"')
        return Response(text, media_type="application/json")

    authority.instead["token"] = bound
    front: list[Checking] = []

    def make(base: str) -> Any:
        front.append(Checking(protected(authority, base).http_app()))
        return front[0]

    async def use(url: str) -> Agreeing:
        auth = Agreeing(token_storage=FileTokenStorage(tmp_path, "key"), dpop=True)
        async with asyncio.timeout(20), Client(url, auth=auth) as client:
            await client.call_tool("who")
        return auth

    with serving(authority.app), serving(make) as base:
        first = await use(f"{base}/mcp")
        again = await use(f"{base}/mcp")

    seen = front[0].seen
    assert len({claims["jti"] for _, claims in seen}) == len(seen) >= 4
    assert {claims["htm"] for _, claims in seen} == {"POST"}
    assert {claims["htu"] for _, claims in seen} == {f"{base}/mcp"}
    assert len({str(header["jwk"]) for header, _ in seen}) == 1
    assert (first.pages, again.pages) == (1, 0)


async def test_an_authority_that_binds_nothing_gives_what_it_gives() -> None:
    """A bearer token is used as one."""
    authority = Authority()
    with (
        serving(authority.app),
        serving(lambda base: protected(authority, base).http_app()) as base,
    ):
        async with Client(f"{base}/mcp", auth=Agreeing(dpop=True)) as client:
            assert await client.call_tool("who")


async def test_a_nonce_of_the_authority_is_used() -> None:
    """Once it has said that it wants one, and only once."""
    authority = Authority()
    refused = 0

    def wanting(members: dict[str, str]) -> Response | None:
        nonlocal refused
        refused += 1
        if refused > 1:
            return None
        return JSONResponse({"error": "use_dpop_nonce"}, 400, headers={"dpop-nonce": NONCE})

    authority.instead["token"] = wanting
    with (
        serving(authority.app),
        serving(lambda base: protected(authority, base).http_app()) as base,
    ):
        async with Client(f"{base}/mcp", auth=Agreeing(dpop=True)) as client:
            assert await client.call_tool("who")

    assert refused == 2
