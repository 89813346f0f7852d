"""Context: the one object through which a component speaks with its server and its client."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    ParamSpec,
    Self,
    TypedDict,
    TypeVar,
    Unpack,
    overload,
)

from fastmcp._components.current import current_scope
from fastmcp._components.functions.signature import Injectable
from fastmcp._runtime.bridge import Bridged
from fastmcp.wire.inputs import ListRootsRequestParams, ListRootsResult, Root
from fastmcp.wire.lifecycle import (
    LoggingLevel,
)
from fastmcp.wire.notifications import ProgressNotificationParams

from .inputs.asking import ask
from .providers.local import Feature
from .request.client_logger import ClientLogger
from .request.log_message import hears, log_message
from .request.served_request import ServedRequest
from .state.session_names import values_of
from .state.session_state import SessionState
from .subscriptions import Change
from .visibility import Criteria, Rule, rule

if TYPE_CHECKING:
    from fastmcp.resources.base import ResourceResult
    from fastmcp.server.elicitation import Elicitation
    from fastmcp.server.middleware.chain import Member
    from fastmcp.server.request.client_session import ClientSession
    from fastmcp.server.request.request_context import RequestContext
    from fastmcp.server.sampling import SampleStep, SamplingResult
    from fastmcp.server.sampling.messages import Messages
    from fastmcp.server.sampling.sampling_request import SamplingOptions
    from fastmcp.wire.content import Resource
    from fastmcp.wire.features import GetPromptResult, Prompt

P = ParamSpec("P")
R = TypeVar("R")

to_client_logger: Final = logging.getLogger("fastmcp.server.context.to_client")


bridged: Final = Bridged("ctx")


class Context(ServedRequest, Injectable):
    """The request being served, and what can be done in it. A parameter annotated with it receives
    it. Its asynchronous methods are awaited in async functions, and called in plain ones.
    """

    __slots__ = ("_outer",)

    @classmethod
    def current(cls) -> Context:
        """The context of the request being served.

        Raises:
            RuntimeError: none is.
        """
        context = cls.current_or_none()
        if context is None:
            raise RuntimeError("No request is being served: ask in a tool, or in what it calls")
        return context

    @classmethod
    def current_or_none(cls) -> Context | None:
        """The context of the request being served, or None outside of one."""
        scope = current_scope.get(None)
        return scope if isinstance(scope, Context) else None

    async def __aenter__(self) -> Self:
        """Be the current context, where no request is: in tests, and in programs."""
        self._outer = current_scope.set(self)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        current_scope.reset(self._outer)

    @bridged
    async def enable_components(
        self, *, match_all: bool = False, **criteria: Unpack[Criteria]
    ) -> None:
        """Show this session the components that fit all criteria, or all with `match_all`; this
        comes after the server's own rules. The client is told which lists have changed.
        """
        added = Rule(enabled=True, everything=True) if match_all else rule(True, **criteria)
        await self._show(added)

    @bridged
    async def disable_components(
        self, *, match_all: bool = False, **criteria: Unpack[Criteria]
    ) -> None:
        """Hide components from this session, as in `enable_components`."""
        added = Rule(enabled=False, everything=True) if match_all else rule(False, **criteria)
        await self._show(added)

    @bridged
    async def reset_visibility(self) -> None:
        """Let this session see what the server shows to everybody."""
        await self._tell_lists(self.host._parts.session_visibility.reset(self.session_id))

    async def _show(self, added: Rule) -> None:
        await self._tell_lists(self.host._parts.session_visibility.add(self.session_id, added))

    async def _tell_lists(self, features: Sequence[Feature]) -> None:
        """Tell the client of lists that have changed, once every worker shows them so."""
        parts, record, named = self.host._parts, self._exchange.session, self._exchange.sender
        if record is not None and record.share is not None:
            await record.share(features)
            return
        rules = None if parts.cluster is None else parts.cluster.rules
        if record is None and named.session is not None and rules is not None:
            await rules.share(named.session, features)
        for feature in features:
            parts.audience.tell(Change(feature, session=self.session_id))

    def add_middleware(self, middleware: Member) -> None:
        """Add middleware for the rest of this session, inside of the server's: in this process, and
        from the next request on.
        """
        self.host._parts.session_middleware.add(self.session_id, middleware)

    @property
    def logger(self) -> ClientLogger:
        """A standard logger for any thread; the client hears of its records, too."""
        return ClientLogger(self.fastmcp.logger, self._tell)

    def set_log_level(self, level: LoggingLevel) -> None:
        """What `logging/setLevel` asks for: the least severe level that the session sends."""
        self._exchange.sender.log_level = level

    @bridged
    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the client how far this request is, if it asked to be told; a task keeps it.

        Progress must grow; a value that does not is not sent (PROTOCOL 3.15).
        """
        exchange = self._exchange
        if exchange.task is not None:
            await exchange.task.report(progress, total, message)
            return
        token = exchange.progress_token
        if token is None or (exchange.progress is not None and progress <= exchange.progress):
            return
        exchange.progress = progress
        await exchange.notify(
            "notifications/progress",
            ProgressNotificationParams(
                progress_token=token, progress=progress, total=total, message=message
            ),
        )

    @bridged
    async def send_notification(
        self, notification: Any, params: Mapping[str, Any] | None = None
    ) -> None:
        """Send a notification: its method and `params`, or an object that has both.

        What tells of changes goes where this session hears of changes, anything else with this
        request (PROTOCOL 3.14).
        """
        from .request.sent_notification import read_notification

        method, members, change = read_notification(notification, params, self.session_id)
        if change is not None:
            self.host._parts.audience.tell(change)
        else:
            await self._exchange.notify(method, members)

    @bridged
    async def close_sse_stream(self) -> None:
        """End the response to this request now; its client comes back for the rest.

        It works where an event store keeps the answer, and is without effect elsewhere.
        """
        self._exchange.peer.release(self._exchange.id)

    @bridged
    async def log(
        self,
        message: str,
        level: LoggingLevel = "info",
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Send a log message to the client, if it wants to hear of that level."""
        if self._hears(level):
            params = log_message(message, level, logger_name, extra)
            await self._exchange.notify("notifications/message", params)
        to_client_logger.debug("%s: %s", level, message)

    def _tell(self, message: str, level: LoggingLevel, extra: Any) -> None:
        if self._hears(level):
            params = log_message(message, level, None, extra)
            self._exchange.post("notifications/message", params)

    def _hears(self, level: LoggingLevel) -> bool:
        return hears(self._exchange.sender, level, self.host.client_log_level)

    @bridged
    async def debug(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level debug."""
        await self.log(message, "debug", logger_name, extra)

    @bridged
    async def info(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level info."""
        await self.log(message, "info", logger_name, extra)

    @bridged
    async def warning(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level warning."""
        await self.log(message, "warning", logger_name, extra)

    @bridged
    async def error(
        self,
        message: str,
        logger_name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Log to the client at level error."""
        await self.log(message, "error", logger_name, extra)

    # State

    @property
    def _state(self) -> SessionState:
        keeper = self.host._parts.state_keeper
        return SessionState(self._exchange, keeper, self.principal, self.fastmcp.logger)

    def set_state(
        self, key: str, value: Any, *, serializable: bool | None = None
    ) -> Awaitable[None]:
        """Keep a value under a name, for all that serves this request, at once.

        Data (what pydantic writes as JSON) is kept for the session, too: for its next requests
        from when this is awaited, or else from the end of this one, for a day. Anything else
        is this request's alone, and so is data with `serializable=False`.

        Raises:
            TypeError: with `serializable=True`, for what is no data.
        """
        return self._state.set(key, value, serializable)

    def get_state(self, key: str, default: Any = None) -> Any:
        """The value under a name, `default` if there is none: await it.

        What this request has set is the object itself; what comes from an earlier one is as JSON
        has it. Without await, async code gets a stand-in that behaves as the value does, as far as
        the store answers at once; plain functions get the value.

        Raises:
            NotAwaited: at the use of what has to be awaited.
        """
        return self._state.get(key, default)

    def delete_state(self, key: str) -> Awaitable[None]:
        """Delete what is kept under a name, in this request at once, and as `set_state` does in
        the session.
        """
        return self._state.delete(key)

    @property
    def session(self) -> ClientSession:
        """The client, by the methods that code written for the official SDK calls; the same object
        for the time of the request.
        """
        from .request.client_session import ClientSession

        return values_of(self._exchange).setdefault(ClientSession, ClientSession(self))

    @property
    def request_context(self) -> RequestContext:
        """Facts of the request, as attributes and by key; `["app"]` is the ASGI application."""
        from .request.request_context import RequestContext

        return RequestContext(self)

    # The server's own components

    @bridged
    async def list_resources(self) -> list[Resource]:
        """The resources that this session sees, as clients see them."""
        found = await self._use("resources/list", {})
        return [component.to_mcp_resource() for component in found]

    @bridged
    async def list_prompts(self) -> list[Prompt]:
        """The prompts that this session sees, as clients see them."""
        found = await self._use("prompts/list", {})
        return [component.to_mcp_prompt() for component in found]

    @bridged
    async def read_resource(self, uri: str) -> ResourceResult:
        """Read a resource of the server's.

        Raises:
            NotFoundError: there is none for this session.
        """
        return await self._use("resources/read", {"uri": str(uri)})

    @bridged
    async def get_prompt(
        self, name: str, arguments: Mapping[str, Any] | None = None
    ) -> GetPromptResult:
        """Render a prompt of the server's.

        Raises:
            NotFoundError: there is none for this session.
        """
        members = {"name": name, "arguments": dict(arguments or {})}
        return (await self._use("prompts/get", members)).to_wire()

    async def _use(self, method: str, members: dict[str, Any]) -> Any:
        from .in_process import act

        return await act(self.fastmcp, method, members, middleware=True)

    # Asking the client

    @overload
    async def elicit(
        self, message: str, response_type: type[R], **labels: Unpack[Labels]
    ) -> Elicitation[R]: ...

    @overload
    async def elicit(
        self, message: str, response_type: Any = None, **labels: Unpack[Labels]
    ) -> Elicitation[Any]: ...

    @bridged
    async def elicit(
        self,
        message: str,
        response_type: Any = None,
        *,
        response_title: str | None = None,
        response_description: str | None = None,
    ) -> Elicitation[Any]:
        """Ask the user, and wait for the answer: accepted with data, declined, or cancelled.

        `response_type` is what to ask for: a scalar type, `Literal` or enum, a list of strings to
        choose from (`[[...]]` for several), or a dataclass, TypedDict or model of such members;
        None asks for consent alone.

        Raises:
            MissingCapability: the client cannot ask its user.
        """
        from .elicitation import elicit

        return await elicit(
            self._exchange, message, response_type, response_title, response_description
        )

    @bridged
    async def elicit_url(
        self, message: str, url: str, *, elicitation_id: str | None = None
    ) -> Elicitation[None]:
        """Ask the user to visit a page; accepted means no more than that they agreed to open it.

        Raises:
            MissingCapability: the client opens no pages, as all do not before 2025-11-25.
            ValueError: the URL is not http(s), or carries credentials.
        """
        from .elicitation import elicit_url

        return await elicit_url(self._exchange, message, url, elicitation_id)

    @bridged
    async def elicitation_complete(self, elicitation_id: str) -> None:
        """Tell the client that the user is done with a page: the id is the one given with it."""
        from .elicitation import tell_completed

        await tell_completed(self._exchange, elicitation_id)

    @bridged
    async def once(self, key: str, function: Callable[[], Any]) -> Any:
        """What `function`, plain or async, gives the first time, as JSON has it.

        A modern client is asked in rounds, and the function that asks runs again from its
        beginning for each of them; what is done in here runs once, and later rounds have its value.

        Raises:
            ValueError: the value has no JSON.
        """
        from .inputs.steps import once

        return await once(self._exchange, key, function)

    @bridged
    async def become_task(self) -> None:
        """Go on as a background task, where `task=TaskConfig(deferred=True)` and the client let it:
        the request is answered with the task, and the function runs again from its beginning, in a
        worker, where this does nothing; nor does it in a call that is waited for.
        """
        from .tasks.becoming import become_task

        await become_task(self._exchange)

    @bridged
    async def list_roots(self) -> list[Root]:
        """The places that the client lets servers work in.

        Raises:
            MissingCapability: the client has no roots.
        """
        params = ListRootsRequestParams()
        return (await ask(self._exchange, "roots/list", params, ListRootsResult)).roots

    @bridged
    async def sample(
        self,
        messages: Messages | None = None,
        *,
        prompt: Messages | None = None,
        result_type: type[Any] | None = None,
        **options: Unpack[SamplingOptions],
    ) -> SamplingResult[Any]:
        """Have the client's model answer, calling `tools` of the server as it asks for them.

        `messages`, or `prompt`, is a text, a message, or a list of them. With `result_type` the
        result is checked and converted to it.

        Raises:
            MissingCapability: the client has no model, and the server no handler for it.
        """
        from .sampling import sample

        return await sample(self, messages, prompt=prompt, result_type=result_type, **options)

    @bridged
    async def sample_step(
        self,
        messages: Messages | None = None,
        *,
        prompt: Messages | None = None,
        tool_choice: Any = None,
        execute_tools: bool = True,
        **options: Unpack[SamplingOptions],
    ) -> SampleStep:
        """One answer of the client's model, and what the tools gave that it called."""
        from .sampling import sample_step

        return await sample_step(
            self,
            messages,
            prompt=prompt,
            tool_choice=tool_choice,
            execute_tools=execute_tools,
            **options,
        )


@contextmanager
def set_context(context: Context) -> Generator[Context]:
    """Have this be the current context meanwhile."""
    token = current_scope.set(context)
    try:
        yield context
    finally:
        current_scope.reset(token)


class Labels(TypedDict, total=False):
    """What a form says of a single value that it asks for."""

    response_title: str | None
    response_description: str | None
