"""AsyncMCPClient: plain values from one server, which is connected to when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self

from msgspec import json

from fastmcp.exceptions import (
    INVALID_PARAMS,
    RESOURCE_NOT_FOUND,
    McpError,
    RemoteToolError,
    TimedOut,
    ToolError,
)
from fastmcp.wire.completion import PromptReference, ResourceTemplateReference
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.resource_names import canonical_uri
from fastmcp.wire.shapes import ProgressToken

from ..arguments import Duration
from ..client import Client
from ..elicitation import ElicitationHandler
from ..progress import ProgressHandler
from ..roots import RootsHandler, RootsList
from ..sampling.answering import SamplingHandler
from ..transports.transport import ClientTransport
from .lazy_client import LazyClient
from .same_options import same_options_as
from .values import listed, prompt_value, resource_value, result_value, texts_of


class AsyncMCPClient:
    """A client of one MCP server that takes and gives plain Python values.

    It takes what `Client` takes. A URL may also be that of the server's host, whose `/mcp`, `/` and
    `/sse` are tried, and an entry of a configuration (`{"url": …, "headers": …}`) is one server.

    The connection is opened by the first call, and only once when there are several; a failed
    opening is tried again by the next call. `close()` ends it, and so does leaving `async with`; a
    later call opens it again.

    Any call may raise a `ConnectionError` (`ConnectFailed`, `Disconnected`, `UnexpectedResponse`),
    a `TimeoutError`, or an `McpError` that the server answered with.
    """

    @same_options_as(Client)
    def __init__(self, target: Any, options: dict[str, Any]) -> None:
        self._lazy = LazyClient(target, options)
        self._users = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.transport!r})"

    @property
    def transport(self) -> ClientTransport:
        """How the server is reached."""
        return self._lazy.client.transport

    @property
    def home(self) -> asyncio.AbstractEventLoop | None:
        """The event loop that it is connected in; None while it is not."""
        return self._lazy.home

    def new(self) -> AsyncMCPClient:
        """A client of the same server with the same handlers, and a connection of its own."""
        return AsyncMCPClient(self._lazy.target, **self._lazy.options)

    # Opening and closing

    async def __aenter__(self) -> Self:
        self._users += 1
        try:
            await self.open()
        except BaseException:
            self._users -= 1
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._users = max(0, self._users - 1)  # close() may have ended all of them
        if self._users == 0:
            await self.close()

    async def open(self) -> None:
        """Connect now, unless that was done.

        Raises:
            ConnectFailed: the server cannot be reached.
            UnexpectedResponse: what is there is no MCP server, or cannot serve now.
            McpError: the server refused.
        """
        await self._lazy.opened()

    connect = open

    async def close(self) -> None:
        """Disconnect. Calls that are under way fail; the next one connects again."""
        self._users = 0
        await self._lazy.close()

    def is_connected(self) -> bool:
        """Whether the connection is open. One that is not is opened by the next call."""
        return self._lazy.client.is_connected()

    # The server

    async def get_server_info(self) -> dict[str, Any]:
        """What the server says of itself: `name`, `version`, `description` and what it added, and
        with it `protocolVersion`, `capabilities` and `instructions` (None without any).
        """
        client = await self._lazy.opened()
        said = client.initialize_result
        return {
            "description": "",
            **client.get_server_info(),
            "protocolVersion": said.protocol_version,
            "capabilities": said.capabilities.model_dump(exclude_none=True),
            "instructions": said.instructions,
        }

    async def get_server_capabilities(self) -> dict[str, Any]:
        """What the server offers, such as `{"tools": {"listChanged": True}}`."""
        return (await self.get_server_info())["capabilities"]

    @property
    def protocol_version(self) -> str:
        """The revision spoken. It is a RuntimeError to ask before the first connection."""
        return self._lazy.client.protocol_version

    async def ping(self) -> bool:
        """Whether the server answers."""
        return await (await self._lazy.opened()).ping()

    # Tools

    async def list_tools(self) -> list[dict[str, Any]]:
        """All tools: dicts with `name`, `description`, `inputSchema` and what else was said."""
        return [listed(tool) for tool in await (await self._lazy.opened()).list_tools()]

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        timeout: Duration | None = None,
        progress_handler: ProgressHandler | None = None,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a tool, in its highest `version` or in another; what it returned.

        Data is as JSON has it. A tool that sends none gives its content: text as str, pictures and
        sounds as bytes, links to resources as dicts; a list when there are several, None without.

        Raises:
            ToolError: the tool failed, with its text, or there is none of that name.
        """
        client = await self._lazy.opened()
        try:
            result = await client.call_tool_mcp(
                name,
                arguments,
                timeout=timeout,
                progress_handler=progress_handler,
                version=version,
                meta=meta,
            )
        except TimedOut:
            raise
        except McpError as error:
            raise RemoteToolError(error) from error
        if result.is_error:
            raise ToolError(texts_of(result))
        return result_value(result)

    # Resources

    async def list_resources(self) -> list[dict[str, Any]]:
        """All resources: dicts with `uri`, `name`, `description` and what else was said."""
        return [listed(each) for each in await (await self._lazy.opened()).list_resources()]

    async def list_resource_templates(self) -> list[dict[str, Any]]:
        """All templates: dicts with `uriTemplate`, `name`, `description` and what else was said."""
        return [
            listed(each) for each in await (await self._lazy.opened()).list_resource_templates()
        ]

    async def get_resource(
        self, uri: Any, *, version: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> Any:
        """The text of a resource, or its bytes; a list of them when it has several contents.

        `uri` may be a plain name, such as `config/database`.

        Raises:
            McpError: there is none, or it cannot be read.
        """
        client = await self._lazy.opened()
        text = str(uri)
        whole = canonical_uri(text)
        try:
            contents = await client.read_resource(whole, version=version, meta=meta)
        except McpError as error:
            if whole == text or error.code not in (RESOURCE_NOT_FOUND, INVALID_PARAMS):
                raise
            try:  # a server of others may list names as they are
                contents = await client.read_resource(text, version=version, meta=meta)
            except McpError:
                raise error from None
        return resource_value(contents)

    read_resource = get_resource

    async def subscribe_resource(self, uri: Any) -> None:
        """Have the `message_handler` hear when a resource changes.

        Raises:
            McpError: there is no such resource, or the server tells of no changes.
        """
        await (await self._lazy.opened()).subscribe_resource(canonical_uri(str(uri)))

    async def unsubscribe_resource(self, uri: Any) -> None:
        """Hear of a resource no more."""
        await (await self._lazy.opened()).unsubscribe_resource(canonical_uri(str(uri)))

    # Prompts and completion

    async def list_prompts(self) -> list[dict[str, Any]]:
        """All prompts: dicts with `name`, `description`, `arguments` and what else was said."""
        return [listed(each) for each in await (await self._lazy.opened()).list_prompts()]

    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A rendered prompt: `{"description": …, "messages": [{"role": …, "content": …}]}`.

        The content of a message is its text; of another kind, it is a dict as the protocol has it.

        Raises:
            McpError: there is none, or its arguments do not fit.
        """
        client = await self._lazy.opened()
        return prompt_value(await client.get_prompt(name, arguments, version=version, meta=meta))

    async def complete(
        self,
        ref: PromptReference | ResourceTemplateReference | Mapping[str, str],
        argument: Mapping[str, str],
        context_arguments: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Values for an argument (`{"name": …, "value": what is typed so far}`) of a prompt
        (`{"type": "ref/prompt", "name": …}`) or a template (`{"type": "ref/resource", "uri": …}`),
        given those already settled.
        """
        client = await self._lazy.opened()
        reference: Any = ref
        return (await client.complete(reference, argument, context_arguments)).values

    # Anything else

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: Duration | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Any:
        """Any request; its whole result, as the protocol has it."""
        client = await self._lazy.opened()
        return json.decode(
            await client.request(
                method, params, timeout=timeout, progress_handler=progress_handler, meta=meta
            )
        )

    async def cancel(self, request_id: RequestId, reason: str | None = None) -> None:
        """Give up a request that is in flight, which ends in a ClientError where it was made. The
        id is the `progressToken` of what it reports.
        """
        await self._lazy.client.cancel(request_id, reason)

    async def set_logging_level(self, level: LoggingLevel) -> None:
        """Have the `log_handler` hear messages of this level and above."""
        await (await self._lazy.opened()).set_logging_level(level)

    async def send_roots_list_changed(self) -> None:
        """Say that the roots have changed."""
        await (await self._lazy.opened()).send_roots_list_changed()

    async def progress(
        self,
        progress_token: ProgressToken,
        progress: float,
        total: float | None = None,
        message: str | None = None,
    ) -> None:
        """Say how far the server's request of that token is."""
        client = await self._lazy.opened()
        await client.progress(progress_token, progress, total, message)

    # What the server is answered, from the next connection on in the handshake era

    def set_roots(self, roots: RootsList | RootsHandler) -> None:
        """Offer roots: a list of `file://` URIs or paths, or a function that is asked for it."""
        self._lazy.options.update(roots=roots)
        self._lazy.client.set_roots(roots)

    def set_sampling_callback(
        self, sampling_callback: SamplingHandler, sampling_capabilities: Any = None
    ) -> None:
        """Offer messages of a model."""
        self._lazy.options.update(
            sampling_handler=sampling_callback, sampling_capabilities=sampling_capabilities
        )
        self._lazy.client.set_sampling_callback(sampling_callback, sampling_capabilities)

    def set_elicitation_callback(self, elicitation_callback: ElicitationHandler) -> None:
        """Offer to ask the user."""
        self._lazy.options.update(elicitation_handler=elicitation_callback)
        self._lazy.client.set_elicitation_callback(elicitation_callback)
