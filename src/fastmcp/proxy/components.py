"""Components that several backends have: each use of one goes to one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Raw

from fastmcp._components.component import Component
from fastmcp._components.demands import demand_of
from fastmcp.exceptions import ClientError, InvalidSignature, McpError
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.completion import CompleteRequestParams, CompleteResult

from .asked import Asked
from .backend import Backend
from .balancer import Balancer

logger: Final = logging.getLogger("fastmcp.proxy")


class BalancedTool(Tool, kw_only=True):
    """A tool of one of several backends."""

    members: dict[Backend, Tool]
    balancer: Balancer
    asked: Asked

    def __post_init__(self) -> None:
        self._mirrors: Any = _first(self.members)._mirrors

    async def call(self, arguments: Raw | Mapping[str, Any]) -> WholeResult:  # type: ignore[override]
        return await self.balancer.send(self.asked, self.members, lambda tool: tool.call(arguments))

    async def run(self, arguments: dict[str, Any]) -> Any:
        return await self.call(arguments)


class BalancedResource(Resource, kw_only=True):
    """A resource of one of several backends."""

    members: dict[Backend, Resource]
    balancer: Balancer
    asked: Asked

    def __post_init__(self) -> None:
        """Nothing: what it is called is for its backends to say."""

    async def read(self) -> Any:
        return await self.read_at(self.uri, {})

    async def read_with(self, arguments: dict[str, Any]) -> Any:
        raise NotImplementedError("a resource of a backend is read at a URI")

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        query = uri.removeprefix(self.uri)

        async def read(member: Resource) -> Any:
            value = await member.read_at(member.uri + query, values)
            return demand_of(value) or member.convert_result(value)

        return await self.balancer.send(self.asked, self.members, read)

    def convert_result(self, raw_value: Any) -> Any:
        return raw_value  # the backend's component has converted it

    async def watch(self, uri: str) -> None:
        """Hear from now on, from any backend, that it has changed."""
        query = uri.removeprefix(self.uri)
        await _watch(self.members, lambda member: member.uri + query)

    def query_of(self, uri: str, default: Any = None) -> dict[str, Any] | None:
        path, _, query = uri.partition("?")
        first = _first(self.members)
        return first.query_of(f"{first.uri}?{query}", default) if path == self.uri else None

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        return await _complete(self, params)


class BalancedTemplate(ResourceTemplate, kw_only=True):
    """A resource template of one of several backends."""

    members: dict[Backend, ResourceTemplate]
    balancer: Balancer
    asked: Asked

    def __post_init__(self) -> None:
        try:
            self._hold_matcher()
        except InvalidSignature:  # it is listed all the same, for who expands it elsewhere
            vars(self)["_matcher"] = (self.uri_template, None)

    def convert_result(self, raw_value: Any) -> Any:
        return raw_value  # the backend's component has converted it

    def matches(self, uri: str) -> dict[str, Any] | None:
        inner = self._inner(uri)
        return super().matches(uri) if inner is None else _first(self.members).matches(inner)

    async def read(self, arguments: dict[str, Any]) -> Any:
        return await self._send(None, arguments)

    async def read_at(self, uri: str, values: dict[str, Any]) -> Any:
        return await self._send(self._inner(uri), values)

    async def _send(self, uri: str | None, values: dict[str, Any]) -> Any:
        async def read(member: ResourceTemplate) -> Any:
            value = await (member.read(values) if uri is None else member.read_at(uri, values))
            return demand_of(value) or member.convert_result(value)

        return await self.balancer.send(self.asked, self.members, read)

    async def watch(self, uri: str) -> None:
        """Hear from now on, from any backend, that what is at a URI has changed."""
        await _watch(self.members, lambda member: self._inner(uri) or uri)

    def _inner(self, uri: str) -> str | None:
        """A URI as the backends have it, where a namespace has been put before it."""
        scheme, _, rest = _first(self.members).uri_template.partition("://")
        prefix = self.uri_template.removesuffix(rest)
        return f"{scheme}://{uri[len(prefix) :]}" if uri.startswith(prefix) else None

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        return await _complete(self, params)


class BalancedPrompt(Prompt, kw_only=True):
    """A prompt of one of several backends."""

    members: dict[Backend, Prompt]
    balancer: Balancer
    asked: Asked

    @property
    def arguments_schema(self) -> dict[str, Any]:
        return _first(self.members).arguments_schema

    async def render(self, arguments: Mapping[str, Any] | None = None) -> Any:
        return await self.balancer.send(
            self.asked, self.members, lambda prompt: prompt.render(arguments)
        )

    async def complete(self, params: CompleteRequestParams) -> CompleteResult | None:
        return await _complete(self, params)


_BALANCED: tuple[tuple[type[Component], type[Any], str], ...] = (
    (Tool, BalancedTool, "tools/call"),
    (Resource, BalancedResource, "resources/read"),
    (ResourceTemplate, BalancedTemplate, "resources/read"),
    (Prompt, BalancedPrompt, "prompts/get"),
)


def balanced(lists: Mapping[Backend, Sequence[Any]], balancer: Balancer) -> list[Any]:
    """The components of several backends. Those of the same name and version are the same; the
    first one says how they are listed.
    """
    members: dict[tuple[str, str | None], dict[Backend, Component]] = {}
    for backend, components in lists.items():
        for each in components:
            members.setdefault((each._address, each.version), {}).setdefault(backend, each)
    return [_of(same, balancer) for same in members.values()]


def _of(members: dict[Backend, Component], balancer: Balancer) -> Any:
    first = _first(members)
    for kind, wrapper, method in _BALANCED:
        if isinstance(first, kind):
            shown = {name: getattr(first, name) for name in kind.__struct_fields__}
            asked = Asked(method, first._address, _is_safe(members.values()))
            made = wrapper(**shown, members=members, balancer=balancer, asked=asked)
            if "versions" in vars(first):
                made.versions = vars(first)["versions"]
            return made
    raise TypeError(f"{first!r} is no component that a backend can have")


def _first(members: Mapping[Backend, Any]) -> Any:
    return next(iter(members.values()))


def _is_safe(members: Iterable[Component]) -> bool:
    """Whether it may be used twice for one request: reading is, and a tool that says so of itself,
    on every backend.
    """
    return all(not isinstance(each, Tool) or _repeatable(each) for each in members)


def _repeatable(tool: Tool) -> bool:
    hints = tool.annotations
    return hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)


async def _watch(members: Mapping[Backend, Any], place: Callable[[Any], str]) -> None:
    """Have every backend that is there tell; those that cannot are left out."""
    for backend, member in members.items():
        watch = getattr(member, "watch", None)
        if watch is None or not backend.health.admits:
            continue
        try:
            await watch(place(member))
        except (McpError, ClientError) as error:
            logger.info("The backend %r does not tell of changes: %s", backend.name, error)


async def _complete(
    component: BalancedResource | BalancedTemplate | BalancedPrompt, params: CompleteRequestParams
) -> CompleteResult | None:
    asked = Asked("completion/complete", component.asked.name, True)
    return await component.balancer.send(
        asked, component.members, lambda member: member.complete(params)
    )
