"""LocalProvider: the components registered in this process, and the decorators that do it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar, Unpack, overload

from fastmcp._components.component import Component, ComponentOptions
from fastmcp.exceptions import ConfigurationError, NotFoundError
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource, ResourceOptions
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.uri import is_template
from fastmcp.tools.base import Tool, ToolOptions

logger = logging.getLogger("fastmcp.server")

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Component)
OnDuplicate: TypeAlias = Literal["warn", "error", "replace", "ignore"]


class LocalProvider:
    """Components by name or URI, in the order of their registration."""

    def __init__(self, on_duplicate: OnDuplicate = "error", *, strict: bool = False) -> None:
        if on_duplicate not in ("warn", "error", "replace", "ignore"):
            raise ConfigurationError(
                f"on_duplicate={on_duplicate!r}: use 'warn', 'error', 'replace' or 'ignore'"
            )
        self._on_duplicate = on_duplicate
        self._strict = strict
        self.tools: dict[str, Tool] = {}
        self.resources: dict[str, Resource] = {}
        self.templates: dict[str, ResourceTemplate] = {}
        self.prompts: dict[str, Prompt] = {}

    @overload
    def tool(self, name_or_fn: F, /, **options: Unpack[ToolOptions]) -> F: ...
    @overload
    def tool(
        self, name_or_fn: str | None = None, /, **options: Unpack[ToolOptions]
    ) -> Callable[[F], F]: ...
    def tool(self, name_or_fn: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
        """Register a function as a tool; it is returned as it was."""
        function = _split(name_or_fn, options, "tool")
        options.setdefault("strict", self._strict)

        def register(fn: Any) -> Any:
            self.add_tool(Tool.from_function(fn, **options))
            return fn

        return register if function is None else register(function)

    def resource(self, uri: str, **options: Unpack[ResourceOptions]) -> Callable[[F], F]:
        """Register a function as a resource, or as a template when the URI has parameters."""
        if not isinstance(uri, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError('@resource needs a URI: write @mcp.resource("scheme://path")')

        def register(fn: Any) -> Any:
            if is_template(uri):
                self.add_template(ResourceTemplate.from_function(fn, uri, **options))
            else:
                self.add_resource(Resource.from_function(fn, uri, **options))
            return fn

        return register

    @overload
    def prompt(self, name_or_fn: F, /, **options: Unpack[ComponentOptions]) -> F: ...
    @overload
    def prompt(
        self, name_or_fn: str | None = None, /, **options: Unpack[ComponentOptions]
    ) -> Callable[[F], F]: ...
    def prompt(self, name_or_fn: Any = None, /, **options: Unpack[ComponentOptions]) -> Any:
        """Register a function as a prompt; it is returned as it was."""
        function = _split(name_or_fn, options, "prompt")

        def register(fn: Any) -> Any:
            self.add_prompt(Prompt.from_function(fn, **options))
            return fn

        return register if function is None else register(function)

    def add_tool(self, tool: Tool | Callable[..., Any]) -> Tool:
        """Add a tool, or a function to make one of."""
        made = tool if isinstance(tool, Tool) else Tool.from_function(tool, strict=self._strict)
        return self._add(self.tools, made)

    def add_resource(self, resource: Resource) -> Resource:
        """Add a resource."""
        return self._add(self.resources, resource)

    def add_template(self, template: ResourceTemplate) -> ResourceTemplate:
        """Add a resource template."""
        return self._add(self.templates, template)

    def add_prompt(self, prompt: Prompt | Callable[..., Any]) -> Prompt:
        """Add a prompt, or a function to make one of."""
        return self._add(
            self.prompts, prompt if isinstance(prompt, Prompt) else Prompt.from_function(prompt)
        )

    def remove_tool(self, name: str) -> None:
        """Remove a tool; NotFoundError when there is none."""
        _remove(self.tools, name, "tool")

    def remove_resource(self, uri: str) -> None:
        """Remove a resource; NotFoundError when there is none."""
        _remove(self.resources, uri, "resource")

    def remove_template(self, uri_template: str) -> None:
        """Remove a resource template; NotFoundError when there is none."""
        _remove(self.templates, uri_template, "resource template")

    def remove_prompt(self, name: str) -> None:
        """Remove a prompt; NotFoundError when there is none."""
        _remove(self.prompts, name, "prompt")

    def _add(self, table: dict[str, C], component: C) -> C:
        address = component.address
        present = table.get(address)
        if present is not None:
            what = f"{component.KIND} {address!r} is registered already"
            if self._on_duplicate == "error":
                raise ConfigurationError(f"{what}; choose another name, or another on_duplicate")
            if self._on_duplicate == "ignore":
                return present
            if self._on_duplicate == "warn":
                logger.warning("%s; the later one replaces it", what)
        table[address] = component
        return component


def _split(name_or_fn: Any, options: ComponentOptions, kind: str) -> Any:
    """A decorator's first argument: the function, or the name, which becomes an option."""
    if name_or_fn is None or callable(name_or_fn) or hasattr(name_or_fn, "__func__"):
        return name_or_fn
    if not isinstance(name_or_fn, str):
        raise TypeError(f"@{kind} takes a function or a name, not {type(name_or_fn).__name__}")
    if options.get("name") is not None:
        raise TypeError(f"@{kind} got two names: {name_or_fn!r} and {options.get('name')!r}")
    options["name"] = name_or_fn
    return None


def _remove(table: dict[str, Any], address: str, kind: str) -> None:
    if address not in table:
        raise NotFoundError(f"Unknown {kind}: {address!r}")
    del table[address]
