"""A token that is there already."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from fastmcp.exceptions import ConfigurationError


class BearerAuth:
    """Sends a bearer token with every request. httpx2 and httpx take it as `auth=`.

    Raises:
        ConfigurationError: there is no token, or it has what no header can.
    """

    def __init__(self, token: str) -> None:
        token = token.strip()
        scheme, _, rest = token.partition(" ")
        if scheme.lower() == "bearer" and rest:
            token = rest.strip()
        if not token:
            raise ConfigurationError(
                "The bearer token is empty; is the variable set that holds it?"
            )
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigurationError("The bearer token has characters that no token has")
        self._header = f"Bearer {token}"

    @property
    def header(self) -> str:
        """What the header `Authorization` is."""
        return self._header

    def __repr__(self) -> str:
        return "BearerAuth('…')"

    def __call__(self, request: Any) -> Any:
        """The request, with the token."""
        request.headers["Authorization"] = self._header
        return request

    def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """The request, with the token, as an `Auth` of httpx gives it."""
        yield self(request)
