"""Client: connect to a server, one method per request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from msgspec import Raw

from fastmcp._runtime.session import Session
from fastmcp._version import VERSION
from fastmcp.exceptions import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    Disconnected,
    McpError,
    RemoteToolError,
    SessionExpired,
    ToolError,
)
from fastmcp.wire import jsonrpc
from fastmcp.wire.completion import (
    CompleteResult,
    Completion,
    PromptReference,
    ResourceTemplateReference,
)
from fastmcp.wire.content import Resource, TextContent
from fastmcp.wire.features import CallToolResult as WireCallToolResult
from fastmcp.wire.features import (
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    Prompt,
    ReadResourceResult,
    ResourceTemplate,
    Tool,
)
from fastmcp.wire.jsonrpc import Notification, Request
from fastmcp.wire.lifecycle import (
    Implementation,
    InitializeResult,
    LoggingLevel,
    ServerCapabilities,
)
from fastmcp.wire.notifications import SubscriptionFilter
from fastmcp.wire.revisions import MODERN_REVISIONS, REVISIONS
from fastmcp.wire.shapes import META_LOG_LEVEL

from .arguments import as_text, jsonable, with_version
from .negotiation import Agreement, Introduction, Mode, negotiate
from .notices import LogHandler, MessageHandler, Notices, ProgressHandler
from .pages import all_pages, at
from .results import CallToolResult, read_result
from .streams import Streams
from .transports.inference import infer_transport
from .transports.transport import ClientChannel, ClientTransport

R = TypeVar("R")


class Client:
    """A connection to an MCP server, opened by `async with`; it may be entered several times.

    `transport` is a `FastMCP` object, a URL, a script path or a transport. `timeout` bounds each
    request and `init_timeout` the opening, in seconds. `mode` is `"auto"` (probe for the modern
    era, else handshake), `"legacy"` (handshake), or a modern version to speak unasked.
    """

    def __init__(
        self,
        transport: Any,
        *,
        name: str | None = None,
        log_handler: LogHandler | None = None,
        message_handler: MessageHandler | None = None,
        progress_handler: ProgressHandler | None = None,
        timeout: float | None = None,
        init_timeout: float | None = None,
        client_info: Implementation | None = None,
        mode: Mode = "auto",
    ) -> None:
        if mode not in ("auto", "legacy") and REVISIONS.get(mode) not in MODERN_REVISIONS:
            known = ", ".join(revision.text for revision in MODERN_REVISIONS)
            raise ValueError(f"mode={mode!r}: use 'auto', 'legacy' or a modern version ({known})")
        self.transport: ClientTransport = infer_transport(transport)
        self.name = name
        self._notices = Notices(log_handler, message_handler, progress_handler)
        self._hears_lists = message_handler is not None
        self._streams = Streams(self._listen)
        self._timeout = timeout
        self._init_timeout = 30.0 if init_timeout is None else init_timeout or None
        self._mode: Mode = mode
        self._introduction = Introduction(client_info or _own_info(name), {})
        self._log_level: LoggingLevel | None = None
        self._users = 0
        self._turn = asyncio.Lock()
        self._session: Session | None = None
        self._channel: ClientChannel | None = None
        self._agreement: Agreement | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"Client({self.transport!r})"

    # Opening and closing

    async def __aenter__(self) -> Self:
        async with self._turn:
            if self._users == 0:
                await self._open()
            self._users += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._turn:
            self._users = max(0, self._users - 1)  # close() may have ended all of them
            if self._users == 0:
                await self._shut()

    async def close(self) -> None:
        """Close the connection, whoever else is using it."""
        async with self._turn:
            self._users = 0
            await self._shut()

    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return self._session is not None and not self._session.closed

    async def _open(self) -> None:
        channel = self.transport.open()
        session = Session(
            channel,
            self._answer,
            on_notification=self._take,
            answers_malformed=False,
        )
        try:
            await channel.start(session)
            self._agreement = agreement = await negotiate(
                session,
                self._introduction,
                self._mode,
                timeout=self._init_timeout,
                probe_timeout=self.transport.probe_timeout,
            )
            channel.speak(agreement.revision)
            if agreement.initialize is not None:
                await session.send(jsonrpc.encode_notification("notifications/initialized"))
        except BaseException:
            session.close()
            await channel.close()
            raise
        self._session, self._channel = session, channel
        if self._hears_lists and agreement.revision.modern:
            try:
                await self._streams.hear_lists()
            except BaseException:
                await self._shut()
                raise

    async def _shut(self) -> None:
        await self._streams.close()
        session, channel = self._session, self._channel
        self._session = self._channel = None
        if session is not None:
            session.close()
        if channel is not None:
            await channel.close()
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _reopen(self, lost: Session) -> None:
        """A new session in place of one that the server forgot; once for all who lost it."""
        async with self._turn:
            if self._session is lost:
                channel = self._channel
                await self._open()
                task = asyncio.create_task(_leave(lost, channel))
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    # What was agreed on

    @property
    def protocol_version(self) -> str:
        """The revision spoken."""
        return self._agreed().revision.text

    @property
    def initialize_result(self) -> InitializeResult:
        """What the server said of itself; for a modern server, put together from `discover`."""
        return self._agreed().as_initialize_result()

    @property
    def server_capabilities(self) -> ServerCapabilities:
        """What the server offers."""
        return self.initialize_result.capabilities

    @property
    def server_info(self) -> Implementation:
        """The server's name and version, self-declared."""
        return self.initialize_result.server_info

    @property
    def instructions(self) -> str | None:
        """The server's hint to whoever uses it."""
        return self.initialize_result.instructions

    def get_server_info(self) -> dict[str, Any]:
        """The server's own description, with the members that it added."""
        return self._agreed().server_info

    def _agreed(self) -> Agreement:
        if self._agreement is None:
            raise RuntimeError("The client is not connected; use `async with client:`")
        return self._agreement

    # Requests

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Raw:
        """Any request, answered with the raw JSON of its result.

        A session that the server has forgotten is opened anew, once, and the request sent again:
        the server did not carry it out.
        """
        for attempt in (1, 2):
            session = self._session
            if session is None:
                raise RuntimeError("The client is not connected; use `async with client:`")
            try:
                return await session.request(
                    method,
                    self._params(params, meta),
                    timeout=self._timeout if timeout is None else timeout,
                    on_progress=self._notices.on_progress(progress_handler),
                )
            except SessionExpired:
                if attempt == 2:
                    raise
                await self._reopen(session)
        raise AssertionError("unreachable")

    def _params(
        self, params: Mapping[str, Any] | None, meta: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        whole = dict(params or {})
        revision = self._agreed().revision
        if revision.modern:
            envelope = self._introduction.envelope(revision.text)
            if self._log_level is not None:
                envelope[META_LOG_LEVEL] = self._log_level
            whole["_meta"] = {**(meta or {}), **envelope}
        elif meta:
            whole["_meta"] = dict(meta)
        return whole

    async def _ask(self, result: type[R], method: str, params: Any = None, **options: Any) -> R:
        return read_result(result, await self.request(method, params, **options), method)

    async def ping(self) -> bool:
        """Whether the server answers. Modern servers have no ping; they are asked to discover."""
        modern = self._agreed().revision.modern
        await self.request("server/discover" if modern else "ping")
        return True

    async def set_logging_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above."""
        self._log_level = level
        if not self._agreed().revision.modern:
            await self.request("logging/setLevel", {"level": level})

    async def list_tools_mcp(self, cursor: str | None = None) -> ListToolsResult:
        """One page of tools."""
        page = await self._ask(ListToolsResult, "tools/list", at(cursor))
        if self._channel is not None:
            page.tools = self._channel.learn(page.tools)
        return page

    async def list_tools(self) -> list[Tool]:
        """All tools."""
        return await all_pages(self.list_tools_mcp, lambda page: page.tools)

    async def list_resources_mcp(self, cursor: str | None = None) -> ListResourcesResult:
        """One page of resources."""
        return await self._ask(ListResourcesResult, "resources/list", at(cursor))

    async def list_resources(self) -> list[Resource]:
        """All resources."""
        return await all_pages(self.list_resources_mcp, lambda page: page.resources)

    async def list_resource_templates_mcp(
        self, cursor: str | None = None
    ) -> ListResourceTemplatesResult:
        """One page of resource templates."""
        method = "resources/templates/list"
        return await self._ask(ListResourceTemplatesResult, method, at(cursor))

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """All resource templates."""
        return await all_pages(
            self.list_resource_templates_mcp, lambda page: page.resource_templates
        )

    async def list_prompts_mcp(self, cursor: str | None = None) -> ListPromptsResult:
        """One page of prompts."""
        return await self._ask(ListPromptsResult, "prompts/list", at(cursor))

    async def list_prompts(self) -> list[Prompt]:
        """All prompts."""
        return await all_pages(self.list_prompts_mcp, lambda page: page.prompts)

    async def call_tool_mcp(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> WireCallToolResult:
        """Call a tool, in its highest `version` or in another; the result as the protocol has it.

        Raises:
            McpError: the server answered with an error.
        """
        params = {"name": name, "arguments": jsonable(arguments or {})}

        async def ask() -> WireCallToolResult:
            return await self._ask(
                WireCallToolResult,
                "tools/call",
                params,
                timeout=timeout,
                progress_handler=progress_handler,
                meta=with_version(meta, version),
            )

        try:
            return await ask()
        except McpError as error:
            if error.code != HEADER_MISMATCH:
                raise
        await self.list_tools()  # which arguments travel in headers has to be learnt first
        return await ask()

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        raise_on_error: bool = True,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> CallToolResult:
        """Call a tool.

        Raises:
            ToolError: the tool failed or there is none (then it is an McpError, too), unless
                `raise_on_error` is False.
        """
        try:
            wire = await self.call_tool_mcp(
                name,
                arguments,
                timeout=timeout,
                progress_handler=progress_handler,
                version=version,
                meta=meta,
            )
        except McpError as error:
            if error.code == INVALID_PARAMS and not raise_on_error:
                return CallToolResult(content=[TextContent(text=error.message)], is_error=True)
            raise RemoteToolError(error) from error
        result = CallToolResult.from_wire(wire)
        if result.is_error and raise_on_error:
            raise ToolError(result.text())
        return result

    async def read_resource_mcp(
        self, uri: Any, *, version: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> ReadResourceResult:
        """Read a resource; the result as the protocol has it."""
        params = {"uri": str(uri)}
        meta = with_version(meta, version)
        return await self._ask(ReadResourceResult, "resources/read", params, meta=meta)

    async def read_resource(
        self, uri: Any, *, version: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """The contents of a resource, as text and binary pieces."""
        return list((await self.read_resource_mcp(uri, version=version, meta=meta)).contents)

    async def get_prompt_mcp(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> GetPromptResult:
        """Render a prompt. Arguments that are not text are sent as JSON."""
        given = {key: as_text(value) for key, value in (arguments or {}).items()}
        params = {"name": name, "arguments": given} if given else {"name": name}
        meta = with_version(meta, version)
        return await self._ask(GetPromptResult, "prompts/get", params, meta=meta)

    get_prompt = get_prompt_mcp

    async def complete_mcp(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: Mapping[str, str],
        context_arguments: Mapping[str, str] | None = None,
    ) -> CompleteResult:
        """Values for an argument (`{"name": …, "value": what is typed so far}`) of a prompt or a
        resource template, given those already settled.
        """
        params: dict[str, Any] = {"ref": ref, "argument": dict(argument)}
        if context_arguments is not None:
            params["context"] = {"arguments": dict(context_arguments)}
        return await self._ask(CompleteResult, "completion/complete", params)

    async def complete(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: Mapping[str, str],
        context_arguments: Mapping[str, str] | None = None,
    ) -> Completion:
        """As `complete_mcp`: at most 100 values, and whether there are more."""
        return (await self.complete_mcp(ref, argument, context_arguments)).completion

    async def subscribe_resource(self, uri: Any) -> None:
        """Have the `message_handler` hear when a resource changes, in either era.

        Raises:
            McpError: there is no such resource, or the server tells of no changes.
            ClientError: a modern server does not tell of this one.
        """
        if self._agreed().revision.modern:
            await self._streams.watch(str(uri))
        else:
            await self.request("resources/subscribe", {"uri": str(uri)})

    async def unsubscribe_resource(self, uri: Any) -> None:
        """Hear of a resource no more."""
        if self._agreed().revision.modern:
            await self._streams.unwatch(str(uri))
        else:
            await self.request("resources/unsubscribe", {"uri": str(uri)})

    # What the server sends

    def _take(self, notification: Notification) -> None:
        if not self._streams.take(notification):
            self._notices.take(notification)

    async def _listen(self, wanted: SubscriptionFilter) -> None:
        if self._session is None:
            raise Disconnected("The client is not connected")
        params = self._params({"notifications": wanted}, None)
        await self._session.request("subscriptions/listen", params)

    async def _answer(self, request: Request) -> bytes:
        if request.method == "ping":
            return jsonrpc.encode_result(request.id, {})
        error = McpError(code=-32601, message=f"Method not found: {request.method}")
        return jsonrpc.encode_failure(request.id, error)


async def _leave(session: Session, channel: ClientChannel | None) -> None:
    """Close a session that the server forgot, once its other requests were told so."""
    try:
        await session.wait_answered()
    finally:
        session.close()
        if channel is not None:
            await channel.close()


def _own_info(name: str | None) -> Implementation:
    return Implementation(name=name or "peregrine", version=VERSION)
