"""`ctx.session`: the client, by the methods that code written for the official SDK calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from fastmcp._components.foreign import as_model, plain
from fastmcp.wire.inputs import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    ListRootsRequestParams,
    ListRootsResult,
    SamplingMessage,
)
from fastmcp.wire.lifecycle import InitializeRequestParams, LoggingLevel
from fastmcp.wire.notifications import LoggingMessageNotificationParams, ProgressNotificationParams

from ..inputs.asking import ask

if TYPE_CHECKING:
    from ..context import Context

_NAMELESS = {"name": "unknown", "version": "unknown"}


class ClientSession:
    """The client of one request. What is asked is asked in rounds where the protocol has those.

    `related_request_id` is taken and not needed: all belongs to the request of this context.
    """

    __slots__ = ("_context",)

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def client_params(self) -> InitializeRequestParams:
        """What the client said of itself, as a handshake has it."""
        context = self._context
        return InitializeRequestParams.model_validate(
            {
                "protocolVersion": context.protocol_version,
                "capabilities": context.client_capabilities,
                "clientInfo": context.client_info or _NAMELESS,
            }
        )

    def check_client_capability(self, capability: Any) -> bool:
        """Whether the client declared all that these capabilities have."""
        if not isinstance(capability, dict):
            capability = plain(capability)
        return _covers(self._context.client_capabilities, cast("dict[str, Any]", capability))

    async def send_notification(
        self, notification: Any, related_request_id: str | int | None = None
    ) -> None:
        """As `Context.send_notification`."""
        await self._context.send_notification(notification)

    async def send_log_message(
        self,
        level: LoggingLevel,
        data: Any,
        logger: str | None = None,
        related_request_id: str | int | None = None,
    ) -> None:
        """Send a log message as it is, whatever level the client asked for."""
        params = LoggingMessageNotificationParams(level=level, data=data, logger=logger)
        await self._context.exchange.notify("notifications/message", params)

    async def send_progress_notification(
        self,
        progress_token: str | int,
        progress: float,
        total: float | None = None,
        message: str | None = None,
        related_request_id: str | int | None = None,
    ) -> None:
        """Send progress under a token of one's own choice."""
        params = ProgressNotificationParams(
            progress_token=progress_token, progress=progress, total=total, message=message
        )
        await self._context.exchange.notify("notifications/progress", params)

    async def send_tool_list_changed(self) -> None:
        """Tell this session that the tools have changed."""
        await self._context.send_notification("notifications/tools/list_changed")

    async def send_resource_list_changed(self) -> None:
        """Tell this session that the resources have changed."""
        await self._context.send_notification("notifications/resources/list_changed")

    async def send_prompt_list_changed(self) -> None:
        """Tell this session that the prompts have changed."""
        await self._context.send_notification("notifications/prompts/list_changed")

    async def send_resource_updated(self, uri: Any) -> None:
        """Tell this session, if it watches the resource, that it has changed."""
        await self._context.send_notification("notifications/resources/updated", {"uri": str(uri)})

    async def list_roots(self) -> ListRootsResult:
        """The client's roots, as the protocol has them."""
        exchange = self._context.exchange
        return await ask(exchange, "roots/list", ListRootsRequestParams(), ListRootsResult)

    async def create_message(
        self,
        messages: Sequence[Any],
        *,
        max_tokens: int,
        related_request_id: str | int | None = None,
        **options: Any,
    ) -> CreateMessageResult:
        """Sample once; `options` are the other parameters of `sampling/createMessage`."""
        given = {name: _plain(value) for name, value in options.items() if value is not None}
        asked = [as_model(message, SamplingMessage) for message in messages]
        params = CreateMessageRequestParams.model_validate(
            {"messages": [each.model_dump() for each in asked], "maxTokens": max_tokens, **given}
        )
        return await ask(
            self._context.exchange, "sampling/createMessage", params, CreateMessageResult
        )

    async def elicit(
        self,
        message: str,
        requestedSchema: dict[str, Any],  # noqa: N803 - the name that its callers use
        related_request_id: str | int | None = None,
    ) -> ElicitResult:
        """Ask the user by a schema as it is."""
        return await self.elicit_form(message, requestedSchema)

    async def elicit_form(
        self,
        message: str,
        requested_schema: dict[str, Any],
        related_request_id: str | int | None = None,
    ) -> ElicitResult:
        """Ask the user by a schema as it is."""
        params = ElicitRequestFormParams(message=message, requested_schema=requested_schema)
        return await ask(self._context.exchange, "elicitation/create", params, ElicitResult)

    async def elicit_url(
        self,
        message: str,
        url: str,
        elicitation_id: str,
        related_request_id: str | int | None = None,
    ) -> ElicitResult:
        """Ask the user to visit a page."""
        params = ElicitRequestURLParams(message=message, url=url, elicitation_id=elicitation_id)
        return await ask(self._context.exchange, "elicitation/create", params, ElicitResult)

    async def send_ping(self) -> None:
        """See that the client answers, where the protocol has that."""
        context = self._context
        if not context.revision.modern:
            await context.exchange.peer.request("ping", {}, context.exchange.id)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return plain(value) if hasattr(value, "model_dump") else value


def _covers(declared: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether all that is wanted is declared, in all depth; null and false want nothing."""
    for name, value in wanted.items():
        found = declared.get(name)
        if value is None or value is False:
            continue
        if found is None or found is False:
            return False
        if isinstance(value, dict) and not _covers(found, cast("dict[str, Any]", value)):
            return False
    return True
