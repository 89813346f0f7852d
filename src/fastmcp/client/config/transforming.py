"""A server whose tools are changed, and whose parts are hidden, on their way to the client."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw, json

from fastmcp._spelling import nearest
from fastmcp.wire.features import Tool
from fastmcp.wire.jsonrpc import RequestId
from fastmcp.wire.lifecycle import LoggingLevel
from fastmcp.wire.tasks import TaskMetadata

from ..conversation import Conversation
from ..listings import LISTINGS, RESOURCES, TEMPLATES, TOOLS, Listing, target_of
from ..negotiation import Agreement
from ..pages import all_pages, at
from ..progress import ProgressHandler
from ..results import read_result
from ..transports.transport import ClientChannel, ClientTransport

if TYPE_CHECKING:
    from ..answers import Answers
    from ..notices import Notices
    from ..options import Options
    from ..transports.transport import Connect
    from .tool_changes import ChangedTool, ToolChanges

logger: Final = logging.getLogger("fastmcp.client")


class TransformingTransport(ClientTransport):
    """Reaches what another transport reaches, changed; `label` names it in messages."""

    def __init__(self, transport: ClientTransport, changes: ToolChanges, label: str) -> None:
        self.transport = transport
        self._changes = changes
        self._label = label

    def __repr__(self) -> str:
        return repr(self.transport)

    def secure(self, auth: Any, verify: Any) -> None:
        self.transport.secure(auth, verify)

    def converse(
        self, connect: Connect, options: Options, answers: Answers, notices: Notices
    ) -> Conversation:
        inner = self.transport.converse(connect, options, answers, notices)
        return Transforming(inner, self._changes, self._label)

    def open(self) -> ClientChannel:
        return self.transport.open()


class Transforming:
    """A conversation in which a server's tools are others, and some of its parts are not there."""

    def __init__(self, inner: Conversation, changes: ToolChanges, label: str) -> None:
        self._inner = inner
        self._changes = changes
        self._label = label
        # What is shown of each list, by name, and how a tool was changed.
        self._shown: dict[Listing, dict[str, ChangedTool | None]] = {}
        self._seen: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether the server can be reached."""
        return self._inner.is_open

    @property
    def agreement(self) -> Agreement:
        """What was agreed on."""
        return self._inner.agreement

    async def enter(self) -> None:
        """Open it, for the first of its users."""
        await self._inner.enter()

    async def leave(self) -> None:
        """Close it, after the last of its users."""
        await self._inner.leave()

    async def close(self) -> None:
        """Close it, whoever uses it."""
        await self._inner.close()

    async def initialize(self, timeout: float | None) -> Agreement:
        """Agree on a revision now."""
        return await self._inner.initialize(timeout)

    def cancel(self, id: RequestId, reason: str | None) -> None:
        """Give up a request that is in flight."""
        self._inner.cancel(id, reason)

    async def ping(self) -> None:
        """See that the server answers."""
        await self._inner.ping()

    async def set_level(self, level: LoggingLevel) -> None:
        """Hear log messages of this level and above."""
        await self._inner.set_level(level)

    async def tell(self, method: str, params: Any) -> None:
        """Send a notification to a server of the handshake era."""
        await self._inner.tell(method, params)

    async def hear_lists(self) -> None:
        """Hear from now on that a list has changed."""
        await self._inner.hear_lists()

    async def watch(self, uri: str) -> None:
        """Hear from now on that a resource has changed."""
        await self._require(RESOURCES, uri)
        await self._inner.watch(uri)

    async def unwatch(self, uri: str) -> None:
        """Hear of it no more."""
        await self._inner.unwatch(uri)

    def learn(self, tools: list[Tool]) -> list[Tool]:
        """Nothing: the server's own tools were learnt when they were listed."""
        return tools

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        progress_handler: ProgressHandler | None = None,
        meta: Mapping[str, Any] | None = None,
        in_rounds: bool = True,
        as_task: TaskMetadata | None = None,
    ) -> Raw:
        """Ask the server, in its own terms; the raw JSON of the result, in the client's.

        Raises:
            InvalidParams: arguments do not fit a changed tool.
            UnknownComponent: what is asked for is hidden.
        """
        params = params or {}
        listing = LISTINGS.get(method)
        if listing is None and (target := target_of(method, params)):
            await self._require(target.listing, target.name)
            if method == "tools/call" and (changed := self._shown_of(TOOLS).get(target.name)):
                params = changed.call(params)
        raw = await self._inner.request(
            method,
            params,
            timeout=timeout,
            progress_handler=progress_handler,
            meta=meta,
            in_rounds=in_rounds,
            as_task=as_task,
        )
        if listing is None:
            return raw
        page = read_result(listing.result, raw, method)
        self._show(listing, page, first=params.get("cursor") is None)
        return Raw(json.encode(page))

    # What is shown

    def _shown_of(self, listing: Listing) -> dict[str, ChangedTool | None]:
        return self._shown.setdefault(listing, {})

    def _show(self, listing: Listing, page: Any, *, first: bool) -> None:
        """Make one page of a list what is shown of it."""
        known = self._shown_of(listing)
        if first:
            known.clear()
        items: list[Any] = getattr(page, listing.items)
        if listing is TOOLS:
            items = self._change(items, known, first=first, last=page.next_cursor is None)
        else:
            items = [item for item in items if self._changes.shows(item)]
            known.update((getattr(item, listing.key), None) for item in items)
        setattr(page, listing.items, items)

    def _change(
        self,
        tools: list[Tool],
        known: dict[str, ChangedTool | None],
        *,
        first: bool,
        last: bool,
    ) -> list[Tool]:
        if first:
            self._seen = set()
        self._seen.update(tool.name for tool in tools)
        shown: list[Tool] = []
        for tool in self._inner.learn(tools):
            changed = self._changes.change(tool, self._label)
            if changed is None and tool.name in self._changes.new_names:
                logger.warning("%s: tools: another tool has the name %r", self._label, tool.name)
                continue
            seen = tool if changed is None else changed.tool
            if (changed is None or changed.enabled) and self._changes.shows(seen):
                shown.append(seen)
                known[seen.name] = changed
        if last:
            self._warn_of_unknown()
        return shown

    def _warn_of_unknown(self) -> None:
        for name in self._changes.names - self._seen:
            near = nearest(name, self._seen)
            hint = "" if near is None else f"; did you mean {near!r}?"
            logger.warning("%s: tools: the server has no tool %r%s", self._label, name, hint)

    async def _require(self, listing: Listing, name: str) -> None:
        """Raise UnknownComponent for what is hidden, and learn what is changed."""
        if not self._changes.filters and (listing is not TOOLS or not self._changes.touch(name)):
            return
        if name not in self._shown_of(listing):
            await self._load(listing)
        if name in self._shown_of(listing):
            return
        if listing is RESOURCES and await self._is_of_template(name):
            return
        raise listing.unknown(name)

    async def _is_of_template(self, uri: str) -> bool:
        from fastmcp.resources.uri.matcher import matcher_of

        if not self._shown_of(TEMPLATES):
            await self._load(TEMPLATES)
        return any(matcher_of(each).match(uri) is not None for each in self._shown_of(TEMPLATES))

    async def _load(self, listing: Listing) -> None:
        async def page(cursor: str | None) -> Any:
            raw = await self.request(listing.method, at(cursor))
            return read_result(listing.result, raw, listing.method)

        await all_pages(page, lambda found: getattr(found, listing.items))
