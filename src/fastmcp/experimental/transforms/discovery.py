"""The tools by which a model finds out what its code may call."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from fastmcp.server.context import Context
from fastmcp.server.transforms.search.serializers import (
    NONE_FOUND,
    serialize_tools_for_output_json,
    serialize_tools_for_output_markdown,
)
from fastmcp.tools.base import Tool

ToolDetailLevel: TypeAlias = Literal["brief", "detailed", "full"]
GetToolCatalog: TypeAlias = Callable[[Context], Awaitable[Sequence[Tool]]]
SearchFn: TypeAlias = Callable[[Sequence[Tool], str], Awaitable[Sequence[Tool]]]
DiscoveryToolFactory: TypeAlias = Callable[[GetToolCatalog], Tool]

Detail = Annotated[
    ToolDetailLevel,
    "'brief' for names and descriptions, 'detailed' for parameters as Markdown, 'full' for JSON "
    "schemas",
]
UNTAGGED = "untagged"


class Search:
    """Makes a tool that searches by `search_fn`, an async function of tools and a query: by BM25
    when it is not given. `default_detail` and `default_limit` hold where the model says nothing.
    """

    def __init__(
        self,
        *,
        search_fn: SearchFn | None = None,
        name: str = "search",
        default_detail: ToolDetailLevel | None = None,
        default_limit: int | None = None,
    ) -> None:
        if search_fn is None:
            from fastmcp.server.transforms.search.bm25 import BM25SearchTransform

            search_fn = BM25SearchTransform(max_results=default_limit or 50)._search
        self._search_fn = search_fn
        self._name = name
        self._default_detail: ToolDetailLevel = default_detail or "brief"
        self._default_limit = default_limit

    def __call__(self, get_catalog: GetToolCatalog) -> Tool:
        default_detail, default_limit = self._default_detail, self._default_limit

        async def search(
            query: Annotated[str, "What is to be done, in plain words"],
            tags: Annotated[list[str] | None, "Search only tools that have one of these"] = None,
            detail: Detail = default_detail,
            limit: Annotated[int | None, "At most so many"] = default_limit,
            ctx: Context = None,  # type: ignore[assignment]
        ) -> str:
            """Search for tools, the most relevant first."""
            catalog = await get_catalog(ctx)
            searched = [tool for tool in catalog if _has_one(tool, tags)] if tags else catalog
            found = await self._search_fn(searched, query)
            found = found if limit is None else found[: max(limit, 0)]
            rendered = render(found, detail)
            if detail == "full" or len(found) == len(catalog):
                return rendered
            return f"{len(found)} of {len(catalog)} tools:\n\n{rendered}"

        return Tool.from_function(search, name=self._name)


class GetSchemas:
    """Makes a tool that gives the parameters of tools, by their names."""

    def __init__(
        self, *, name: str = "get_schema", default_detail: ToolDetailLevel | None = None
    ) -> None:
        self._name = name
        self._default_detail: ToolDetailLevel = default_detail or "detailed"

    def __call__(self, get_catalog: GetToolCatalog) -> Tool:
        default_detail = self._default_detail

        async def get_schema(
            tools: Annotated[list[str], "The names of the tools"],
            detail: Detail = default_detail,
            ctx: Context = None,  # type: ignore[assignment]
        ) -> str:
            """Get the parameters of tools, before calling them."""
            by_name = {tool.name: tool for tool in await get_catalog(ctx)}
            found = [by_name[name] for name in tools if name in by_name]
            missing = [name for name in tools if name not in by_name]
            if detail == "full" and found:
                written: list[Any] = serialize_tools_for_output_json(found)
                return _indented([*written, *([{"not_found": missing}] if missing else [])])
            told = f"Tools not found: {', '.join(missing)}" if missing else ""
            if not found and missing:
                return told
            return "\n\n".join(part for part in (render(found, detail), told) if part)

        return Tool.from_function(get_schema, name=self._name)


class GetTags:
    """Makes a tool that lists the tags of tools: with their numbers, or with the tools."""

    def __init__(
        self, *, name: str = "tags", default_detail: Literal["brief", "full"] | None = None
    ) -> None:
        self._name = name
        self._default_detail: Literal["brief", "full"] = default_detail or "brief"

    def __call__(self, get_catalog: GetToolCatalog) -> Tool:
        default_detail = self._default_detail

        async def tags(
            detail: Annotated[
                Literal["brief", "full"], "'brief' for the tags, 'full' for their tools, too"
            ] = default_detail,
            ctx: Context = None,  # type: ignore[assignment]
        ) -> str:
            """List the tags of tools, to search among some of them."""
            tagged: dict[str, list[Tool]] = {}
            for tool in await get_catalog(ctx):
                for tag in tool.tags or (UNTAGGED,):
                    tagged.setdefault(tag, []).append(tool)
            if not tagged:
                return "No tools available."
            if detail == "full":
                return "\n\n".join(f"### {tag}\n{_brief(tagged[tag])}" for tag in sorted(tagged))
            counts = ((tag, len(tagged[tag])) for tag in sorted(tagged))
            return "\n".join(f"- {tag} ({n} tool{'' if n == 1 else 's'})" for tag, n in counts)

        return Tool.from_function(tags, name=self._name)


class ListTools:
    """Makes a tool that lists all tools."""

    def __init__(
        self, *, name: str = "list_tools", default_detail: ToolDetailLevel | None = None
    ) -> None:
        self._name = name
        self._default_detail: ToolDetailLevel = default_detail or "brief"

    def __call__(self, get_catalog: GetToolCatalog) -> Tool:
        default_detail = self._default_detail

        async def list_tools(
            detail: Detail = default_detail,
            ctx: Context = None,  # type: ignore[assignment]
        ) -> str:
            """List all tools."""
            return render(await get_catalog(ctx), detail)

        return Tool.from_function(list_tools, name=self._name)


def render(tools: Sequence[Tool], detail: ToolDetailLevel) -> str:
    """Tools in as much detail as is asked for."""
    if detail == "full":
        return _indented(serialize_tools_for_output_json(tools))
    if detail == "detailed" or not tools:
        return serialize_tools_for_output_markdown(tools) if tools else NONE_FOUND
    return _brief(tools)


def _brief(tools: Sequence[Tool]) -> str:
    return "\n".join(
        f"- {tool.name}: {tool.description}" if tool.description else f"- {tool.name}"
        for tool in tools
    )


def _has_one(tool: Tool, tags: Sequence[str]) -> bool:
    return not tool.tags.isdisjoint(tags) or (not tool.tags and UNTAGGED in tags)


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2)
