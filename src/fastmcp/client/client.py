"""Client: connect to a server, one method per request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack, overload

from msgspec import structs

from fastmcp._version import VERSION
from fastmcp.wire.completion import (
    CompleteResult,
    Completion,
    PromptReference,
    ResourceTemplateReference,
)
from fastmcp.wire.content import Resource
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
from fastmcp.wire.lifecycle import (
    DiscoverResult,
    Implementation,
    InitializeResult,
)

from .answers import Answers, Extensions
from .arguments import Duration, in_seconds, prompt_params, with_version
from .cached_requests import CachedRequests
from .connection import Connection
from .conversation import Conversation
from .elicitation import ElicitationHandler
from .logging import LogHandler
from .messages import MessageHandlerT
from .negotiation import Mode
from .notices import Notices
from .options import Options
from .pages import MAX_PAGES, all_pages, at
from .progress import ProgressHandler
from .results import CallToolResult
from .retrying import RetryPolicy
from .roots import RootsHandler, RootsList
from .rounds import MAX_ROUNDS
from .sampling.answering import SamplingHandler
from .skill_user import SkillUser
from .tasks.client_tasks import ClientTasks
from .tasks.task import PromptTask, ResourceTask, ToolTask
from .tool_calls import CallOptions, ToolCalls
from .transports.inference import infer_transport
from .transports.transport import ClientTransport

if TYPE_CHECKING:
    from .caching.config import CacheConfig
    from .caching.entries import CacheMode

TTL = 60_000
"""How long the result of a task shall be kept, in milliseconds."""


class Client(SkillUser):
    """A connection to an MCP server, opened by `async with`; it may be entered several times, and
    used by any number of tasks.

    `transport` is a `FastMCP` object, a URL, a script path, a command, a configuration of servers
    or a transport. `auth` (a bearer token or an `httpx.Auth`) and `verify` are for HTTP.

    Times are seconds or a `timedelta`. `timeout` is how long a request may be silent (progress
    starts it anew), `max_total_timeout` how long it may take; `init_timeout` is for the opening.
    Every `ping_interval` an open connection is looked at. A connection that was lost is opened anew
    when something is asked, and `retry` says which requests are sent again. With `cache` answers of
    modern servers are kept for as long as they say, unless a `cache_mode` is "refresh" or "bypass".

    `mode` is `"auto"` (probe for the modern era, else handshake), `"legacy"` (handshake), or a
    version: a modern one is spoken unasked, to a server of which `prior_discover` may be known, an
    older one is offered in the handshake. With `auto_initialize=False` neither is done before
    `initialize()`.

    What the server asks is answered by `roots`, `sampling_handler` (with `sampling_capabilities`
    such as `{"tools": {}}`) and `elicitation_handler`; what is not given is not offered to it. A
    request may take `input_required_max_rounds` rounds of such questions in the modern era.
    A `log_handler` hears all messages until `set_logging_level`.
    `extensions` of the protocol are declared to the server: identifiers with their settings.
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
        timeout: Duration | None = None,
        auto_initialize: bool = True,
        init_timeout: Duration | None = None,
        client_info: Implementation | None = None,
        auth: Any = None,
        verify: Any = None,
        *,
        mode: Mode = "auto",
        prior_discover: DiscoverResult | None = None,
        input_required_max_rounds: int = MAX_ROUNDS,
        max_total_timeout: Duration | None = None,
        ping_interval: Duration | None = None,
        retry: RetryPolicy | None = None,
        cache: CacheConfig | bool | None = None,
        extensions: Extensions | None = None,
    ) -> None:
        inferred = infer_transport(transport)
        if auth is not None or verify is not None:
            inferred.secure(auth, verify)
        self._set_up(
            inferred,
            name or self.generate_name(),
            Notices(log_handler, message_handler, progress_handler),
            Options.of(
                info=client_info or Implementation(name=name or "peregrine", version=VERSION),
                mode=mode,
                timeout=timeout,
                max_total_timeout=max_total_timeout,
                init_timeout=init_timeout,
                ping_interval=ping_interval,
                max_rounds=input_required_max_rounds,
                retry=retry or RetryPolicy(),
                auto_initialize=auto_initialize,
                prior_discover=prior_discover,
                cache=cache,
            ),
        )
        if extensions is not None:
            self._answers.extend(extensions)
        if roots is not None:
            self.set_roots(roots)
        if sampling_handler is not None:
            self.set_sampling_callback(sampling_handler, sampling_capabilities)
        if elicitation_handler is not None:
            self.set_elicitation_callback(elicitation_handler)

    def _set_up(
        self, transport: ClientTransport, name: str, notices: Notices, options: Options
    ) -> None:
        options = structs.replace(options, hears_logs=notices._on_log is notices._given[0])
        self.transport = transport
        self.name = name
        self._notices = notices
        self._options = options
        self._answers = Answers(self, notices)
        self._connection: Conversation = transport.converse(
            Connection, options, self._answers, notices
        )
        self._tasks = ClientTasks(self._connection, self._answers, notices, options)
        self._tool_calls = ToolCalls(
            self._connection,
            self._tasks,
            self.list_tools,
            raises_originals=transport.raise_exceptions,
        )
        notices.follow(self._tool_calls.schemas.follow)
        url = getattr(transport, "url", None)
        self._cached = CachedRequests(self._connection, self._answers, notices, options.cache, url)

    def new(self) -> Self:
        """A client of the same server with the same handlers, and a connection of its own."""
        twin = object.__new__(type(self))
        twin._set_up(self.transport, self.name, self._notices.twin(), self._options)
        twin._answers.take_over(self._answers)
        return twin

    @classmethod
    def generate_name(cls, name: str | None = None) -> str:
        """A name that no other client has."""
        return f"{name or cls.__name__}-{os.urandom(2).hex()}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.transport!r})"

    async def __aenter__(self) -> Self:
        await self._connection.enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._tasks.part()
        finally:
            await self._connection.leave()
        self._tasks.doubt()
        await self._cached.close()

    async def close(self) -> None:
        """Close the connection, whoever else is using it."""
        await self._connection.close()
        self._tasks.doubt()
        await self._cached.close()

    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return self._connection.is_open

    async def initialize(self, timeout: Duration | None = None) -> InitializeResult:
        """Agree on a revision now, after `auto_initialize=False`; what the server said of itself.

        Raises:
            McpError: the server refused.
            ClientError: it did not answer in time, or speaks no revision that we do.
        """
        agreement = await self._connection.initialize(in_seconds(timeout))
        return agreement.as_initialize_result()

    # Lists

    async def list_tools_mcp(
        self, cursor: str | None = None, *, cache_mode: CacheMode = "use"
    ) -> ListToolsResult:
        """One page of tools."""
        page = await self._cached.read(ListToolsResult, "tools/list", at(cursor), cache_mode)
        page.tools = self._connection.learn(page.tools)
        self._tool_calls.schemas.learn(page.tools)
        return page

    async def list_tools(
        self, max_pages: int = MAX_PAGES, *, cache_mode: CacheMode = "use"
    ) -> list[Tool]:
        """All tools."""
        fetch = partial(self.list_tools_mcp, cache_mode=cache_mode)
        return await all_pages(fetch, lambda page: page.tools, max_pages)

    async def list_resources_mcp(
        self, cursor: str | None = None, *, cache_mode: CacheMode = "use"
    ) -> ListResourcesResult:
        """One page of resources."""
        return await self._cached.read(
            ListResourcesResult, "resources/list", at(cursor), cache_mode
        )

    async def list_resources(
        self, max_pages: int = MAX_PAGES, *, cache_mode: CacheMode = "use"
    ) -> list[Resource]:
        """All resources."""
        fetch = partial(self.list_resources_mcp, cache_mode=cache_mode)
        return await all_pages(fetch, lambda page: page.resources, max_pages)

    async def list_resource_templates_mcp(
        self, cursor: str | None = None, *, cache_mode: CacheMode = "use"
    ) -> ListResourceTemplatesResult:
        """One page of resource templates."""
        return await self._cached.read(
            ListResourceTemplatesResult, "resources/templates/list", at(cursor), cache_mode
        )

    async def list_resource_templates(
        self, max_pages: int = MAX_PAGES, *, cache_mode: CacheMode = "use"
    ) -> list[ResourceTemplate]:
        """All resource templates."""
        fetch = partial(self.list_resource_templates_mcp, cache_mode=cache_mode)
        return await all_pages(fetch, lambda page: page.resource_templates, max_pages)

    async def list_prompts_mcp(
        self, cursor: str | None = None, *, cache_mode: CacheMode = "use"
    ) -> ListPromptsResult:
        """One page of prompts."""
        return await self._cached.read(ListPromptsResult, "prompts/list", at(cursor), cache_mode)

    async def list_prompts(
        self, max_pages: int = MAX_PAGES, *, cache_mode: CacheMode = "use"
    ) -> list[Prompt]:
        """All prompts."""
        fetch = partial(self.list_prompts_mcp, cache_mode=cache_mode)
        return await all_pages(fetch, lambda page: page.prompts, max_pages)

    async def call_tool_mcp(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallOptions],
    ) -> WireCallToolResult:
        """Call a tool; the result as the protocol has it.

        Raises:
            McpError: the server answered with an error.
        """
        return await self._tool_calls.wire_result(name, arguments, options)

    @overload
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        raise_on_error: bool = True,
        task: Literal[False] = False,
        **options: Unpack[CallOptions],
    ) -> CallToolResult: ...

    @overload
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        raise_on_error: bool = True,
        task: Literal[True],
        task_id: str | None = None,
        ttl: int | None = TTL,
        **options: Unpack[CallOptions],
    ) -> ToolTask: ...

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        raise_on_error: bool = True,
        task: bool = False,
        task_id: str | None = None,
        ttl: int | None = TTL,
        **options: Unpack[CallOptions],
    ) -> CallToolResult | ToolTask:
        """Call a tool.

        With `task` it is not waited for where the server can run it in the background: then the
        result is kept for `ttl` milliseconds, if the server obeys that, and the `timeout` is only
        for its taking the call. Servers choose the ids of their tasks; a `task_id` is that of a
        call which was answered at once.

        Raises:
            ToolError: the tool failed or there is none (then it is an McpError, too), unless
                `raise_on_error` is False.
        """
        if task:
            return await self._tool_calls.task(
                name, arguments, options, raise_on_error, task_id, ttl
            )
        return await self._tool_calls.result(name, arguments, options, raise_on_error)

    async def read_resource_mcp(
        self,
        uri: Any,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        cache_mode: CacheMode = "use",
    ) -> ReadResourceResult:
        """Read a resource; the result as the protocol has it."""
        meta = with_version(meta, version)
        params = {"uri": str(uri)}
        return await self._cached.read(
            ReadResourceResult, "resources/read", params, cache_mode, meta
        )

    @overload
    async def read_resource(
        self,
        uri: Any,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        cache_mode: CacheMode = "use",
        task: Literal[False] = False,
    ) -> list[Any]: ...

    @overload
    async def read_resource(
        self,
        uri: Any,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        task: Literal[True],
        task_id: str | None = None,
        ttl: int | None = TTL,
    ) -> ResourceTask: ...

    async def read_resource(
        self,
        uri: Any,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        cache_mode: CacheMode = "use",
        task: bool = False,
        task_id: str | None = None,
        ttl: int | None = TTL,
    ) -> list[Any] | ResourceTask:
        """The contents of a resource, as text and binary pieces; or a `task`, as of `call_tool`."""
        if task:
            meta = with_version(meta, version)
            return await self._tasks.resource(str(uri), meta, task_id, ttl)
        result = await self.read_resource_mcp(
            uri, version=version, meta=meta, cache_mode=cache_mode
        )
        return list(result.contents)

    async def get_prompt_mcp(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> GetPromptResult:
        """Render a prompt. Arguments that are not text are sent as JSON."""
        params, meta = prompt_params(name, arguments), with_version(meta, version)
        return await self._ask(GetPromptResult, "prompts/get", params, meta=meta)

    @overload
    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        task: Literal[False] = False,
    ) -> GetPromptResult: ...

    @overload
    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        task: Literal[True],
        task_id: str | None = None,
        ttl: int | None = TTL,
    ) -> PromptTask: ...

    async def get_prompt(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        version: str | None = None,
        meta: Mapping[str, Any] | None = None,
        task: bool = False,
        task_id: str | None = None,
        ttl: int | None = TTL,
    ) -> GetPromptResult | PromptTask:
        """As `get_prompt_mcp`; or a `task`, as of `call_tool`."""
        if task:
            params, meta = prompt_params(name, arguments), with_version(meta, version)
            return await self._tasks.prompt(params, meta, task_id, ttl)
        return await self.get_prompt_mcp(name, arguments, version=version, meta=meta)

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
