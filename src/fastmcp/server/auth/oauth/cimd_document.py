"""CIMDDocument: what a client says of itself at the URL that is its id."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from msgspec import MsgspecError, convert, field, json

from fastmcp._oauth.documents import Document
from fastmcp.exceptions import OperationError

from .redirects import LOOPBACK, is_in_clear, problem_of

_METHODS = ("none", "private_key_jwt")
_SECRETS = ("client_secret", "client_secret_expires_at")
_MOST_REDIRECTS = 32


class CIMDValidationError(OperationError):
    """The metadata of a client are not in order, or not where they may be."""


class CIMDFetchError(OperationError):
    """The metadata of a client cannot be fetched."""


class CIMDDocument(Document):
    """The metadata of a client, without any shared secret; `redirect_uris` may have `*` for the
    port on the user's machine.
    """

    client_id: str
    redirect_uris: list[str]
    client_name: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    token_endpoint_auth_method: str = "none"
    grant_types: list[str] = field(default_factory=lambda: ["authorization_code"])
    response_types: list[str] = field(default_factory=lambda: ["code"])
    scope: str | None = None
    contacts: list[str] | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    jwks_uri: str | None = None
    jwks: dict[str, Any] | None = None
    software_id: str | None = None
    software_version: str | None = None
    application_type: str | None = None


def document_of(content: bytes, url: str) -> CIMDDocument:
    """The document that was fetched from a URL.

    Raises:
        CIMDValidationError: it is none, or that of another client.
    """
    try:
        members = json.decode(content, type=dict[str, Any])
        if any(name in members for name in _SECRETS):
            raise CIMDValidationError("A client known by a URL has no secret")
        document = convert(
            {name: value for name, value in members.items() if value is not None}, CIMDDocument
        )
    except (MsgspecError, ValueError, RecursionError) as error:
        raise CIMDValidationError(f"The document at {url} is malformed: {error}") from None
    # As a text: a URL that is spelled otherwise is another client.
    if document.client_id != url:
        raise CIMDValidationError(f"The document at {url} is that of another client_id")
    if document.token_endpoint_auth_method not in _METHODS:
        raise CIMDValidationError(f"token_endpoint_auth_method is one of {', '.join(_METHODS)}")
    _check_redirects(document)
    for name in ("client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"):
        uri = getattr(document, name)
        if uri is None:
            continue
        if not uri.startswith(("https://", "http://")) or not uri.isprintable():
            raise CIMDValidationError(f"{name} has to be a URL of http or https")
    return document


def _check_redirects(document: CIMDDocument) -> None:
    if not 1 <= len(document.redirect_uris) <= _MOST_REDIRECTS:
        raise CIMDValidationError(f"redirect_uris has to have 1 to {_MOST_REDIRECTS} of them")
    document.redirect_uris = [_any_port(each) for each in document.redirect_uris]
    for uri in document.redirect_uris:
        problem = problem_of(uri)
        if problem is None and is_in_clear(uri):
            problem = "http is for the user's own machine"
        if problem is not None:
            raise CIMDValidationError(f"A redirect URI is refused: {problem}")


def _any_port(uri: str) -> str:
    """Without the `*` for a port of the user's machine, which is free in any case."""
    for host in LOOPBACK:
        written = f"[{host}]" if ":" in host else host
        start = f"http://{written}:*"
        if uri.startswith(start) and urlsplit(uri[len(start) :]).scheme == "":
            return f"http://{written}{uri[len(start) :]}"
    return uri
