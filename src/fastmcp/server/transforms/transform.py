"""Transform: changes what a source offers, on its way to those who use it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from fastmcp._components.versions import VersionSpec

from ..providers.kinds import Kind, overrides

if TYPE_CHECKING:
    from fastmcp.prompts.base import Prompt
    from fastmcp.resources.base import Resource
    from fastmcp.resources.template import ResourceTemplate
    from fastmcp.tools.base import Tool


class GetToolNext(Protocol):
    """How a transform asks for a tool by the name that it has before the transform."""

    def __call__(
        self, name: str, *, version: VersionSpec | None = None
    ) -> Awaitable[Tool | None]: ...


class GetResourceNext(Protocol):
    """As `GetToolNext`, by URI."""

    def __call__(
        self, uri: str, *, version: VersionSpec | None = None
    ) -> Awaitable[Resource | None]: ...


class GetResourceTemplateNext(Protocol):
    """As `GetToolNext`, by a URI that the template matches."""

    def __call__(
        self, uri: str, *, version: VersionSpec | None = None
    ) -> Awaitable[ResourceTemplate | None]: ...


class GetPromptNext(Protocol):
    """As `GetToolNext`, for prompts."""

    def __call__(
        self, name: str, *, version: VersionSpec | None = None
    ) -> Awaitable[Prompt | None]: ...


class Transform:
    """Override, for each kind of interest, both what is listed and what is found by name.

    Lists have every version of everything, those that are hidden with `enabled` False. A name is
    the one after the transform: `call_next` takes the one before it. What a transform does not
    override passes as it is.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def fixed(self, kind: Kind, items: Sequence[Any]) -> Sequence[Any] | None:
        """What becomes of all that a source offers, where that needs no waiting; None where only
        the methods below can tell.
        """
        return None if overrides(type(self), Transform, kind.listing, kind.getter) else items

    def sought(self, kind: Kind, address: str) -> str | None:
        """The name or URI before the transform, where that is certain; None when there is none."""
        return address

    def shown(self, kind: Kind, address: str) -> str:
        """The name or URI after the transform."""
        return address

    async def list_tools(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """The tools as they are to be seen."""
        return tools

    async def get_tool(
        self, name: str, call_next: GetToolNext, *, version: VersionSpec | None = None
    ) -> Tool | None:
        """The tool of that name."""
        return await call_next(name, version=version)

    async def list_resources(self, resources: Sequence[Resource]) -> Sequence[Resource]:
        """The resources as they are to be seen."""
        return resources

    async def get_resource(
        self, uri: str, call_next: GetResourceNext, *, version: VersionSpec | None = None
    ) -> Resource | None:
        """The resource of that URI."""
        return await call_next(uri, version=version)

    async def list_resource_templates(
        self, templates: Sequence[ResourceTemplate]
    ) -> Sequence[ResourceTemplate]:
        """The templates as they are to be seen."""
        return templates

    async def get_resource_template(
        self, uri: str, call_next: GetResourceTemplateNext, *, version: VersionSpec | None = None
    ) -> ResourceTemplate | None:
        """The template that matches that URI."""
        return await call_next(uri, version=version)

    async def list_prompts(self, prompts: Sequence[Prompt]) -> Sequence[Prompt]:
        """The prompts as they are to be seen."""
        return prompts

    async def get_prompt(
        self, name: str, call_next: GetPromptNext, *, version: VersionSpec | None = None
    ) -> Prompt | None:
        """The prompt of that name."""
        return await call_next(name, version=version)
