"""ResponseCachingMiddleware: answers from what was answered before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet, ref

from fastmcp._components.component import Component
from fastmcp._runtime.key_value import KeyValueStore
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.auth.authorization import permit
from fastmcp.server.context import Context
from fastmcp.server.request.detached import Nobody
from fastmcp.tools.base import Tool
from fastmcp.wire.resource_names import canonical_uri

from ..addressed import addressed
from ..middleware import CallNext, Middleware, MiddlewareContext
from . import results
from .bounded_memory import BoundedMemory
from .editions import Ears, place_of
from .kept_answers import Cached, KeptAnswers
from .keys import SHARED, caller_of, key_of
from .lists import Lists
from .settings import (
    FIVE_MINUTES,
    HOUR,
    CallToolSettings,
    GetPromptSettings,
    ListPromptsSettings,
    ListResourcesSettings,
    ListToolsSettings,
    MethodSettings,
    ReadResourceSettings,
)
from .statistics import ResponseCachingStatistics

ONE_MB = 1024 * 1024


class ResponseCachingMiddleware(Middleware):
    """Keeps what was answered in `cache_storage`, any store of py-key-value-aio or one with its
    `get`, `put` and `delete`; by default in this process, what was used last.

    What is found is what was answered to the same credentials, or to others without any. Nothing
    is kept of failures, of functions that asked their client, of sessions that see other components
    than the rest, and of answers over `max_item_size` bytes. Concurrent identical requests are
    served once. A change that clients are told of makes stale what it concerns.

    Raises:
        ConfigurationError: settings that cannot be, or no store.
    """

    def __init__(
        self,
        cache_storage: KeyValueStore | None = None,
        list_tools_settings: ListToolsSettings | None = None,
        list_resources_settings: ListResourcesSettings | None = None,
        list_prompts_settings: ListPromptsSettings | None = None,
        read_resource_settings: ReadResourceSettings | None = None,
        get_prompt_settings: GetPromptSettings | None = None,
        call_tool_settings: CallToolSettings | None = None,
        max_item_size: int = ONE_MB,
    ) -> None:
        if max_item_size <= 0:
            raise ConfigurationError(f"max_item_size must be positive, got {max_item_size}")
        lists = Lists()

        def listing(method: str, option: str, given: Any, kind: Any) -> Cached:
            settings = MethodSettings(option, given, kind, FIVE_MINUTES)
            return Cached(method, settings, lists.write, lists.read)

        def using(method: str, option: str, given: Any, kind: Any, what: str) -> Cached:
            write, read = getattr(results, f"write_{what}"), getattr(results, f"read_{what}")
            return Cached(method, MethodSettings(option, given, kind, HOUR), write, read)

        self._tools = listing(
            "tools/list", "list_tools_settings", list_tools_settings, ListToolsSettings
        )
        self._resources = listing(
            "resources/list",
            "list_resources_settings",
            list_resources_settings,
            ListResourcesSettings,
        )
        self._prompts = listing(
            "prompts/list", "list_prompts_settings", list_prompts_settings, ListPromptsSettings
        )
        self._call = using(
            "tools/call", "call_tool_settings", call_tool_settings, CallToolSettings, "call"
        )
        self._read = using(
            "resources/read",
            "read_resource_settings",
            read_resource_settings,
            ReadResourceSettings,
            "resource",
        )
        self._prompt = using(
            "prompts/get", "get_prompt_settings", get_prompt_settings, GetPromptSettings, "prompt"
        )
        self._answers = KeptAnswers(_store(cache_storage), max_item_size, self._read.settings.ttl)
        self._heard: WeakSet[Any] = WeakSet()
        self._heard_last: Callable[[], Any] = lambda: None
        self._joining = threading.Lock()

    def statistics(self) -> ResponseCachingStatistics:
        """How often the cache was asked, and had the answer, by method."""
        of = self._answers.statistics.get
        return ResponseCachingStatistics(
            list_tools=of("tools/list"),
            list_resources=of("resources/list"),
            list_prompts=of("prompts/list"),
            read_resource=of("resources/read"),
            get_prompt=of("prompts/get"),
            call_tool=of("tools/call"),
        )

    async def on_list_tools(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The list, from the cache if it is there."""
        return await self._listed(self._tools, context, call_next)

    async def on_list_resources(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The list, from the cache if it is there."""
        return await self._listed(self._resources, context, call_next)

    async def on_list_prompts(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The list, from the cache if it is there."""
        return await self._listed(self._prompts, context, call_next)

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The result, from the cache if it is there."""
        name, settings = context.message.name, self._call.settings
        if name in settings.excluded or (settings.included and name not in settings.included):
            return await call_next(context)
        return await self._used(self._call, context, call_next)

    async def on_read_resource(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The contents, from the cache if they are there."""
        return await self._used(self._read, context, call_next)

    async def on_get_prompt(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The prompt, from the cache if it is there."""
        return await self._used(self._prompt, context, call_next)

    async def _listed(
        self, cached: Cached, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        served = context.fastmcp_context
        if served is None or not cached.settings.enabled:
            return await call_next(context)
        exchange = served.exchange
        # A program that lists its server's components is told of all their versions.
        if exchange.method != cached.method or isinstance(exchange.peer, Nobody):
            return await call_next(context)
        return await self._answer(cached, context, served, call_next, None)

    async def _used(
        self, cached: Cached, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        served, message = context.fastmcp_context, context.message
        if served is None or not cached.settings.enabled or _goes_on(served, message):
            return await call_next(context)
        component = await addressed(served, message)
        if component is not None:
            if not self._may_be_kept(component):
                return await call_next(context)
            if component.auth is not None and await permit(component) is None:
                return await call_next(context)
        uri = None
        if cached is self._read:
            uri = place_of(canonical_uri(str(message.uri)))
        return await self._answer(cached, context, served, call_next, uri)

    def _may_be_kept(self, component: Component) -> bool:
        if not isinstance(component, Tool) or component.name in self._call.settings.included:
            return True
        hints = component.annotations
        return hints is None or hints.read_only_hint is not False

    async def _answer(
        self,
        cached: Cached,
        context: MiddlewareContext[Any],
        served: Context,
        call_next: CallNext[Any, Any],
        uri: str | None,
    ) -> Any:
        if self._is_special(served):
            return await call_next(context)
        self._listen_to(served)
        whose = SHARED if cached.settings.shared else caller_of(served)
        key = key_of(served, cached.method, context.message, whose)
        if key is None:
            return await call_next(context)
        found = self._answers.at_hand(cached, key, uri)
        if found is not None:
            return found
        return await self._answers.answer(
            cached, key, uri, served.exchange, lambda: call_next(context)
        )

    def _is_special(self, served: Context) -> bool:
        """Whether the session sees something else than others, or has middleware of its own."""
        server = served.fastmcp
        if served.catalogue is not server._parts.catalogue:
            return True
        sessions = server._parts.session_middleware
        return sessions.has(served.session_id) and self in server.middleware

    def _listen_to(self, served: Context) -> None:
        audience: Any = served.fastmcp._parts.audience
        if audience is self._heard_last():
            return
        if audience not in self._heard:
            with self._joining:
                if audience not in self._heard:
                    audience.join(Ears(self._answers.hear))
                    self._heard.add(audience)
        self._heard_last = ref(audience)


def _goes_on(served: Context, message: Any) -> bool:
    """Whether a request is one more round of a call, or asks for a task."""
    if served.input_responses is not None or served.request_state is not None:
        return True
    return getattr(message, "task", None) is not None


def _store(given: Any) -> KeyValueStore:
    if given is None:
        return BoundedMemory()
    if not all(callable(getattr(given, name, None)) for name in ("get", "put", "delete")):
        raise ConfigurationError(
            "cache_storage= is a store of py-key-value-aio, or one with its get, put and delete, "
            f"not {type(given).__name__}"
        )
    return given
