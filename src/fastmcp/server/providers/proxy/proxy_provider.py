"""ProxyProvider: the components of another server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec
from fastmcp.client.client import Client
from fastmcp.client.transports.memory import FastMCPTransport
from fastmcp.exceptions import METHOD_NOT_FOUND, McpError
from fastmcp.wire.resource_names import canonical_uri

from ...context import Context
from ...server import FastMCP
from ..base import Provider
from ..kinds import FEATURES, KINDS, PROMPTS, RESOURCES, TEMPLATES, TOOLS, Feature, Kind
from .backend import Backend, News
from .client_factory import ClientFactoryT, Target, require_factory
from .headers import fingerprint_of, headers_to_forward
from .known_list import KnownList
from .proxy_prompt import ProxyPrompt
from .proxy_resource import ProxyResource
from .proxy_template import ProxyTemplate
from .proxy_tool import ProxyTool
from .tool_tasks import offers_tasks, with_tasks

CACHE_TTL: Final = 300.0
# For how many callers their lists are known, where each may be offered something else.
CALLERS: Final = 256

_MAKERS: dict[Kind, Any] = {
    TOOLS: ProxyTool.from_mcp_tool,
    RESOURCES: ProxyResource.from_mcp_resource,
    TEMPLATES: ProxyTemplate.from_mcp_template,
    PROMPTS: ProxyPrompt.from_mcp_prompt,
}


_USED_BY: dict[str, tuple[Kind, ...]] = {
    "tools/call": (TOOLS,),
    "resources/read": (RESOURCES, TEMPLATES),
    "prompts/get": (PROMPTS,),
}


class ProxyProvider(Provider):
    """Offers what the server does that clients of `client_factory` reach.

    A list is asked for whenever it is wanted. What it had is known for `cache_ttl` seconds (0 for
    not at all), so that a call does not list first; later it is used, too, and asked for anew
    meanwhile. A server that tells of changes is believed.
    """

    def __init__(self, client_factory: ClientFactoryT, cache_ttl: float | None = None) -> None:
        super().__init__()
        require_factory(client_factory)
        self.client_factory = client_factory
        self.backend: Final = Backend(client_factory, self._heard, self._used)
        self._ttl = CACHE_TTL if cache_ttl is None else cache_ttl
        self._by_caller: OrderedDict[Any, dict[Kind, KnownList[Any]]] = OrderedDict()

    def __repr__(self) -> str:
        return f"ProxyProvider({self.backend!r})"

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self.backend.lifespan():
            try:
                yield
            finally:
                for lists in self._by_caller.values():
                    for each in lists.values():
                        each.close()

    @property
    def completes(self) -> bool:
        return True

    @property
    def has_tasks(self) -> bool:
        """A server elsewhere may have them until it has been reached, and says that it has none."""
        server = self._server_in_process
        return self.backend.offers_tasks if server is None else server._parts.tasks.offered

    @property
    def _server_in_process(self) -> FastMCP | None:
        factory = self.client_factory
        transport = factory.client.transport if isinstance(factory, Target) else None
        server = transport.server if isinstance(transport, FastMCPTransport) else None
        return server if isinstance(server, FastMCP) else None

    async def get_tasks(self) -> Sequence[Component]:
        return ()

    # What is known of the server's lists

    def _lists(self) -> dict[Kind, KnownList[Any]]:
        caller = self._caller()
        lists = self._by_caller.get(caller)
        if lists is None:
            lists = self._by_caller[caller] = {kind: self._list_of(kind) for kind in KINDS}
            if len(self._by_caller) > CALLERS:
                self._by_caller.popitem(last=False)
        return lists

    def _caller(self) -> Any:
        """Whose lists they are, where what they are may depend on who asks."""
        if not self.backend.depends_on_callers:
            return None
        front = Context.current_or_none()
        principal = None if front is None else front.principal
        return principal, fingerprint_of(headers_to_forward())

    def _list_of(self, kind: Kind) -> KnownList[Any]:
        async def fetch() -> list[Any]:
            return await self._fetch(kind)

        def make(listed: Any) -> Any:
            return _MAKERS[kind](self.client_factory, listed, self.backend)

        name = repr(self.backend)
        return KnownList(kind, fetch, make, self._ttl, name, self._changed_behind)

    async def _fetch(self, kind: Kind) -> list[Any]:
        async with self.backend.session(Context.current_or_none()) as client:
            self.learn(client)
            try:
                listed = await getattr(client, kind.listing)()
                return with_tasks(client, listed) if kind is TOOLS else listed
            except McpError as error:
                if error.code == METHOD_NOT_FOUND:
                    return []
                raise

    def learn(self, client: Client) -> None:
        """Take note of what a server offers that has been reached."""
        self.backend.offers_tasks = offers_tasks(client)

    def _changed_behind(self, kind: Kind, tell: bool) -> None:
        features: tuple[Feature, ...] = (kind.feature,) if tell else ()
        self.changed(*features)

    def _known_of(self, kind: Kind) -> Sequence[Any]:
        """What need not be asked for, though there may be more."""
        known = None if self.backend.depends_on_callers else self._lists()[kind]
        return known.items if known is not None and known.lasts else ()

    def _used(self, method: str) -> None:
        for kind in _USED_BY.get(method, ()):
            self._lists()[kind].look()

    def _heard(self, what: News, of: Any) -> None:
        """The server told of a change, or was reached anew and may be another one."""
        if what == "updated":
            self.updated(of)
            return
        features: list[Feature] = [each for each in FEATURES if of in (None, each)]
        news = False
        for lists in self._by_caller.values():
            for kind, known in lists.items():
                if kind.feature in features:
                    news = news or not known.is_stale
                    known.mark_stale()
        if news and what == "changed":
            self.changed(*features)

    async def _client(self) -> Client:
        return await self.backend.client()

    # What there is

    async def _list_tools(self) -> Sequence[Any]:
        return await self._lists()[TOOLS].all()

    async def _list_resources(self) -> Sequence[Any]:
        return await self._lists()[RESOURCES].all()

    async def _list_resource_templates(self) -> Sequence[Any]:
        return await self._lists()[TEMPLATES].all()

    async def _list_prompts(self) -> Sequence[Any]:
        return await self._lists()[PROMPTS].all()

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Any:
        return await self._lists()[TOOLS].find(name, version)

    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Any:
        return await self._lists()[PROMPTS].find(name, version)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Any:
        lists, uri = self._lists(), canonical_uri(uri)
        # Of what a template matches the list of resources need not tell.
        resources, templates = lists[RESOURCES], lists[TEMPLATES]
        if await resources.known(uri) is None and await templates.match(uri, None) is not None:
            return None
        return await resources.find(uri, version)

    async def _get_resource_template(self, uri: str, version: VersionSpec | None = None) -> Any:
        uri = canonical_uri(uri)
        return await self._lists()[TEMPLATES].match(uri, version)
