"""ProxyTool: a tool of the server behind a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from msgspec import Raw

from fastmcp._protocol.mirroring import Plan, read_plan
from fastmcp.tools.base import Tool
from fastmcp.tools.whole_results import WholeResult
from fastmcp.wire.features import Tool as WireTool
from fastmcp.wire.revisions import R2025_11_25
from fastmcp.wire.tasks import TaskMetadata

from ...context import Context
from .backend import Backend
from .client_factory import ClientFactoryT
from .component_meta import known_versions, own_version, tags_of
from .relayed_results import RelayedResult, demand_of
from .tool_tasks import call_result, config_of


class ProxyTool(Tool, kw_only=True):
    """Calls a tool of another server: `backend_name` there, whatever it is called here."""

    client_factory: ClientFactoryT
    backend_name: str = ""
    backend: Backend | None = None

    def __post_init__(self) -> None:
        # What it is called, and which arguments travel in headers, is for that server to say.
        self.backend_name = self.backend_name or self.name
        try:
            self._mirrors: Plan = read_plan(self.parameters)
        except ValueError:
            self._mirrors = ()

    @classmethod
    def from_mcp_tool(
        cls, client_factory: ClientFactoryT, mcp_tool: WireTool, backend: Backend | None = None
    ) -> Self:
        """A tool as its server lists it."""
        meta = mcp_tool.meta
        made = cls(
            client_factory=client_factory,
            backend=backend,
            name=mcp_tool.name,
            title=mcp_tool.title,
            description=mcp_tool.description,
            version=own_version(meta),
            icons=mcp_tool.icons,
            tags=tags_of(meta),
            meta=meta,
            parameters=mcp_tool.input_schema,
            output_schema=mcp_tool.output_schema,
            annotations=mcp_tool.annotations,
            task=config_of(mcp_tool),
        )
        made.versions = known_versions(meta)
        return made

    async def call(self, arguments: Raw | Mapping[str, Any]) -> WholeResult:  # type: ignore[override]
        backend = self.backend or Backend(self.client_factory)
        hints = self.annotations
        safe = hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)
        params = {"name": self.backend_name, "arguments": arguments}

        async def ask(wish: TaskMetadata | None) -> Raw:
            return await backend.ask(
                "tools/call", params, repeatable=safe, version=self.version, wish=wish
            )

        if self.task is None:
            raw = await ask(None)
        else:
            raw = await call_result(backend, self.backend_name, self.task, ask)
        demand = demand_of(raw)
        if demand is not None:
            return demand
        result = RelayedResult.of(raw)
        front = Context.current_or_none()
        if front is not None and front.revision < R2025_11_25:
            result.content = result.content  # read, so that what that revision lacks is left out
        return result

    async def run(self, arguments: dict[str, Any]) -> Any:
        return await self.call(arguments)
