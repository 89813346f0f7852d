"""JWTVerifier: tokens that tell by their signature what they are worth."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.errors import SSRFFetchError
from fastmcp.exceptions import ConfigurationError

from ..access_token import AccessToken
from ..jwt.algorithms import DEFAULT, SYMMETRIC, checked_algorithm
from ..jwt.claims import (
    claims_of,
    expiry_of,
    fault_in_kind,
    fault_in_time,
    is_for,
    scopes_in,
    text_of,
)
from ..jwt.given_key import key_of
from ..jwt.key_pair import RSAKeyPair
from ..jwt.keys import FixedKey, Keys, RemoteKeys
from ..jwt.signature import ACCESS_TOKENS, ANY_TYPE, signed
from ..provider import TokenVerifier
from ..static_tokens import StaticTokenVerifier
from ..verified_payloads import VerifiedPayloads

__all__ = ["JWTVerifier", "RSAKeyPair", "StaticTokenVerifier"]

logger: Final = logging.getLogger("fastmcp.server.auth")

JWKS_BYTES = 512 * 1024
JWKS_SECONDS = 10.0


class JWTVerifier(TokenVerifier):
    """Verifies tokens by a `public_key` in PEM (with HS256, 384 or 512 a secret), or by the keys at
    `jwks_uri`.

    A token must be of `algorithm`, of one `issuer`, for one `audience`, and must say when it ends.
    Without `audience` it must be for this server's own URL, which `base_url` tells, here or of the
    provider around this verifier. `accept_any_issuer` and `accept_any_audience` give these up: then
    whatever the key has signed, for whomever, is let in.

    `ssrf_safe` is for a `jwks_uri` that somebody else chose, `http_client` (of httpx2 or httpx) for
    one that is reached in a special way. Keys are fetched again when a token names an unknown one,
    once in `jwks_refresh_interval` seconds at most. `token_kind="id"` takes ID tokens instead.

    Raises:
        ConfigurationError: what cannot be verified by, or not safely.
    """

    def __init__(
        self,
        *,
        public_key: str | bytes | None = None,
        jwks_uri: Any = None,
        issuer: str | Sequence[str] | None = None,
        audience: str | Sequence[str] | None = None,
        algorithm: str | None = None,
        required_scopes: Iterable[str] | str | None = None,
        base_url: Any = None,
        ssrf_safe: bool = False,
        http_client: Any = None,
        jwks_refresh_interval: float = 30.0,
        accept_any_issuer: bool = False,
        accept_any_audience: bool = False,
        token_kind: Literal["access", "id"] = "access",
    ) -> None:
        super().__init__(base_url, required_scopes)
        if bool(public_key) == bool(jwks_uri):
            both = ", not both" if public_key else ""
            raise ConfigurationError(f"JWTVerifier() needs one of public_key= and jwks_uri={both}")
        if jwks_uri and not str(jwks_uri).startswith(("https://", "http://")):
            raise ConfigurationError(f"jwks_uri={str(jwks_uri)!r}: give a URL with its scheme")
        _check_texts(issuer, "issuer")
        _check_texts(audience, "audience")
        if not issuer and not accept_any_issuer:
            raise ConfigurationError(
                "JWTVerifier() needs issuer=, what its tokens have as `iss`; or "
                "accept_any_issuer=True, where the key alone says enough"
            )
        if not 0 <= jwks_refresh_interval < math.inf:
            raise ConfigurationError(
                f"jwks_refresh_interval={jwks_refresh_interval!r}: give seconds, 0 or more"
            )
        if token_kind not in ("access", "id"):
            raise ConfigurationError(f"token_kind={token_kind!r}: give access or id")
        if algorithm is not None:
            algorithm = checked_algorithm(algorithm)
        self.issuer = issuer
        self.audience = audience
        self.ssrf_safe = ssrf_safe
        self._accept_any_audience = accept_any_audience
        self._token_kind = token_kind
        self._http_client = http_client
        self._http = BoundedClient(max_size=JWKS_BYTES, timeout=JWKS_SECONDS, client=http_client)
        self._verified = VerifiedPayloads()
        self._public_key = public_key or None
        self._jwks_uri = None if not jwks_uri else str(jwks_uri)
        self._keys: Keys
        if self._jwks_uri is None:
            key, self.algorithm = key_of(public_key, algorithm)
            self._keys = FixedKey(key)
        else:
            self.algorithm: str = algorithm or DEFAULT
            self._keys = self._remote_keys(self._jwks_uri, jwks_refresh_interval)

    @property
    def public_key(self) -> str | bytes | None:
        """The key that was given."""
        return self._public_key

    @property
    def jwks_uri(self) -> str | None:
        """Where the keys are."""
        return self._jwks_uri

    def set_mcp_path(self, mcp_path: str | None) -> None:
        """Without an audience given, tokens must be for the URL at this path.

        Raises:
            ConfigurationError: nobody has said what that is.
        """
        super().set_mcp_path(mcp_path)
        self._audiences()

    async def verify_token(self, token: str) -> AccessToken | None:
        """What a token says; None for one that is not valid here.

        Raises:
            AuthorityUnavailable: the keys cannot be fetched.
            ConfigurationError: nobody has said for whom tokens must be.
        """
        return await self.load_access_token(token)

    async def load_access_token(self, token: str) -> AccessToken | None:
        """As `verify_token`; subclasses add to either."""
        if not token.isascii():
            return None
        now = time.time()
        known = self._verified.get(token, now)
        if known is not None:
            self._keys.freshen()
        payload = known or await self._signed_payload(token)
        claims = None if payload is None else claims_of(payload)
        if payload is None or claims is None:
            return None
        fault = self._fault(claims, now)
        if fault is not None:
            logger.info("A token was refused: %s", fault)
            return None
        expiry = expiry_of(claims)
        assert expiry is not None
        if known is None:
            self._verified.keep(token, payload, expiry)
        return self._access_token(token, claims, int(expiry))

    async def _signed_payload(self, token: str) -> bytes | None:
        found = signed(
            token, self.algorithm, ACCESS_TOKENS if self._token_kind == "access" else ANY_TYPE
        )
        if found is None:
            return None
        key = await self._keys.get(found.kid)
        payload = None if key is None else found.payload(key)
        if key is None or payload is not None:
            return payload
        # Some change a key and not its name.
        newer = await self._keys.get(found.kid, other_than=key)
        return None if newer is None else found.payload(newer)

    def _fault(self, claims: dict[str, Any], now: float) -> str | None:
        fault = fault_in_time(claims, now)
        if fault is None and self._token_kind == "access":
            fault = fault_in_kind(claims)
        if fault is not None:
            return fault
        if self.issuer and not self._validate_issuer(claims.get("iss")):
            return f"its issuer is {_short(claims.get('iss'))}, not {self.issuer!r}"
        audiences = self._audiences()
        if audiences is not None and not is_for(claims, audiences):
            return f"it is for {_short(claims.get('aud'))}, not for {' or '.join(audiences)}"
        return None

    def _audiences(self) -> Sequence[str] | None:
        """Whom tokens may be for; None if it does not matter."""
        if self.audience:
            return _texts(self.audience)
        if self._accept_any_audience:
            return None
        resource = self._resource_url or self._get_resource_url(self._mcp_path)
        if resource is None:
            raise ConfigurationError(
                "JWTVerifier() needs to know whom its tokens are for: give audience=, or the URL "
                "of this server as base_url=, here or to the provider around it. With "
                "accept_any_audience=True it also lets in tokens that were made for others"
            )
        # A host without a path is the same with and without its slash (RFC 3986 section 6.2.3).
        return [resource, f"{resource}/"] if resource.count("/") == 2 else [resource]

    def _validate_issuer(self, issuer: Any) -> bool:
        """Whether a token's `iss` is accepted; subclasses may know it by other signs."""
        return isinstance(issuer, str) and issuer in _texts(self.issuer or ())

    def _extract_scopes(self, claims: dict[str, Any]) -> list[str]:
        """The scopes of a token; subclasses may find them elsewhere."""
        return scopes_in(claims)

    def _access_token(self, token: str, claims: dict[str, Any], expiry: int) -> AccessToken:
        client = text_of(claims, "client_id", "azp", "cid", "sub")
        return AccessToken(
            token=token,
            client_id=client or f"token-{hashlib.sha256(token.encode()).hexdigest()[:16]}",
            scopes=self._extract_scopes(claims),
            expires_at=expiry,
            subject=text_of(claims, "sub"),
            claims=claims,
        )

    def _remote_keys(self, url: str, refresh_interval: float) -> RemoteKeys:
        if self.algorithm in SYMMETRIC:
            raise ConfigurationError(
                f"algorithm={self.algorithm!r} needs a secret, and what is at jwks_uri= is none: "
                "give the secret as public_key="
            )
        if self.ssrf_safe and self._http_client is not None:
            raise ConfigurationError(
                "http_client= cannot be given with ssrf_safe=True, which has a client of its own"
            )
        return RemoteKeys(
            url, self.algorithm, self._fetch_jwks, refresh_interval, self._verified.clear
        )

    async def _fetch_jwks(self) -> bytes:
        assert self._jwks_uri is not None
        if self.ssrf_safe:
            from fastmcp._fetching.fetcher import Fetcher

            fetched = await Fetcher().fetch(self._jwks_uri, max_size=JWKS_BYTES)
        else:
            fetched = await self._http.request("GET", self._jwks_uri)
        if fetched.status_code != 200:
            raise SSRFFetchError(f"the answer has status {fetched.status_code}")
        return fetched.content


def _texts(given: str | Sequence[str]) -> Sequence[str]:
    return (given,) if isinstance(given, str) else given


def _check_texts(given: Any, keyword: str) -> None:
    """Of URL objects the text is a different one from what was written: they are not taken."""
    if given is None:
        return
    texts = (given,) if isinstance(given, str) else given
    if (
        not isinstance(texts, Sequence)
        or not texts
        or not all(
            isinstance(each, str) and each
            for each in texts  # type: ignore[reportUnknownVariableType]
        )
    ):
        raise ConfigurationError(f"{keyword}={given!r}: give a text, or a list of texts")


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 200 else f"{text[:200]}…"
