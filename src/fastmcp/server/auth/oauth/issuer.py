"""Issuer: codes, and the tokens that are given for them, each as often as it may be used."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from fastmcp._oauth.documents import OAuthToken
from fastmcp.exceptions import TokenError

from ..access_token import AccessToken
from .grants import REFRESH, AuthorizationCode, AuthorizationParams, RefreshToken
from .kept import (
    Family,
    KeptAccessToken,
    KeptCode,
    KeptRefreshToken,
    SpentCode,
    SpentRefreshToken,
    grant_of,
)
from .shelves import Shelves, hashed

logger: Final = logging.getLogger("fastmcp.server.auth")

# A refresh token may be sent again for so many seconds, for the same answer: the first one may
# have been lost on its way.
REPLAY_WINDOW: Final = 10.0
# How long a second use of a code or refresh token is recognized as one.
_REMEMBERED: Final = 24 * 3600.0


class Lifetimes(Struct, frozen=True, kw_only=True):
    """How long what is issued lasts, in seconds; a refresh token from when it was last used, None
    for one that does not end.
    """

    code: float = 60.0
    access_token: int = 3600
    refresh_token: int | None = 30 * 24 * 3600


class Issuer:
    """Issues codes and tokens; those that came of one consent end together, when it is revoked or
    one of them is used a second time.

    With `hash_secrets` they are kept by their hash alone.
    """

    def __init__(
        self,
        shelves: Shelves,
        lifetimes: Lifetimes,
        clock: Callable[[], float],
        *,
        hash_secrets: bool,
    ) -> None:
        self._shelves = shelves
        self._lifetimes = lifetimes
        self._clock = clock
        self._hashes = hash_secrets

    async def new_code(
        self,
        client_id: str,
        params: AuthorizationParams,
        scopes: Sequence[str],
        resource: str | None,
        subject: str | None = None,
        claims: dict[str, Any] | None = None,
    ) -> str:
        """A code for what a user consented to."""
        code, family = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        lasts = self._lifetimes.code
        kept = KeptCode(
            code=self._kept(code),
            scopes=list(scopes),
            expires_at=self._clock() + lasts,
            client_id=client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=resource,
            subject=subject,
            family=family,
            claims=claims or {},
        )
        await self._shelves.families.put(family, Family(client_id), _REMEMBERED)
        await self._shelves.codes.put(self._key_of(code), kept, lasts)
        return code

    async def load_code(self, client_id: str, code: str) -> AuthorizationCode | None:
        """The code of a client. One that was exchanged before ends what it was exchanged for."""
        key = self._key_of(code)
        kept = await self._shelves.codes.get(key)
        if kept is None:
            spent = await self._shelves.spent_codes.get(key)
            if spent is not None:
                await self._end(spent.family, "A code was used twice")
            return None
        if kept.client_id != client_id or kept.expires_at <= self._clock():
            return None
        return kept.model_copy(update={"code": code})

    async def redeem(self, client: Any, code: AuthorizationCode) -> OAuthToken:
        """Tokens for a code.

        Raises:
            TokenError: somebody was quicker, who loses his then.
        """
        key, shelves = self._key_of(code.code), self._shelves
        family: str = getattr(code, "family", "")
        await shelves.spent_codes.put(key, SpentCode(family), _REMEMBERED)
        kept = await shelves.codes.take(key)
        if kept is None:
            await self._end(family, "A code was used twice")
            raise TokenError("invalid_grant", "The code is not valid, or no longer")
        grant = grant_of(kept)
        if not await self._redeemed(client, grant):
            raise TokenError("invalid_grant", "The code is not valid, or no longer")
        return await self._issue(client, grant, grant.scopes)

    async def _redeemed(self, client: Any, grant: KeptRefreshToken) -> bool:
        """Note that a family has tokens now; False if it ended meanwhile."""
        families, lasts = self._shelves.families, self._family_lasts(client)
        before, now = Family(grant.client_id), Family(grant.client_id, redeemed=True)
        if not grant.family:
            grant.family = secrets.token_urlsafe(16)
            await families.put(grant.family, now, lasts)
            return True
        return await families.swap(grant.family, before, now, lasts)

    async def load_refresh_token(self, client_id: str, token: str) -> RefreshToken | None:
        """The refresh token of a client; also one that was exchanged, of which `rotate` decides."""
        key = self._key_of(token)
        kept = await self._shelves.refresh_tokens.get(key)
        if kept is None:
            spent = await self._shelves.spent_refresh_tokens.get(key)
            kept = None if spent is None else spent.token
        if kept is None or kept.client_id != client_id or not await self._lives(kept):
            return None
        if kept.expires_at is not None and kept.expires_at <= self._clock():
            return None
        return kept.model_copy(update={"token": token})

    async def rotate(self, client: Any, token: RefreshToken, scopes: list[str]) -> OAuthToken:
        """Tokens for a refresh token, which ends with it; the same ones if it was just exchanged.

        Raises:
            TokenError: it was exchanged before. All that came of it end.
        """
        key = self._key_of(token.token)
        answer = await self._exchanged(client, key, scopes)
        if answer is not None:
            return answer
        spent = await self._shelves.spent_refresh_tokens.get(key)
        if spent is None or not await self._lives(spent.token):
            raise TokenError("invalid_grant", "The refresh token is not valid, or no longer")
        if self._clock() - spent.at > REPLAY_WINDOW or sorted(spent.scopes) != sorted(scopes):
            await self._end(spent.token.family, "A refresh token was used twice")
            raise TokenError("invalid_grant", "The refresh token is not valid, or no longer")
        return spent.answer

    async def _exchanged(self, client: Any, key: str, scopes: list[str]) -> OAuthToken | None:
        """New tokens for a refresh token; None if it has been exchanged, maybe just now."""
        shelves = self._shelves
        found = await shelves.refresh_tokens.get(key)
        if found is None:
            return None
        kept = grant_of(found)
        answer = await self._issue(client, kept, scopes)
        spent = SpentRefreshToken(kept, self._clock(), scopes, answer)
        if not await shelves.spent_refresh_tokens.add(key, spent, _REMEMBERED):
            await self._drop(answer)
            return None
        await shelves.refresh_tokens.delete(key)
        # The family lasts on from here; one that was revoked meanwhile does not come back.
        family = Family(kept.client_id, redeemed=True)
        await shelves.families.swap(kept.family, family, family, self._family_lasts(client))
        return answer

    async def issue_access_token(
        self,
        client: Any,
        scopes: Sequence[str],
        resource: str | None,
        claims: dict[str, Any],
        *,
        lasts: int | None = None,
    ) -> OAuthToken:
        """An access token alone, which cannot be refreshed; of a user if `claims` have one."""
        family = secrets.token_urlsafe(16)
        lasts = lasts or self._lifetimes.access_token
        redeemed = Family(client.client_id, redeemed=True)
        await self._shelves.families.put(family, redeemed, lasts)
        grant = KeptRefreshToken(
            token="",
            client_id=client.client_id,
            scopes=list(scopes),
            resource=resource,
            subject=claims.get("sub"),
            family=family,
            claims=claims,
        )
        return await self._issue_access_token(grant, scopes, lasts)

    async def load_access_token(self, token: str) -> AccessToken | None:
        """What an access token says; None for one that is none, or has ended."""
        kept = await self._shelves.access_tokens.get(self._key_of(token))
        if kept is None or not await self._lives(kept):
            return None
        if kept.expires_at is not None and kept.expires_at <= self._clock():
            return None
        return kept.model_copy(update={"token": token})

    async def revoke(self, token: Any) -> None:
        """End a token, and all others that came of the same consent."""
        key = self._key_of(token.token)
        await self._shelves.access_tokens.delete(key)
        await self._shelves.refresh_tokens.delete(key)
        if family := getattr(token, "family", ""):
            await self._shelves.families.delete(family)

    async def _issue(
        self, client: Any, grant: KeptRefreshToken, scopes: Sequence[str]
    ) -> OAuthToken:
        answer = await self._issue_access_token(grant, scopes, self._lifetimes.access_token)
        answer.refresh_token = await self._new_refresh_token(client, grant)
        return answer

    async def _issue_access_token(
        self, grant: KeptRefreshToken, scopes: Sequence[str], lasts: int
    ) -> OAuthToken:
        token = secrets.token_urlsafe(32)
        kept = KeptAccessToken(
            token=self._kept(token),
            client_id=grant.client_id,
            scopes=list(scopes),
            expires_at=int(self._clock() + lasts),
            resource=grant.resource,
            subject=grant.subject,
            claims=grant.claims,
            family=grant.family,
        )
        await self._shelves.access_tokens.put(self._key_of(token), kept, lasts)
        return OAuthToken(access_token=token, expires_in=lasts, scope=" ".join(scopes) or None)

    async def _new_refresh_token(self, client: Any, grant: KeptRefreshToken) -> str | None:
        """One with all that was granted, also where the access token beside it has less of it
        (RFC 6749 section 6).
        """
        if REFRESH not in (getattr(client, "grant_types", None) or (REFRESH,)):
            return None
        lasts = self._lifetimes.refresh_token
        ends = None if lasts is None else int(self._clock() + lasts)
        token = secrets.token_urlsafe(32)
        kept = grant.model_copy(update={"token": self._kept(token), "expires_at": ends})
        await self._shelves.refresh_tokens.put(self._key_of(token), kept, lasts)
        return token

    def _key_of(self, secret: str) -> str:
        return hashed(secret) if self._hashes else secret

    def _kept(self, secret: str) -> str:
        return "" if self._hashes else secret

    def _family_lasts(self, client: Any) -> float | None:
        if REFRESH not in (getattr(client, "grant_types", None) or (REFRESH,)):
            return float(self._lifetimes.access_token)
        lasts = self._lifetimes.refresh_token
        return None if lasts is None else float(max(lasts, self._lifetimes.access_token))

    async def _lives(self, kept: KeptRefreshToken | KeptAccessToken) -> bool:
        family: str = getattr(kept, "family", "")  # others may have put a token there
        return not family or await self._shelves.families.get(family) is not None

    async def _end(self, family: str, why: str) -> None:
        if await self._shelves.families.delete(family):
            logger.warning("%s: what was issued for it is revoked", why)

    async def _drop(self, answer: OAuthToken) -> None:
        await self._shelves.access_tokens.delete(self._key_of(answer.access_token))
        if answer.refresh_token is not None:
            await self._shelves.refresh_tokens.delete(self._key_of(answer.refresh_token))
