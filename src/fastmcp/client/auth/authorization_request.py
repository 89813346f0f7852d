"""Sending a person to the authorization endpoint, and what comes back (PROTOCOL 6.4)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct

from fastmcp._oauth.documents import OAuthMetadata
from fastmcp._oauth.pkce import challenge_of, new_verifier
from fastmcp.exceptions import OAuthFlowError

from .exchange import plain


class AuthorizationCodeResult(Struct):
    """What came back: the members of the redirect that a callback handler saw."""

    code: str
    state: str | None = None
    iss: str | None = None

    def __repr__(self) -> str:
        return f"AuthorizationCodeResult('…', iss={self.iss!r})"


class AuthorizationRequest(Struct, frozen=True):
    """One attempt, with what only its answer can match."""

    url: str
    redirect_uri: str
    state: str
    verifier: str
    issuer: str
    names_issuer: bool
    """Whether the authorization server says that it names itself in its answers (RFC 9207)."""

    def __repr__(self) -> str:
        return f"AuthorizationRequest(issuer={self.issuer!r})"

    def check(self, answer: Any) -> str:
        """The code that an answer has: of a callback handler, as an object or as a tuple.

        Raises:
            OAuthFlowError: it is the answer to something else, or of somebody else.
        """
        code, state, iss, told = _members(answer)
        if not isinstance(state, str) or not hmac.compare_digest(
            state.encode("utf-8", "replace"), self.state.encode()
        ):
            raise OAuthFlowError(
                "What came back has not the state of this sign-in: it belongs to another one, or "
                "somebody has tampered with it"
            )
        self.check_issuer(iss, told=told)
        if not isinstance(code, str) or not code:
            raise OAuthFlowError("What came back from signing in has no code")
        return code

    def check_issuer(self, iss: Any, *, told: bool = True) -> None:
        """See that an answer is of whom was asked (RFC 9207); not `told` is of a callback handler
        that cannot say.

        Raises:
            OAuthFlowError: it is not, or it does not say.
        """
        if iss is not None and iss != self.issuer:
            raise OAuthFlowError(
                f"What came back is of the issuer {plain(str(iss))!r}, but {plain(self.issuer)!r} "
                "was asked"
            )
        if iss is None and told and self.names_issuer:
            raise OAuthFlowError(
                f"What came back does not say that it is of {plain(self.issuer)!r}, as that "
                "authorization server always does"
            )


def new_request(
    endpoint: str,
    metadata: OAuthMetadata,
    *,
    client_id: str,
    redirect_uri: str,
    resource: str | None,
    scope: str | None,
) -> AuthorizationRequest:
    """A request with a fresh state and verifier."""
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    members = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        "resource": resource,
        "scope": scope,
        # Without it, OpenID providers leave the refresh token out.
        "prompt": "consent" if "offline_access" in (scope or "").split() else None,
    }
    query = urlencode({name: value for name, value in members.items() if value is not None})
    return AuthorizationRequest(
        url=f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}",
        redirect_uri=redirect_uri,
        state=state,
        verifier=verifier,
        issuer=metadata.issuer,
        names_issuer=metadata.authorization_response_iss_parameter_supported is True,
    )


def read_redirect(url: str) -> dict[str, str]:
    """The members of the query of a redirect, the first of each name."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=32):
        found.setdefault(name, value)
    return found


def _members(answer: Any) -> tuple[Any, Any, Any, bool]:
    """Code, state, issuer, and whether the handler can tell the issuer: pairs are of FastMCP 3."""
    if isinstance(answer, tuple):
        code, state, *rest = cast("tuple[Any, ...]", answer)
        return code, state, rest[0] if rest else None, bool(rest)
    if isinstance(answer, Mapping):
        found = cast("Mapping[str, Any]", answer)
        return found.get("code"), found.get("state"), found.get("iss"), True
    return answer.code, answer.state, getattr(answer, "iss", None), True
