"""What the server behind a proxy says of itself, told to the clients in front."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, Literal, TypeAlias

from msgspec import structs

from fastmcp.client.client import Client
from fastmcp.exceptions import ClientError, ConfigurationError, McpError
from fastmcp.wire.lifecycle import (
    DiscoverRequestParams,
    DiscoverResult,
    Implementation,
    InitializeRequestParams,
    InitializeResult,
)
from fastmcp.wire.shapes import META_SERVER_INFO

from ...middleware.middleware import CallNext, Middleware, MiddlewareContext
from .proxy_provider import ProxyProvider

logger: Final = logging.getLogger("fastmcp.server.proxy")

ProxyIdentity: TypeAlias = Literal["proxy", "upstream"]

# How long a client waits for it, in seconds.
PATIENCE: Final = 2.0


class ProxyMetadataMiddleware(Middleware):
    """Adds the instructions of the server behind where the proxy has none, the other members of its
    `_meta`, and with the identity "upstream" its name and version. Without an answer from there
    clients see the proxy's own.
    """

    def __init__(self, provider: ProxyProvider, *, identity: ProxyIdentity = "proxy") -> None:
        if identity not in ("proxy", "upstream"):
            raise ConfigurationError(f"identity={identity!r}: use 'proxy' or 'upstream'")
        self.provider = provider
        self.identity: ProxyIdentity = identity
        self._told: str | None = None

    async def on_initialize(
        self,
        context: MiddlewareContext[InitializeRequestParams],
        call_next: CallNext[InitializeRequestParams, InitializeResult],
    ) -> InitializeResult | None:
        found = await self._upstream(context)  # whether it has tasks is part of the result
        result = await call_next(context)
        if found is None:
            return result
        if self.identity == "upstream":
            info = Implementation.model_validate(found.server_info)
            result = structs.replace(result, server_info=info)
        return self._with_rest(result, found)

    async def on_discover(
        self,
        context: MiddlewareContext[DiscoverRequestParams],
        call_next: CallNext[DiscoverRequestParams, DiscoverResult],
    ) -> DiscoverResult:
        found = await self._upstream(context)
        result = await call_next(context)
        if found is None:
            return result
        if self.identity == "upstream":
            meta = {**(result.meta or {}), META_SERVER_INFO: found.server_info}
            result = structs.replace(result, meta=meta)
        return self._with_rest(result, found)

    def _with_rest(self, result: Any, found: _Upstream) -> Any:
        own: dict[str, Any] = result.meta or {}
        meta = {**found.meta, **own}
        instructions = result.instructions
        return structs.replace(
            result,
            meta=meta or None,
            instructions=found.instructions if instructions is None else instructions,
        )

    async def _upstream(self, context: MiddlewareContext[Any]) -> _Upstream | None:
        """What the server behind says, unless that takes long."""
        backend = self.provider.backend
        try:
            async with (
                asyncio.timeout(PATIENCE),
                backend.session(context.fastmcp_context) as client,
            ):
                self.provider.learn(client)
                return _Upstream(client)
        except (McpError, ClientError, TimeoutError) as error:
            logger.debug("%r did not say what it is: %s", backend, error)
        except Exception as error:  # of the client factory: no reason to turn clients away
            self._tell(error)
        return None

    def _tell(self, error: Exception) -> None:
        """Log it, unless it was the last that was logged."""
        text = f"{type(error).__name__}: {error}"
        if text != self._told:
            self._told = text
            logger.warning("%r cannot be asked what it is: %s", self.provider.backend, text)


class _Upstream:
    """What a server says of itself."""

    def __init__(self, client: Client) -> None:
        said = client.initialize_result
        self.instructions = said.instructions
        self.server_info = client.get_server_info()
        meta = said.meta or {}
        self.meta = {name: value for name, value in meta.items() if name != META_SERVER_INFO}
