"""Client: connect to a server, one method per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from msgspec import Raw

from fastmcp._version import VERSION
from fastmcp.exceptions import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    McpError,
    RemoteToolError,
    ToolError,
)
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
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import (
    Implementation,
    InitializeResult,
    LoggingLevel,
    ServerCapabilities,
)
from fastmcp.wire.notifications import ProgressNotificationParams
from fastmcp.wire.revisions import REVISIONS
from fastmcp.wire.shapes import ProgressToken

from .answers import Answers
from .arguments import as_text, jsonable, with_version
from .connection import Connection, Options
from .elicitation import ElicitationAnswers, ElicitationHandler
from .logging import LogHandler
from .messages import MessageHandlerT
from .negotiation import Mode
from .notices import Notices
from .pages import all_pages, at
from .progress import ProgressHandler
from .results import CallToolResult, read_result
from .roots import RootsAnswers, RootsHandler, RootsList
from .rounds import MAX_ROUNDS
from .sampling.answering import SamplingAnswers, SamplingHandler
from .transports.inference import infer_transport
from .transports.transport import ClientTransport

R = TypeVar("R")


class Client:
    """A connection to an MCP server, opened by `async with`; it may be entered several times.

    `transport` is a `FastMCP` object, a URL, a script path or a transport. `timeout` bounds each
    request and `init_timeout` the opening, in seconds. `mode` is `"auto"` (probe for the modern
    era, else handshake), `"legacy"` (handshake), or a version: a modern one is spoken unasked, an
    older one is offered in the handshake.

    What the server asks is answered by `roots`, `sampling_handler` (with `sampling_capabilities`
    such as `{"tools": {}}`) and `elicitation_handler`; what is not given is not offered to it. A
    request may take `input_required_max_rounds` rounds of such questions in the modern era.
    """

    def __init__(
        self,
        transport: Any,
        name: str | None = None,
        roots: RootsList | RootsHandler | None = None,
        sampling_handler: SamplingHandler | None = None,
        sampling_capabilities: Any = None,
        elicitation_handler: ElicitationHandler | None = None,
        log_handler: LogHandler | None = None,
        message_handler: MessageHandlerT | None = None,
        progress_handler: ProgressHandler | None = None,
        timeout: float | None = None,
        *,
        init_timeout: float | None = None,
        client_info: Implementation | None = None,
        mode: Mode = "auto",
        input_required_max_rounds: int = MAX_ROUNDS,
    ) -> None:
        if mode not in ("auto", "legacy", *REVISIONS):
            known = ", ".join(REVISIONS)
            raise ValueError(f"mode={mode!r}: use 'auto', 'legacy' or a version ({known})")
        self.transport: ClientTransport = infer_transport(transport)
        self.name = name
        notices = Notices(log_handler, message_handler, progress_handler)
        options = Options(
            info=client_info or Implementation(name=name or "peregrine", version=VERSION),
            mode=mode,
            timeout=timeout,
            init_timeout=30.0 if init_timeout is None else init_timeout or None,
            max_rounds=input_required_max_rounds,
        )
        self._answers = Answers(self, notices)
        self._connection = Connection(self.transport, options, self._answers, notices)
        if roots is not None:
            self.set_roots(roots)
        if sampling_handler is not None:
            self.set_sampling_callback(sampling_handler, sampling_capabilities)
        if elicitation_handler is not None:
            self.set_elicitation_callback(elicitation_handler)

    def __repr__(self) -> str:
        return f"Client({self.transport!r})"

    async def __aenter__(self) -> Self:
        await self._connection.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.leave()

    async def close(self) -> None:
        """Close the connection, whoever else is using it."""
        await self._connection.close()

    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return self._connection.is_open

    # What was agreed on

    @property
    def protocol_version(self) -> str:
        """The revision spoken."""
        return self._connection.agreement.revision.text

    @property
    def initialize_result(self) -> InitializeResult:
        """What the server said of itself; for a modern server, put together from `discover`."""
        return self._connection.agreement.as_initialize_result()

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
        return self._connection.agreement.server_info

    @property
    def _modern(self) -> bool:
        return self._connection.agreement.revision.modern

    # What the server is answered. A handshake server is told once, when the connection is opened,
    # what it may ask; a modern one with each request.

    def set_roots(self, roots: RootsList | RootsHandler) -> None:
        """Offer roots: a list of `file://` URIs or paths, or a function that is asked for it."""
        self._answers.set("roots/list", RootsAnswers(roots))

    def set_sampling_callback(
        self, sampling_callback: SamplingHandler, sampling_capabilities: Any = None
    ) -> None:
        """Offer messages of a model."""
        answers = SamplingAnswers(sampling_callback, sampling_capabilities)
        self._answers.set("sampling/createMessage", answers)

    def set_elicitation_callback(self, elicitation_callback: ElicitationHandler) -> None:
        """Offer to ask the user."""
        self._answers.set("elicitation/create", ElicitationAnswers(elicitation_callback))

    async def send_roots_list_changed(self) -> None:
        """Say that the roots have changed. Modern servers ask for them anew, so are not told."""
        if not self._modern:
            await self._connection.notify("notifications/roots/list_changed", {})

    async def progress(
        self,
        progress_token: ProgressToken,
        progress: float,
        total: float | None = None,
        message: str | None = None,
    ) -> None:
        """Say how far the server's request of that token is. Modern servers send no requests."""
        if not self._modern:
            params = ProgressNotificationParams(
                progress_token=progress_token, progress=progress, total=total, message=message
            )
            await self._connection.notify("notifications/progress", params)

    async def cancel(self, request_id: RequestId, reason: str | None = None) -> None:
        """Give up a request that is in flight; who waits for it gets a ClientError. The id is the
        `progress_token` of what the request reports. Cancelling the task that waits does the same.
        """
        self._connection.cancel(request_id, reason)

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

        What the server asks for meanwhile is answered; `timeout` bounds each request that is sent,
        not those answers.
        """
        return await self._connection.request(
            method, params, timeout=timeout, progress_handler=progress_handler, meta=meta
        )

    async def _ask(self, result: type[R], method: str, params: Any = None, **options: Any) -> R:
        return read_result(result, await self.request(method, params, **options), method)

    async def ping(self) -> bool:
        """Whether the server answers. Modern servers have no ping; they are asked to discover."""
        await self.request("server/discover" if self._modern else "ping")
        return True

    async def set_logging_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above."""
        self._connection.log_level = level
        if not self._modern:
            await self.request("logging/setLevel", {"level": level})

    async def list_tools_mcp(self, cursor: str | None = None) -> ListToolsResult:
        """One page of tools."""
        page = await self._ask(ListToolsResult, "tools/list", at(cursor))
        page.tools = self._connection.learn(page.tools)
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
        if self._modern:
            await self._connection.streams.watch(str(uri))
        else:
            await self.request("resources/subscribe", {"uri": str(uri)})

    async def unsubscribe_resource(self, uri: Any) -> None:
        """Hear of a resource no more."""
        if self._modern:
            await self._connection.streams.unwatch(str(uri))
        else:
            await self.request("resources/unsubscribe", {"uri": str(uri)})
