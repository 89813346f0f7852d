"""Everything that a server sends unasked, for one handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeAlias

from msgspec import Raw, json

from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.methods import METHODS

__all__ = ["Message", "MessageHandler", "MessageHandlerT", "ServerNotification", "ServerRequest"]


class ServerNotification:
    """A notification: its `method`, and its `params`, decoded when they are looked at."""

    __slots__ = ("_params", "_raw", "method")

    def __init__(self, method: str, params: Raw) -> None:
        self.method: str = method
        self._raw = params
        self._params: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.method!r}, {self._raw!r})"

    @property
    def params(self) -> Any:
        """The parameters, as the protocol's class for them, or as a dict where there is none.

        Raises:
            ValueError: they are not what the method promises.
        """
        if self._params is None:
            row = METHODS.get(self.method)
            kind: Any = dict[str, Any] if row is None else row.params
            self._params = json.decode(self._raw, type=kind)
        return self._params

    @property
    def root(self) -> Self:
        """This, under the name that the official SDK 1.x has for what is inside of its wrapper."""
        return self


class ServerRequest(ServerNotification):
    """A request that the client's other handlers answer; `id` is a key in a round of input."""

    __slots__ = ("id",)

    def __init__(self, id: RequestId, method: str, params: Raw) -> None:
        super().__init__(method, params)
        self.id: int | str = id

    @property
    def request(self) -> Self:
        """This, as `root`."""
        return self


Message: TypeAlias = ServerNotification | ServerRequest | Exception
MessageHandlerT: TypeAlias = Callable[[Message], Awaitable[None] | None]
"""A function that takes each message; a `MessageHandler` is one, too."""

_HOOKS = {
    "ping": "on_ping",
    "roots/list": "on_list_roots",
    "sampling/createMessage": "on_create_message",
    "elicitation/create": "on_elicit",
    "notifications/cancelled": "on_cancelled",
    "notifications/progress": "on_progress",
    "notifications/message": "on_logging_message",
    "notifications/tools/list_changed": "on_tool_list_changed",
    "notifications/resources/list_changed": "on_resource_list_changed",
    "notifications/prompts/list_changed": "on_prompt_list_changed",
    "notifications/resources/updated": "on_resource_updated",
}


class MessageHandler:
    """Override what you want to hear of. Requests are heard of here, and answered elsewhere."""

    async def __call__(self, message: Message) -> None:
        await self.dispatch(message)

    async def dispatch(self, message: Message) -> None:
        """Call the hooks for a message, from the general to the special."""
        await self.on_message(message)
        if isinstance(message, Exception):
            await self.on_exception(message)
            return
        if isinstance(message, ServerRequest):
            await self.on_request(message)
        else:
            await self.on_notification(message)
        if (hook := _HOOKS.get(message.method)) is not None:
            await getattr(self, hook)(message)

    async def on_message(self, message: Message) -> None:
        """Anything."""

    async def on_exception(self, message: Exception) -> None:
        """The connection was lost."""

    async def on_request(self, message: ServerRequest) -> None:
        """Any request."""

    async def on_ping(self, message: ServerRequest) -> None:
        """The server asks whether the client is there."""

    async def on_list_roots(self, message: ServerRequest) -> None:
        """The server asks for the roots."""

    async def on_create_message(self, message: ServerRequest) -> None:
        """The server asks for a message of the client's model."""

    async def on_elicit(self, message: ServerRequest) -> None:
        """The server asks the user."""

    async def on_notification(self, message: ServerNotification) -> None:
        """Any notification."""

    async def on_cancelled(self, message: ServerNotification) -> None:
        """The server no longer wants the answer to a request of its own."""

    async def on_progress(self, message: ServerNotification) -> None:
        """How far a request of the client's is."""

    async def on_logging_message(self, message: ServerNotification) -> None:
        """A log message."""

    async def on_tool_list_changed(self, message: ServerNotification) -> None:
        """The list of tools has changed."""

    async def on_resource_list_changed(self, message: ServerNotification) -> None:
        """The list of resources has changed."""

    async def on_prompt_list_changed(self, message: ServerNotification) -> None:
        """The list of prompts has changed."""

    async def on_resource_updated(self, message: ServerNotification) -> None:
        """A resource that the client subscribed to has changed."""
