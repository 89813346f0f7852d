"""AsyncOAuth2Client: what is asked of the endpoints of the identity provider upstream."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote_plus

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.errors import FetchError
from fastmcp.exceptions import AuthorityUnavailable, ConfigurationError, OAuthError

TIMEOUT = 30.0
MAX_BYTES = 256 * 1024
METHODS = ("client_secret_basic", "client_secret_post", "none")


class UpstreamRefusal(OAuthError):
    """The identity provider refused. Its words are its own: they are not for clients."""


class AsyncOAuth2Client:
    """Asks token endpoints in the name of one client, which has a secret or none.

    Answers are bounded in time and size, and no redirect is followed.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str | None = None,
        token_endpoint_auth_method: str | None = None,
        timeout: float | None = TIMEOUT,
    ) -> None:
        method = token_endpoint_auth_method
        if method is None:
            method = "none" if client_secret is None else "client_secret_basic"
        if method not in METHODS:
            raise ConfigurationError(
                f"token_endpoint_auth_method={method!r}: give one of {', '.join(METHODS)}"
            )
        self.client_id = client_id
        self.client_secret = client_secret
        self.token_endpoint_auth_method = method
        self._http = BoundedClient(max_size=MAX_BYTES, timeout=timeout or TIMEOUT)

    async def aclose(self) -> None:
        """Nothing has to be closed: each request has a connection of its own."""

    async def fetch_token(
        self, url: str, *, grant_type: str = "authorization_code", **params: Any
    ) -> dict[str, Any]:
        """The token response for a grant. Parameters that are empty are not sent.

        Raises:
            UpstreamRefusal: there is none, and the answer says why.
            AuthorityUnavailable: there is no answer, or one that cannot be read.
        """
        return token_response(await self.post(url, {"grant_type": grant_type, **params}))

    async def refresh_token(
        self, url: str, *, refresh_token: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """The token response for a refresh token, which stays the same where there is no other."""
        asked = {"grant_type": "refresh_token", "refresh_token": refresh_token, **params}
        told = token_response(await self.post(url, asked))
        told.setdefault("refresh_token", refresh_token)
        return told

    async def post(self, url: str, params: Mapping[str, Any]) -> tuple[int, bytes]:
        """Status and body of the answer to a form that is sent in the client's name.

        Raises:
            AuthorityUnavailable: there is no answer in time, or too large a one.
        """
        form = {name: value for name, value in params.items() if value}
        headers = {"accept": "application/json"}
        self._sign(form, headers)
        try:
            answer = await self._http.request("POST", url, data=form, headers=headers)
        except FetchError as error:
            raise AuthorityUnavailable(f"The identity provider cannot be asked: {error}") from error
        return answer.status_code, answer.content

    def _sign(self, form: dict[str, Any], headers: dict[str, str]) -> None:
        """Say who asks (RFC 6749 section 2.3.1)."""
        secret = self.client_secret or ""
        if self.token_endpoint_auth_method == "client_secret_basic":
            pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            return
        form["client_id"] = self.client_id
        if self.token_endpoint_auth_method == "client_secret_post":
            form["client_secret"] = secret


def token_response(answer: tuple[int, bytes]) -> dict[str, Any]:
    """What a token endpoint answered, with `expires_at` beside `expires_in`.

    Raises:
        UpstreamRefusal: it is an error response, with whichever status.
        AuthorityUnavailable: it is neither that nor tokens.
    """
    from msgspec import DecodeError, json

    status, body = answer
    if status >= 500 or status == 429:
        raise AuthorityUnavailable(f"The identity provider answered with status {status}")
    try:
        told: Any = json.decode(body)
    except (DecodeError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise AuthorityUnavailable("The identity provider's answer is not of OAuth")
    response = cast("dict[str, Any]", told)
    if isinstance(error := response.get("error"), str):
        raise UpstreamRefusal(error[:100])
    if status >= 400 or not _is_text(response.get("access_token")):
        raise AuthorityUnavailable("The identity provider's answer has no token")
    if not _is_text(response.get("refresh_token", "none")):
        del response["refresh_token"]
    if (seconds := seconds_of(response, "expires_in")) is not None:
        response["expires_at"] = int(time.time()) + seconds
    return response


def seconds_of(response: Mapping[str, Any], name: str) -> int | None:
    """A number of seconds in a token response, which some send as a text; None for none."""
    said = response.get(name)
    try:
        return None if said is None or isinstance(said, bool) else int(float(said))
    except (ValueError, TypeError, OverflowError):
        return None


def scopes_of_response(response: Mapping[str, Any]) -> list[str] | None:
    """The scopes that a token response names, which some separate by commas; None if it names
    none, and those that were asked for are granted (RFC 6749 section 5.1).
    """
    said = response.get("scope")
    if isinstance(said, str):
        return said.replace(",", " ").split()
    if isinstance(said, list):
        return [each for each in cast("list[Any]", said) if _is_text(each) and " " not in each]
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""
