"""OpaqueTokenVerifier: tokens that say nothing by themselves, so that their issuer is asked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypedDict

from msgspec import json

from fastmcp.exceptions import ConfigurationError

from ..access_token import AccessToken
from ..provider import TokenVerifier
from ..single_flight import SingleFlight
from ..verified_payloads import MAX_TOKENS, VerifiedPayloads
from .authority import Answer as Answer
from .authority import Authority

# What may stand in a header; anything else was never issued.
_TOKEN = re.compile(r"[!-~]{1,8192}")

_access_token = json.Decoder(AccessToken)


class VerifierOptions(TypedDict, total=False):
    """What `OpaqueTokenVerifier` does with them is written there."""

    required_scopes: Iterable[str] | str | None
    timeout_seconds: float
    cache_ttl_seconds: float | None
    max_cache_size: int | None
    http_client: Any
    clock: Callable[[], float]


class OpaqueTokenVerifier(TokenVerifier):
    """Asks the identity provider about each token, once for all who come with it at a time.

    Nothing is remembered unless `cache_ttl_seconds` says for how long, so that a token which is
    revoked is refused at once; `max_cache_size` is how many are, 10,000 by default. `http_client`
    is used as it is, and not closed; an answer is waited for `timeout_seconds` in all.
    """

    provider_name: ClassVar[str] = "The identity provider"

    def __init__(
        self,
        *,
        required_scopes: Iterable[str] | str | None = None,
        timeout_seconds: float = 10,
        cache_ttl_seconds: float | None = None,
        max_cache_size: int | None = None,
        http_client: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(required_scopes=required_scopes)
        self.timeout_seconds = timeout_seconds
        self.authority: Final = Authority(self.provider_name, timeout_seconds, http_client)
        self._ttl = _not_negative(cache_ttl_seconds, "cache_ttl_seconds") or 0
        self._verified = VerifiedPayloads(
            MAX_TOKENS
            if max_cache_size is None
            else _not_negative(max_cache_size, "max_cache_size")
        )
        self._asked = SingleFlight[bytes | None]()
        self._clock = clock

    async def verify_token(self, token: str) -> AccessToken | None:
        if _TOKEN.fullmatch(token) is None:
            return None
        found = self._verified.get(token, self._clock()) or await self._asked.join(
            token, lambda: self._ask(token)
        )
        if found is None:
            return None
        access = _access_token.decode(found)
        access.token = token
        return access

    async def _ask(self, token: str) -> bytes | None:
        """What the identity provider says now, as JSON: nobody changes it for others."""
        said = await self.look_up(token)
        if said is None:
            return None
        found = json.encode(said.model_copy(update={"token": ""}))
        if self._ttl:
            until = self._clock() + self._ttl
            self._verified.keep(token, found, min(until, said.expires_at or until))
        return found

    async def look_up(self, token: str) -> AccessToken | None:
        """What the identity provider says of a token; None for one that is not valid here.

        Raises:
            AuthorityUnavailable: it says nothing, or not what it should.
        """
        raise NotImplementedError


def _not_negative(given: Any, keyword: str) -> Any:
    if given is not None and given < 0:
        raise ConfigurationError(f"{keyword}={given}: it may not be negative")
    return given


def text_of(value: Any) -> str | None:
    """A name or number of something, as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) or None


def number_of(value: Any) -> int | None:
    """A number of seconds, which some write as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def granted_scopes(value: Any) -> list[str]:
    """The scopes in a document: a text, separated by spaces or commas, or a list of texts. What is
    something else grants nothing.
    """
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, str) and each]  # type: ignore[reportUnknownVariableType]


def claims_of(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The members of these names; None for those that it does not have."""
    return {name: document.get(name) for name in names}
