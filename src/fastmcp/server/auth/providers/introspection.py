"""IntrospectionTokenVerifier: tokens that only who issued them can read (RFC 7662)."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote_plus

from msgspec import MsgspecError
from msgspec.json import Decoder

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.errors import FetchError
from fastmcp._oauth.locations import checked_url
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError

from ..access_token import AccessToken
from ..jwt.claims import expiry_of, fault_in_kind, fault_in_time, is_for, scopes_in, text_of
from ..provider import TokenVerifier
from ..single_flight import SingleFlight
from ..verified_payloads import MAX_TOKENS, VerifiedPayloads

__all__ = ["IntrospectionTokenVerifier"]

logger: Final = logging.getLogger("fastmcp.server.auth")

ClientAuthMethod = Literal["client_secret_basic", "client_secret_post"]

MAX_TOKEN = 32_768
MAX_ANSWER = 256 * 1024
_ANSWER = Decoder(dict[str, Any])


class IntrospectionTokenVerifier(TokenVerifier):
    """Asks the introspection endpoint of an authorization server about each token.

    `client_id` and `client_secret` are this server's own there. With `audience` a token must be for
    one of these. A token that was revoked is known as such at once; with `cache_ttl_seconds` only
    after that time, but the endpoint is asked less often. Requests that come with the same token at
    the same time share one question. `http_client` (of httpx2 or httpx) keeps its connections.

    Raises:
        ConfigurationError: a keyword that cannot be.
    """

    def __init__(
        self,
        *,
        introspection_url: Any,
        client_id: str,
        client_secret: Any,
        client_auth_method: ClientAuthMethod = "client_secret_basic",
        timeout_seconds: float = 10,
        required_scopes: Iterable[str] | str | None = None,
        audience: str | Sequence[str] | None = None,
        base_url: Any = None,
        cache_ttl_seconds: float | None = None,
        max_cache_size: int | None = None,
        http_client: Any = None,
    ) -> None:
        super().__init__(base_url, required_scopes)
        if client_auth_method not in ("client_secret_basic", "client_secret_post"):
            raise ConfigurationError(
                f"client_auth_method={client_auth_method!r}: give client_secret_basic or "
                "client_secret_post"
            )
        for keyword, number in (
            ("cache_ttl_seconds", cache_ttl_seconds),
            ("max_cache_size", max_cache_size),
        ):
            if number is not None and number < 0:
                raise ConfigurationError(f"{keyword}={number!r}: give 0 or more")
        self._audiences = _audiences(audience)
        self.audience = audience
        self.introspection_url: str = str(introspection_url)
        checked_url(self.introspection_url.partition("?")[0], "introspection_url")
        self.client_id = client_id
        reveal = getattr(client_secret, "get_secret_value", None)
        self.client_secret: str = client_secret if reveal is None else reveal()
        self.client_auth_method: ClientAuthMethod = client_auth_method
        self.timeout_seconds = timeout_seconds
        self._ttl = cache_ttl_seconds or 0
        size = MAX_TOKENS if max_cache_size is None else max_cache_size
        self._active = VerifiedPayloads(size if self._ttl else 0)
        self._asked: SingleFlight[bytes | None] = SingleFlight()
        self._http = BoundedClient(max_size=MAX_ANSWER, timeout=timeout_seconds, client=http_client)

    async def verify_token(self, token: str) -> AccessToken | None:
        """What the authorization server says of a token; None for one that is not valid.

        Raises:
            AuthorityUnavailable: it does not say.
        """
        if not token or len(token) > MAX_TOKEN or not token.isascii():
            return None
        now = time.time()
        known = self._active.get(token, now)
        if known is None:
            known = await self._asked.join(token, lambda: self._ask(token))
        if known is None:
            return None
        said = _ANSWER.decode(known)
        fault = fault_in_time(said, now, must_end=False) or fault_in_kind(said)
        if fault is None and self._audiences is not None and not is_for(said, self._audiences):
            fault = f"it is not for {' or '.join(self._audiences)}"
        if fault is not None:
            logger.info("A token was refused: %s", fault)
            return None
        return self._access_token(token, said)

    async def _ask(self, token: str) -> bytes | None:
        """What is said of a token that is active, as JSON."""
        try:
            answer = await self._http.request(
                "POST", self.introspection_url, follow_redirects=False, **self._question(token)
            )
        except FetchError as error:
            raise AuthorityUnavailable(f"The introspection endpoint fails: {error}") from None
        if answer.status_code != 200:
            raise AuthorityUnavailable(
                f"The introspection endpoint answers with status {answer.status_code}"
                + (": are client_id= and client_secret= right?" * (answer.status_code == 401))
            )
        try:
            said = _ANSWER.decode(answer.content)
        except (MsgspecError, ValueError, RecursionError):
            said = {}
        active = said.get("active")
        if not isinstance(active, bool):
            raise AuthorityUnavailable(
                "The introspection endpoint answers with what is no answer of RFC 7662"
            )
        if not active:
            return None
        now = time.time()
        until = min(now + self._ttl, expiry_of(said) or now + self._ttl)
        if until > now:
            self._active.keep(token, answer.content, until)
        return answer.content

    def _question(self, token: str) -> dict[str, Any]:
        form = {"token": token, "token_type_hint": "access_token"}
        headers = {"Accept": "application/json"}
        if self.client_auth_method == "client_secret_post":
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:  # both are written as in a form first: RFC 6749 section 2.3.1
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return {"data": form, "headers": headers}

    def _access_token(self, token: str, said: dict[str, Any]) -> AccessToken:
        expiry = expiry_of(said)
        client = text_of(said, "client_id", "sub")
        return AccessToken(
            token=token,
            client_id=client or f"token-{hashlib.sha256(token.encode()).hexdigest()[:16]}",
            scopes=self._extract_scopes(said),
            expires_at=None if expiry is None else int(expiry),
            subject=text_of(said, "sub"),
            claims=said,
        )

    def _extract_scopes(self, introspection_response: dict[str, Any]) -> list[str]:
        """The scopes of a token; subclasses may find them elsewhere."""
        return scopes_in(introspection_response)


def _audiences(given: Any) -> Sequence[str] | None:
    if given is None:
        return None
    texts = [given] if isinstance(given, str) else list(given)
    if not texts or not all(isinstance(each, str) and each for each in texts):
        raise ConfigurationError(f"audience={given!r}: give a text, or a list of texts")
    return texts
