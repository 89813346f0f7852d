"""Requests that nobody sent: for what a program does with its own server."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from fastmcp._protocol.eras import Sender
from fastmcp._runtime.exchange import Exchange
from fastmcp.exceptions import InputUnavailable
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.revisions import LATEST_HANDSHAKE

from .http_scope import http_scope

_NO_PARAMS = Raw(b"{}")


class Nobody:
    """The peer of what is done without a client."""

    async def send(self, message: bytes, related: RequestId | None) -> None:
        pass

    async def request(self, method: str, params: Any, related: RequestId | None) -> Raw:
        raise InputUnavailable(f"There is no client to be asked: {method}")

    def awaits(self, related: RequestId) -> bool:
        return True

    def release(self, related: RequestId) -> None:
        pass


def detached(method: str) -> Exchange:
    """A request that nobody sent; of the caller's whose HTTP request is being served."""
    sender = Sender(LATEST_HANDSHAKE, ClientCapabilities())
    return Exchange(
        "in-process",
        method,
        _NO_PARAMS,
        sender=sender,
        peer=Nobody(),
        transport="memory",
        scope=http_scope(),
    )
