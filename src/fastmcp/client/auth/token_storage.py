"""Keeping tokens and registrations: by who gave them and for which resource, so that what one
authorization server gave is never found when another one is spoken to.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any, SupportsFloat

import msgspec
from msgspec import Struct

from fastmcp._oauth.documents import OAuthClientInformationFull, OAuthToken
from fastmcp._runtime.key_value import KeyValueStore

SERVERS = "mcp-oauth-server"
TOKENS = "mcp-oauth-token"
BINDINGS = "mcp-oauth-binding"
CLIENTS = "mcp-oauth-client-info"
YEAR = 365 * 24 * 3600.0


class MemoryTokenStorage:
    """Keeps everything until the process ends."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str | None, str], tuple[Mapping[str, Any], float | None]] = {}

    def __repr__(self) -> str:
        return f"MemoryTokenStorage({len(self._kept)} entries)"

    async def get(self, key: str, *, collection: str | None = None) -> Mapping[str, Any] | None:
        value, end = self._kept.get((collection, key), (None, None))
        return None if end is not None and end <= time.time() else value

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        end = None if ttl is None else time.time() + float(ttl)
        self._kept[collection, key] = value, end

    async def delete(self, key: str, *, collection: str | None = None) -> bool:
        return self._kept.pop((collection, key), None) is not None


class StoredToken(Struct, frozen=True):
    """A token with what has to be known of it later; times are in seconds since 1970. `asked` are
    the scopes that were asked for.
    """

    token: OAuthToken
    issuer: str
    resource: str
    expires_at: float | None = None
    asked: str | None = None
    names_resource: bool = True
    dpop_key: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"StoredToken(issuer={self.issuer!r}, resource={self.resource!r})"


class TokenStorageAdapter:
    """What is kept for the MCP server at `server_url`, in a store of any kind. Clients of other
    identities that share the store have other namespaces. What is kept and cannot be read counts
    as nothing.
    """

    def __init__(
        self,
        async_key_value: KeyValueStore,
        server_url: str,
        cache_namespace: str | None = None,
    ) -> None:
        self._store = async_key_value
        self._server_url = server_url
        self._namespace = cache_namespace or ""
        self._issuer: str | None = None
        self._resource = server_url
        self._is_known = False

    def __repr__(self) -> str:
        return f"TokenStorageAdapter({type(self._store).__name__})"

    async def load(self) -> StoredToken | None:
        """The token that was got last for this server."""
        await self._know()
        if self._issuer is None:
            return None
        found = _read(await self._store.get(self._token_key(), collection=TOKENS), StoredToken)
        place = (self._issuer, self._resource)
        return found if found is not None and (found.issuer, found.resource) == place else None

    async def keep(self, token: StoredToken) -> None:
        """Keep the token that is used from now on."""
        self._issuer, self._resource, self._is_known = token.issuer, token.resource, True
        place = {"issuer": token.issuer, "resource": token.resource}
        await self._store.put(self._server_key(), place, collection=SERVERS, ttl=YEAR)
        value = msgspec.to_builtins(token)
        # Not the token's own time: what refreshes it may be good for much longer.
        await self._store.put(self._token_key(), value, collection=TOKENS, ttl=YEAR)

    async def drop_token(self) -> None:
        """Forget the token."""
        await self._know()
        if self._issuer is not None:
            await self._store.delete(self._token_key(), collection=TOKENS)

    async def client_of(self, issuer: str) -> OAuthClientInformationFull | None:
        """The client that an authorization server knows; None once its secret has expired."""
        kept = await self._store.get(self._client_key(issuer), collection=CLIENTS)
        found = _read(kept, OAuthClientInformationFull)
        if found is None or found.issuer != issuer:
            return None
        end = found.client_secret_expires_at
        return None if end and end <= time.time() else found

    async def keep_client(self, client: OAuthClientInformationFull, issuer: str) -> None:
        """Keep who the client is to an authorization server."""
        left = YEAR
        if client.client_secret_expires_at:
            left = client.client_secret_expires_at - time.time()
        if left > 0:
            value = {**client.model_dump(exclude_none=True), "issuer": issuer}
            await self._store.put(self._client_key(issuer), value, collection=CLIENTS, ttl=left)

    async def drop_client(self, issuer: str) -> None:
        """Forget who the client is to an authorization server."""
        await self._store.delete(self._client_key(issuer), collection=CLIENTS)

    async def binding(self) -> str | None:
        """The authorization server that credentials which were given from outside belong to, by
        their first use.
        """
        found = await self._store.get(self._server_key(), collection=BINDINGS) or {}
        issuer = found.get("issuer")
        return issuer if isinstance(issuer, str) else None

    async def bind(self, issuer: str) -> None:
        """From now on they belong to this one."""
        await self._store.put(self._server_key(), {"issuer": issuer}, collection=BINDINGS)

    # As FastMCP's users call it

    async def clear(self) -> None:
        """Forget the token, the client, and whom given credentials belong to."""
        await self._know()
        await self._store.delete(self._server_key(), collection=BINDINGS)
        if self._issuer is not None:
            await self.drop_token()
            await self.drop_client(self._issuer)
        await self._store.delete(self._server_key(), collection=SERVERS)
        self._issuer, self._resource = None, self._server_url

    async def get_tokens(self) -> OAuthToken | None:
        """The token as it was given."""
        stored = await self.load()
        return None if stored is None else stored.token

    async def set_tokens(self, tokens: Any) -> None:
        """Keep a token that was got otherwise, of the same authorization server as the last."""
        await self._know()
        token = msgspec.convert(_members(tokens), OAuthToken, strict=False)
        end = None if token.expires_in is None else time.time() + token.expires_in
        issuer = self._issuer or ""
        await self.keep(StoredToken(token, issuer, self._resource, end, token.scope))

    async def get_token_expiry(self) -> float | None:
        """When the token expires."""
        stored = await self.load()
        return None if stored is None else stored.expires_at

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """The client that the authorization server of the last token knows."""
        await self._know()
        return None if self._issuer is None else await self.client_of(self._issuer)

    async def set_client_info(self, client_info: Any) -> None:
        """Keep a client that was registered otherwise."""
        await self._know()
        client = msgspec.convert(_members(client_info), OAuthClientInformationFull, strict=False)
        await self.keep_client(client, client.issuer or self._issuer or "")

    async def _know(self) -> None:
        """Read which authorization server gave the last token."""
        if self._is_known:
            return
        found = await self._store.get(self._server_key(), collection=SERVERS) or {}
        issuer, resource = found.get("issuer"), found.get("resource")
        if isinstance(issuer, str) and isinstance(resource, str):
            self._issuer, self._resource = issuer, resource
        self._is_known = True

    def _server_key(self) -> str:
        return _key(self._server_url, self._namespace)

    def _token_key(self) -> str:
        return _key(self._issuer or "", self._resource, self._server_url, self._namespace)

    def _client_key(self, issuer: str) -> str:
        return _key(issuer, self._server_url, self._namespace)


def _key(*parts: str) -> str:
    """A name that any store takes, and that tells nothing."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def _read(value: Any, kind: type[Any]) -> Any:
    if value is None:
        return None
    try:
        return msgspec.convert(dict(value), kind)
    except (msgspec.ValidationError, TypeError, ValueError):
        return None


def _members(value: Any) -> dict[str, Any]:
    """The members of a document, or of an object of another library that is like it."""
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType]
    dump = value.model_dump(exclude_none=True)
    return {
        name: member if _is_plain(member) else _as_text(member) for name, member in dump.items()
    }


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, dict))


def _as_text(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
