"""The registration endpoint, where clients register themselves (RFC 7591)."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthClientMetadata
from fastmcp.exceptions import RegistrationError

from .grants import CODE
from .options import ClientRegistrationOptions
from .redirects import is_in_clear, problem_of
from .replies import json_reply
from .scopes import split_scope

if TYPE_CHECKING:
    from .provider import OAuthProvider

# What a client may say of itself, in bytes: anybody may send it, and it is kept.
MAX_METADATA = 8 * 1024
_INVALID = "invalid_client_metadata"
_MOST_REDIRECTS = 32
_LONGEST = 2048
_MOST_CONTACTS = 16
_PAGES = ("client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri")
_TEXTS = ("client_name", "software_id", "software_version", *_PAGES)
_METHODS = ("none", "client_secret_post", "client_secret_basic")


class RegistrationHandler:
    """Registers clients by what they say of themselves, as far as that is allowed."""

    def __init__(self, provider: OAuthProvider, options: ClientRegistrationOptions) -> None:
        self.provider = provider
        self.options = options

    async def handle(self, request: Request) -> Response:
        """201 with the client as it is registered.

        Raises:
            RegistrationError: it is not.
        """
        metadata = _metadata_of(await request.body())
        _check_redirects(metadata)
        _check_texts(metadata)
        client = self._client(metadata)
        await self.provider.register_client(client)
        return json_reply(client.to_json(), 201)

    def _client(self, metadata: OAuthClientMetadata) -> OAuthClientInformationFull:
        """The client, with what this server has in place of what it asked for."""
        method = metadata.token_endpoint_auth_method or "client_secret_post"
        if method not in _METHODS:
            raise RegistrationError(
                _INVALID, f"token_endpoint_auth_method has to be one of {', '.join(_METHODS)}"
            )
        issued = int(time.time())
        secret = expires = None
        if method != "none":
            secret, lasting = secrets.token_hex(32), self.options.client_secret_expiry_seconds
            expires = 0 if lasting is None else issued + lasting
        said = msgspec.structs.asdict(metadata)
        decided: dict[str, Any] = {
            "token_endpoint_auth_method": method,
            "grant_types": self._grant_types(metadata),
            "response_types": _response_types(metadata),
            "scope": self._scope(metadata.scope),
            "application_type": _application_type(metadata),
        }
        return OAuthClientInformationFull(
            **(said | decided),
            client_id=secrets.token_urlsafe(24),
            client_secret=secret,
            client_id_issued_at=issued,
            client_secret_expires_at=expires,
        )

    def _grant_types(self, metadata: OAuthClientMetadata) -> list[str]:
        """Those that there are; clients name ones that other servers have."""
        kept = [
            each
            for each in dict.fromkeys(metadata.grant_types)
            if each in self.provider.registrable_grant_types
        ]
        if CODE not in kept:
            raise RegistrationError(_INVALID, f"grant_types has to have {CODE}")
        return kept

    def _scope(self, scope: str | None) -> str | None:
        if scope is None:
            default = self.options.default_scopes
            return None if default is None else " ".join(default)
        asked, valid = split_scope(scope), self.options.valid_scopes
        if asked is None:
            raise RegistrationError(_INVALID, "scope is malformed")
        if valid is None:
            asked = self.provider.registrable_scopes(asked)
        elif unknown := [each for each in asked if each not in valid]:
            raise RegistrationError(_INVALID, f"scope: {', '.join(unknown)} cannot be had here")
        return " ".join(asked) or None


def _metadata_of(body: bytes) -> OAuthClientMetadata:
    """What a client says; a member that is null or empty is as if it were not there."""
    try:
        decoded = msgspec.json.decode(body)
        if not isinstance(decoded, dict):
            raise RegistrationError(_INVALID, "The body has to be a JSON object")
        members = cast("dict[str, Any]", decoded)
        said = {name: value for name, value in members.items() if value not in (None, "")}
        return msgspec.convert(said, OAuthClientMetadata)
    except msgspec.ValidationError as error:
        code = "invalid_redirect_uri" if "redirect_uris" in str(error) else _INVALID
        raise RegistrationError(code, str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RegistrationError(_INVALID, "The body is not JSON in UTF-8") from None


def _check_redirects(metadata: OAuthClientMetadata) -> None:
    uris = metadata.redirect_uris or []
    if not 1 <= len(uris) <= _MOST_REDIRECTS:
        text = f"redirect_uris has to have 1 to {_MOST_REDIRECTS} of them"
        raise RegistrationError("invalid_redirect_uri", text)
    for uri in uris:
        problem = problem_of(uri)
        if problem is None and is_in_clear(uri):
            problem = "http is for the user's own machine; others have to be https"
        if problem is None and metadata.application_type == "web" and not _is_http(uri):
            problem = "that of a web application has to be https"
        if problem is not None:
            raise RegistrationError("invalid_redirect_uri", f"A redirect URI is refused: {problem}")


def _check_texts(metadata: OAuthClientMetadata) -> None:
    for name in _TEXTS:
        text: str | None = getattr(metadata, name)
        if text is None:
            continue
        if len(text) > _LONGEST or not text.isprintable():
            raise RegistrationError(_INVALID, f"{name} is too long, or has control characters")
        if name in _PAGES and not _is_http(text):
            raise RegistrationError(_INVALID, f"{name} has to be a URL of http or https")
    contacts = metadata.contacts or []
    if len(contacts) > _MOST_CONTACTS or any(len(each) > _LONGEST for each in contacts):
        raise RegistrationError(_INVALID, "contacts are too many, or too long")


def _is_http(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _response_types(metadata: OAuthClientMetadata) -> list[str]:
    if "code" not in metadata.response_types:
        raise RegistrationError(_INVALID, "response_types has to have code")
    return ["code"]


def _application_type(metadata: OAuthClientMetadata) -> str:
    kind = metadata.application_type or "native"
    if kind not in ("native", "web"):
        raise RegistrationError(_INVALID, "application_type has to be native or web")
    return kind
