"""A small OpenID provider on a socket, which knows one client, and fails when it is told to."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from apps import served
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fastmcp._oauth.pkce import proves
from fastmcp.server.auth.providers.jwt import RSAKeyPair

CLIENT_ID = "the-one-client"
CLIENT_SECRET = "upstream-client-secret-0123456789"
WORDS = "upstream-words-for-nobody"
_KEYS = RSAKeyPair.generate()


class IdentityProvider:
    """Signs everybody in as ann. What it was asked is in `asked`; `fault` says how it fails."""

    url: str

    def __init__(self) -> None:
        self.fault: str | None = None
        self.told: dict[str, Any] = {"expires_in": 3600}
        self.scope: str | None = "read"
        self.sent_iss: str | None = None
        self.rotates = True
        self.delay = 0.0
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.revoked: list[str] = []
        self.count: Counter[str] = Counter()
        self.codes: dict[str, dict[str, str]] = {}
        self.refresh_tokens: set[str] = set()
        self.access_tokens: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/revoke", self.revoke, methods=["POST"]),
                Route("/jwks", self.jwks),
                Route("/.well-known/openid-configuration", self.configuration),
            ]
        )

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(("authorize", asked))
        assert asked["client_id"] == CLIENT_ID
        assert "/auth/callback" in asked["redirect_uri"]
        told = {"state": asked["state"]}
        if self.sent_iss is not None:
            told["iss"] = self.sent_iss
        if self.fault is not None and self.fault.startswith("refuse:"):
            told |= {"error": self.fault.partition(":")[2], "error_description": WORDS}
        else:
            code = told["code"] = secrets.token_urlsafe(16)
            self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}")

    async def token(self, request: Request) -> Response:
        form = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        self.asked.append(("token", form))
        self.count[form["grant_type"]] += 1
        await asyncio.sleep(self.delay)
        if (failure := self._failure()) is not None:
            return failure
        if _client(request, form) != (CLIENT_ID, CLIENT_SECRET):
            return _error("invalid_client", 401)
        if form["grant_type"] == "refresh_token":
            if form.get("refresh_token") not in self.refresh_tokens:
                return _error("invalid_grant")
            if self.rotates:
                self.refresh_tokens.remove(form["refresh_token"])
        else:
            asked = self.codes.pop(form["code"], None)
            if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
                return _error("invalid_grant")
            challenge = asked.get("code_challenge")
            if challenge is not None and not proves(form["code_verifier"], challenge):
                return _error("invalid_grant")
        return JSONResponse(self._tokens())

    def _failure(self) -> Response | None:
        if self.fault == "down":
            return PlainTextResponse(WORDS, 503)
        if self.fault == "garbage":
            return PlainTextResponse(WORDS)
        if self.fault is not None and self.fault.startswith("error:"):
            return _error(self.fault.partition(":")[2])
        if self.fault is not None and self.fault.startswith("200:"):
            return _error(self.fault.partition(":")[2], 200)
        return None

    def _tokens(self) -> dict[str, Any]:
        access = _KEYS.create_token(
            "ann",
            self.url,
            "api",
            [] if self.scope is None else self.scope.split(),
            additional_claims={"jti": secrets.token_hex(8)},
            kid="1",
        )
        self.access_tokens.append(access)
        told = {"access_token": access, "token_type": "Bearer", **self.told}
        if self.scope is not None:
            told["scope"] = self.scope
        if self.rotates or not self.refresh_tokens:
            told["refresh_token"] = f"upstream-refresh-{secrets.token_hex(8)}"
            self.refresh_tokens.add(told["refresh_token"])
        told["id_token"] = _KEYS.create_token("ann", self.url, CLIENT_ID, kid="1")
        return told

    async def revoke(self, request: Request) -> Response:
        form = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        assert _client(request, form)[0] == CLIENT_ID
        self.revoked.append(form["token"])
        self.refresh_tokens.discard(form["token"])
        return Response()

    async def jwks(self, request: Request) -> Response:
        self.count["jwks"] += 1
        key = RSAKey.import_key(_KEYS.public_key, {"kid": "1", "alg": "RS256", "use": "sig"})
        return JSONResponse({"keys": [key.as_dict(private=False)]})

    async def configuration(self, request: Request) -> Response:
        self.count["configuration"] += 1
        if self.fault == "down":
            return PlainTextResponse(WORDS, 503)
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "revocation_endpoint": f"{self.url}/revoke",
                "jwks_uri": f"{self.url}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )


def _error(code: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": WORDS}, status)


def _client(request: Request, form: dict[str, str]) -> tuple[str | None, str | None]:
    header = request.headers.get("authorization")
    if header is None:
        return form.get("client_id"), form.get("client_secret")
    id, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return unquote_plus(id), unquote_plus(secret)


@contextmanager
def identity_provider() -> Generator[IdentityProvider]:
    """One that runs."""
    idp = IdentityProvider()
    with served(idp.app) as url:
        idp.url = url
        yield idp
