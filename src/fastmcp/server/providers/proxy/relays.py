"""Relays: questions of the server behind a proxy, put to the client whose request caused them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fastmcp.client.answers import Answerer
from fastmcp.client.handler_context import RequestContext
from fastmcp.client.logging import LogMessage
from fastmcp.exceptions import InputUnavailable
from fastmcp.wire.inputs import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    Root,
    SamplingMessage,
)
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.methods import METHODS
from fastmcp.wire.model import Model

from ...context import Context, set_context
from .abilities import ALL, Abilities
from .errand import Errand

if TYPE_CHECKING:
    from .proxy_client import ProxyClient


class Relay:
    """Answers one method as the client in front does, and declares what that can."""

    def __init__(self, method: str, abilities: Abilities = ALL) -> None:
        row = METHODS[method]
        assert row.result is not None
        self.method = method
        self.params: type[Model] = row.params
        self._result = row.result
        self._abilities = abilities

    def of(self, abilities: Abilities) -> Relay:
        """The same, for clients with these abilities."""
        return Relay(self.method, abilities)

    def declare(self, capabilities: ClientCapabilities) -> None:
        """Enter what the client in front has declared."""
        self._abilities.declare(self.method, capabilities)

    def check(self, params: Any) -> None:
        """What the client in front did not declare is refused when it is to be asked."""

    async def answer(self, params: Any, context: RequestContext) -> Model:
        """The client's answer."""
        errand = await _client_of(context).errand_of(context.method, context.meta)
        return await errand.ask(self.method, params, self._result)


class OnBehalf:
    """Answers by a handler of the proxy's own, which finds the client's request in its context."""

    def __init__(self, answerer: Answerer) -> None:
        self.params: type[Model] = answerer.params
        self._answerer = answerer

    def declare(self, capabilities: ClientCapabilities) -> None:
        """Enter what the handler can."""
        self._answerer.declare(capabilities)

    def check(self, params: Any) -> None:
        """As the handler's."""
        self._answerer.check(params)

    async def answer(self, params: Any, context: RequestContext) -> Model:
        """The handler's answer."""
        try:
            errand = await _client_of(context).errand_of(context.method, context.meta)
        except InputUnavailable:
            return await self._answerer.answer(params, context)
        with set_context(errand):
            return await self._answerer.answer(params, context)


def _client_of(context: RequestContext) -> ProxyClient:
    return cast("ProxyClient", context.session)


# What a `ProxyClient` does where it is given no handler, for handlers that do more than that.


async def default_proxy_roots_handler(context: RequestContext) -> list[Root]:
    """The roots of the client in front."""
    return await Context.current().list_roots()


async def default_proxy_sampling_handler(
    messages: list[SamplingMessage], params: CreateMessageRequestParams, context: RequestContext
) -> CreateMessageResult:
    """A message of the model of the client in front."""
    return await Errand.current().ask("sampling/createMessage", params, CreateMessageResult)


async def default_proxy_elicitation_handler(
    message: str,
    response_type: type[Any] | None,
    params: ElicitRequestParams,
    context: RequestContext,
) -> ElicitResult:
    """What the user of the client in front says."""
    return await Errand.current().ask("elicitation/create", params, ElicitResult)


async def default_proxy_log_handler(message: LogMessage) -> None:
    """Send a log message on to the client in front."""
    Errand.current().heard_log(message)


async def default_proxy_progress_handler(
    progress: float, total: float | None = None, message: str | None = None
) -> None:
    """Tell the client in front of progress."""
    told = Errand.current().heard_progress(progress, total, message)
    if told is not None:
        await told
