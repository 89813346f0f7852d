"""RestRequest: one HTTP request, and what it gives."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from msgspec import DecodeError, Raw, json

from fastmcp._protocol.headers import read_headers
from fastmcp._protocol.http import Reject

from ..body import ASGIReceive, ASGISend, read_body
from ..reply import Reply
from .answer import JSON
from .failure import Failure

_read_object = json.Decoder(dict[str, Raw]).decode


class Gone(Exception):
    """The client left; there is nobody to answer."""


class RestRequest:
    """A request; `reply` knows whether its client is still there."""

    __slots__ = ("headers", "receive", "reply", "scope")

    def __init__(
        self, scope: MutableMapping[str, Any], receive: ASGIReceive, send: ASGISend
    ) -> None:
        self.scope: MutableMapping[str, Any] = scope
        self.receive: ASGIReceive = receive
        self.reply: Final = Reply(send)
        self.headers: Final = read_headers(scope["headers"])

    @property
    def name(self) -> str:
        """What the path names, decoded."""
        return self.scope["path_params"]["name"]

    @property
    def encoded_name(self) -> str:
        """What the path names, as it was sent: percent-encoded."""
        raw: bytes | None = self.scope.get("raw_path")
        if not raw:
            return quote(self.name, safe="/:@!$&'()*+,;=")
        path: str = self.scope["path"]
        before = path[: len(path) - len(self.name)].count("/")
        # Some servers leave the query on it.
        return raw.partition(b"?")[0].decode("latin-1").split("/", before)[-1]

    @property
    def query(self) -> str:
        """The query, percent-encoded, without its question mark."""
        return self.scope.get("query_string", b"").decode("latin-1")

    @property
    def arguments(self) -> dict[str, list[str]]:
        """The values in the query, by name."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found

    async def json_object(self, limit: int) -> dict[str, Raw]:
        """The members of the JSON object that is the body; none of an empty one.

        Only `application/json` is read, so that a browser sends nothing here for a page of another
        origin without asking first.

        Raises:
            Failure: it is of another type, too large, or no JSON object.
            Gone: the client left while it sent.
        """
        given = self.headers.get(b"content-type") or ""
        if given.partition(";")[0].strip().lower() != JSON:
            raise Failure(415, f"Send the arguments as a JSON object, with Content-Type: {JSON}")
        if self.headers.get(b"content-encoding") not in (None, "identity"):
            raise Failure(415, "Compressed bodies are not accepted")
        body = await read_body(self.receive, self.headers.get(b"content-length"), limit)
        if body is None:
            raise Gone
        if isinstance(body, Reject):
            slow = body.status == 408
            what = "does not come" if slow else f"is larger than {limit} bytes"
            raise Failure(body.status, f"The body {what}", headers=body.headers)
        if not body:
            return {}
        try:
            if not body.isascii():
                body.decode()
            return _read_object(body)
        except (DecodeError, UnicodeError, RecursionError) as error:
            raise Failure(400, f"The body is not a JSON object: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
