"""OwnTokens: the tokens that clients have, each of which stands for some of the upstream's."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from fastmcp._oauth.documents import OAuthToken
from fastmcp.exceptions import AuthorityUnavailable, StoreUnavailable, TokenError

from ..access_token import AccessToken
from ..oauth.grants import AuthorizationCode, RefreshToken
from ..storage import OAuthStorage, Shelf
from .asserted_tokens import AssertedTokens, is_asserted
from .callback import code_hash
from .models import (
    DEFAULT_AUTH_CODE_EXPIRY_SECONDS,
    ClientCode,
    UpstreamTokenSet,
)
from .proxied import Proxied
from .upstream import UpstreamRefusal, scopes_of_response
from .upstream_sessions import UpstreamSessions

logger: Final = logging.getLogger("fastmcp.server.auth.proxy")

# So long a refresh token that was replaced still gives the one that replaced it: an answer that
# was lost on its way can be asked for again (RFC 9700 section 4.14.2).
REPLAY_SECONDS = 30.0
_SESSION = "sid"


class OwnTokens:
    """Issues them, and finds what they stand for."""

    def __init__(
        self,
        proxy: Proxied,
        sessions: UpstreamSessions,
        codes: Shelf[ClientCode],
        storage: OAuthStorage,
        asserted: AssertedTokens | None,
    ) -> None:
        self._proxy = proxy
        self._sessions = sessions
        self._codes = codes
        self._asserted = asserted
        # The sessions that began with a code, to end them should it be sent a second time.
        self._spent: Shelf[str] = storage.shelf("spent-codes", str)

    # Codes

    async def load_code(self, client: Any, code: str) -> AuthorizationCode | None:
        """What a code of a client is for."""
        name = code_hash(code)
        kept = await self._codes.get(name)
        if kept is None:
            await self._end_what_began_with(name)
            return None
        if kept.client_id != client.client_id:
            return None
        return AuthorizationCode(
            code=code,
            client_id=kept.client_id,
            redirect_uri=kept.redirect_uri,
            redirect_uri_provided_explicitly=True,
            scopes=kept.scopes,
            expires_at=kept.expires_at,
            code_challenge=kept.code_challenge,
            resource=kept.resource,
        )

    async def _end_what_began_with(self, name: str) -> None:
        """A code that comes a second time was stolen, or what it gave was (RFC 6749, 4.1.2)."""
        id = await self._spent.take(name)
        session = None if id is None else await self._sessions.get(id)
        if session is not None:
            logger.warning("A code was sent a second time; what it gave has ended")
            await self._sessions.end(session)

    async def for_code(self, client: Any, code: AuthorizationCode) -> OAuthToken:
        """Tokens for a code, which is good for one time."""
        name = code_hash(code.code)
        kept = await self._codes.take(name)
        if kept is None or kept.client_id != client.client_id:
            raise TokenError("invalid_grant", "The code is not valid, or no longer")
        granted = scopes_of_response(kept.idp_tokens)
        scopes = kept.scopes if granted is None else self._proxy._translate_scopes_from_idp(granted)
        jti = secrets.token_urlsafe(32)
        session = await self._sessions.begin(kept.client_id, kept.idp_tokens, scopes, jti)
        await self._spent.put(name, session.upstream_token_id, 2 * DEFAULT_AUTH_CODE_EXPIRY_SECONDS)
        return await self._issued(session)

    # Refresh tokens

    async def load_refresh_token(self, client: Any, token: str) -> RefreshToken | None:
        """What a refresh token of a client gives. One that was replaced some time ago ends the
        session: somebody has it who should not.
        """
        claims = self._verify(token, "refresh")
        session = await self._session(claims)
        if claims is None or session is None or session.client_id != client.client_id:
            return None
        if not _is_good(session, claims["jti"]):
            logger.warning("A refresh token was used again after it was replaced; it has ended")
            await self._sessions.end(session)
            return None
        return RefreshToken(
            token=token,
            client_id=session.client_id,
            scopes=session.scopes,
            expires_at=int(claims["exp"]),
            resource=self._proxy.jwt_issuer.audience,
        )

    async def for_refresh_token(
        self, client: Any, token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """Tokens for a refresh token, which is replaced."""
        claims = self._verify(token.token, "refresh")
        session = await self._session(claims)
        if claims is None or session is None or session.client_id != client.client_id:
            raise _invalid()
        jti, narrowed = claims["jti"], None if set(session.scopes) <= set(scopes) else scopes

        def rotated(now: UpstreamTokenSet) -> UpstreamTokenSet:
            return _rotated(now, jti, secrets.token_urlsafe(32))

        if session.refresh_jti == jti:
            await self._renew(session, rotated)
        # Another one may have renewed it, without replacing this token.
        now = await self._sessions.change(session.upstream_token_id, rotated)
        if now is None or not _is_good(now, jti):
            raise _invalid()
        return await self._issued(now, narrowed)

    async def _renew(
        self,
        session: UpstreamTokenSet,
        rotated: Callable[[UpstreamTokenSet], UpstreamTokenSet],
    ) -> None:
        try:
            renewed = await self._sessions.refresh(session, rotated)
        except UpstreamRefusal as refusal:
            logger.info("The identity provider refreshes a session no more: %s", refusal.error)
            await self._sessions.end(session)
            raise TokenError(
                "invalid_grant", "The identity provider wants the user to sign in again"
            ) from None
        except AuthorityUnavailable as error:
            logger.warning("A session cannot be refreshed now: %s", error)
            raise TokenError(
                "temporarily_unavailable", "The identity provider cannot be asked now"
            ) from None
        if renewed is None:
            raise _invalid()

    # Access tokens

    async def load_access_token(self, token: str) -> AccessToken | None:
        """What the identity provider says of the user of an access token.

        Raises:
            AuthorityUnavailable: that cannot be told now.
        """
        claims = self._verify(token, "access")
        try:
            if is_asserted(claims):
                assert claims is not None
                return None if self._asserted is None else await self._asserted.load(token, claims)
            session = await self._session(claims)
            if claims is None or session is None:
                return None
            return await self._verified(session, claims)
        except StoreUnavailable as error:
            raise AuthorityUnavailable(f"The store of OAuth: {error}") from error

    async def _verified(
        self, session: UpstreamTokenSet, claims: dict[str, Any]
    ) -> AccessToken | None:
        proxy, unavailable = self._proxy, None
        if _is_due(session, proxy.lifetimes.threshold):
            try:
                renewed = await self._sessions.refresh(session)
                if renewed is None:
                    return None
                session = renewed
            except UpstreamRefusal as refusal:
                logger.info("The identity provider refreshes a session no more: %s", refusal.error)
            except AuthorityUnavailable as error:
                unavailable = error
        token = proxy._get_verification_token(session)
        found = None if token is None else await proxy._verify_upstream(token)
        if found is None:
            if unavailable is not None:
                raise unavailable
            return None
        return self._told(found, session, claims)

    def _told(
        self, found: AccessToken, session: UpstreamTokenSet, claims: dict[str, Any]
    ) -> AccessToken:
        """The upstream's token, as one that is for this server."""
        update: dict[str, Any] = {"resource": self._proxy.jwt_issuer.audience}
        if self._proxy._uses_alternate_verification():
            update["token"] = session.access_token
            update["scopes"] = session.scopes or found.scopes
            update["expires_at"] = int(session.expires_at)
        if (narrowed := claims.get("narrowed")) is not None:
            scopes = update.get("scopes", found.scopes)
            update["scopes"] = [each for each in scopes if each in narrowed]
        if (said := claims.get("upstream_claims")) is not None:
            update["claims"] = {**(found.claims or {}), "upstream_claims": said}
        if hasattr(found, "original_client_id"):
            update["original_client_id"] = session.client_id
        return found.model_copy(update=update)

    # Ending

    def owned(self, client: Any, token: str) -> RefreshToken | None:
        """A token of ours of either kind that a client has; None for any other."""
        claims = self._verify(token, "refresh") or self._verify(token, "access")
        if claims is None or claims["client_id"] != client.client_id:
            return None
        return RefreshToken(token=token, client_id=client.client_id, scopes=[])

    async def revoke(self, token: str) -> None:
        """End what a token of ours stands for, or the token, if it stands for itself."""
        claims = self._verify(token, "refresh") or self._verify(token, "access")
        if is_asserted(claims):
            assert claims is not None
            if self._asserted is not None:
                await self._asserted.revoke(claims)
        elif (session := await self._session(claims)) is not None:
            await self._sessions.end(session)

    # Making and reading

    async def _issued(
        self, session: UpstreamTokenSet, narrowed: list[str] | None = None
    ) -> OAuthToken:
        proxy, issuer = self._proxy, self._proxy.jwt_issuer
        now, extra = time.time(), {_SESSION: session.upstream_token_id}
        refreshable = session.refresh_token is not None
        lasting = proxy.lifetimes.of_own_access(
            max(1, int(session.expires_at - now)), refreshable=refreshable
        )
        said = await proxy._extract_upstream_claims(session.raw_token_data)
        scopes = session.scopes if narrowed is None else narrowed
        limited = {} if narrowed is None else {"narrowed": narrowed}
        access = issuer.issue_access_token(
            session.client_id,
            scopes,
            secrets.token_urlsafe(32),
            lasting,
            said,
            extra_claims={**extra, **limited},
        )
        refresh = None
        if session.refresh_jti is not None:
            left = max(1, int((session.refresh_token_expires_at or now) - now))
            refresh = issuer.issue_refresh_token(
                session.client_id, session.scopes, session.refresh_jti, left, said, extra
            )
        return OAuthToken(
            access_token=access,
            expires_in=lasting,
            refresh_token=refresh,
            scope=" ".join(scopes),
        )

    def _verify(self, token: str, use: str) -> dict[str, Any] | None:
        """What a token of ours says; None for any other."""
        from joserfc.errors import JoseError

        try:
            claims = self._proxy.jwt_issuer.verify_token(token, use)
        except JoseError:
            return None
        texts = (claims.get(name) for name in ("jti", "client_id", "scope"))
        return claims if all(isinstance(each, str) for each in texts) else None

    async def _session(self, claims: dict[str, Any] | None) -> UpstreamTokenSet | None:
        """What a token stands for, if that is there still."""
        id = None if claims is None else claims.get(_SESSION)
        if claims is None or not isinstance(id, str):
            return None
        found = await self._sessions.get(id)
        return found if found is not None and found.client_id == claims["client_id"] else None


def _invalid() -> TokenError:
    return TokenError("invalid_grant", "The refresh token is not valid, or no longer")


def _is_due(session: UpstreamTokenSet, threshold: int) -> bool:
    return session.refresh_token is not None and session.expires_at <= time.time() + threshold


def _is_good(session: UpstreamTokenSet, jti: str) -> bool:
    """Whether a refresh token is the last one of its session, or was until a moment ago."""
    if jti == session.refresh_jti:
        return True
    return jti == session.previous_jti and time.time() - session.rotated_at <= REPLAY_SECONDS


def _rotated(session: UpstreamTokenSet, jti: str, next_jti: str) -> UpstreamTokenSet:
    """With another refresh token in the place of `jti`, unless that was replaced just before."""
    if session.refresh_jti != jti:
        return session
    return session.model_copy(
        update={"refresh_jti": next_jti, "previous_jti": jti, "rotated_at": time.time()}
    )
