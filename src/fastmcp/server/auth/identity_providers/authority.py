"""Authority: an identity provider, as its endpoints answer."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from msgspec import DecodeError, Struct, json

from fastmcp._fetching.bounded import BoundedClient
from fastmcp._fetching.errors import FetchError
from fastmcp.exceptions import AuthorityUnavailable

# More than any of them says of one user.
LARGEST_ANSWER = 512 * 1024
# What is answered about a token that is not valid, or may not be used for this.
REFUSALS = frozenset({400, 401, 403})


class Answer(Struct, frozen=True):
    """A document, and the headers that came with it, by lower-case name."""

    document: dict[str, Any]
    headers: Mapping[str, str]


class Authority:
    """Asks an identity provider, by `http_client`, which its owner closes, or one of its own.

    Each answer is waited for `timeout_seconds` in all.
    """

    def __init__(self, name: str, timeout_seconds: float, http_client: Any = None) -> None:
        self.name = name
        self._http = BoundedClient(
            max_size=LARGEST_ANSWER, timeout=timeout_seconds, client=http_client
        )

    async def ask(
        self,
        url: str,
        token: str | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        refusals: Container[int] = REFUSALS,
        **content: Any,
    ) -> Answer | None:
        """The document at a URL, asked for with a token; None for one of the `refusals`.

        Raises:
            AuthorityUnavailable: there is no such answer.
        """
        sent = {"accept": "application/json", "user-agent": "fastmcp", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        try:
            answer = await self._http.request(
                method, url, headers=sent, follow_redirects=False, **content
            )
        except FetchError as error:
            raise self.silent(f"does not answer: {error}") from None
        if answer.status_code == 200:
            return Answer(self._document(answer.content), answer.headers)
        if answer.status_code in refusals and not _is_a_limit(answer.headers):
            return None
        raise self.silent(f"answers with status {answer.status_code} at {url}")

    def silent(self, what: str) -> AuthorityUnavailable:
        """The error of an identity provider that does not answer, or not what is expected."""
        return AuthorityUnavailable(f"{self.name} {what}")

    def _document(self, body: bytes) -> dict[str, Any]:
        try:
            return json.decode(body, type=dict[str, Any])
        except (DecodeError, UnicodeDecodeError, RecursionError):
            raise self.silent("answers with something else than a JSON object") from None


def _is_a_limit(headers: Mapping[str, str]) -> bool:
    """Whether a refusal is that of too many requests, as GitHub writes it with the status 403."""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
