"""Provider: a source of components."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol, Self, Unpack
from weakref import ref

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.resource_names import canonical_uri

from ..transforms.namespace import Namespace
from ..transforms.transform import Transform
from ..transforms.visibility import visibilities
from ..visibility import Criteria
from .kinds import FEATURES, PROMPTS, RESOURCES, TEMPLATES, TOOLS, Feature, Kind, overrides
from .shelf import highest

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from fastmcp.prompts.base import Prompt
    from fastmcp.resources.base import Resource
    from fastmcp.resources.template import ResourceTemplate
    from fastmcp.tools.base import Tool


class Watcher(Protocol):
    """What hears of changes, in whatever thread they are made."""

    def heard_of_change(self, features: Sequence[Feature]) -> None:
        """What is offered has changed; clients are to be told of these features' lists."""
        ...

    def heard_of_update(self, uri: str) -> None:
        """What is at a URI has changed."""
        ...


class Provider:
    """Override, for each kind of component that there is, what is listed: `_list_tools`,
    `_list_resources`, `_list_resource_templates`, `_list_prompts`; and `_get_tool` and its like
    where a single one can be found faster than by listing all.

    The methods without the underscore do the same through the provider's transforms. Hidden
    components are among what they give, with `enabled` False.
    """

    _edition: int = 0
    """Grows with each change that the provider tells of."""

    def __init__(self) -> None:
        self._transforms: list[Transform] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Override: what is open while the server runs."""
        yield

    # What changes it

    @property
    def transforms(self) -> list[Transform]:
        """The transforms, innermost first."""
        return list(vars(self).get("_transforms", ()))

    def add_transform(self, transform: Transform) -> None:
        """Change what the provider offers, after the transforms that it has.

        Raises:
            ConfigurationError: it is no transform.
        """
        if not isinstance(transform, Transform):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                f"{transform!r} is no transform: add an instance of a subclass of Transform"
            )
        self._apply(transform)
        self.changed(*FEATURES)

    def _apply(self, transform: Transform) -> None:
        """As `add_transform`, for those who tell clients themselves what it changes."""
        vars(self).setdefault("_transforms", []).append(transform)
        self.changed()

    def wrap_transform(self, transform: Transform) -> Provider:
        """A provider with this transform around this one, which stays as it is."""
        from .wrapped import WrappedProvider

        wrapped = WrappedProvider(self)
        wrapped.add_transform(transform)
        return wrapped

    def within(self, namespace: str) -> Provider:
        """The provider with its names in a namespace; itself without one."""
        return self.wrap_transform(Namespace(namespace)) if namespace else self

    def enable(self, *, only: bool = False, **criteria: Unpack[Criteria]) -> Self:
        """Show components that fit all criteria; with `only`, and hide all others."""
        for each in visibilities(True, only=only, **criteria):
            self.add_transform(each)
        return self

    def disable(self, **criteria: Unpack[Criteria]) -> Self:
        """Hide components that fit all criteria: they are not listed and cannot be used."""
        for each in visibilities(False, **criteria):
            self.add_transform(each)
        return self

    def add_watcher(self, watcher: Watcher) -> None:
        """Have an object hear of changes for as long as it lives."""
        references: list[ref[Watcher]] = vars(self).setdefault("_watchers", [])
        references[:] = [*(each for each in references if each() is not None), ref(watcher)]

    def remove_watcher(self, watcher: Watcher) -> None:
        """Have an object hear no more of changes."""
        references: list[ref[Watcher]] = vars(self).get("_watchers", [])
        references[:] = [reference for reference in references if reference() is not watcher]

    def changed(self, *features: Feature) -> None:
        """Tell that what the provider offers has changed, and for which lists clients are to know
        it; from any thread.
        """
        self._edition += 1
        for watcher in self._watching():
            watcher.heard_of_change(features)

    def updated(self, uri: str) -> None:
        """Tell that what is at a URI, as the provider itself calls it, has changed."""
        for transform in self.transforms:
            uri = transform.shown(RESOURCES, uri)
        for watcher in self._watching():
            watcher.heard_of_update(uri)

    def heard_of_change(self, features: Sequence[Feature]) -> None:
        """A provider that it is made of has changed."""
        self.changed(*features)

    def heard_of_update(self, uri: str) -> None:
        """What is at a URI of a provider that it is made of has changed."""
        self.updated(uri)

    def _watching(self) -> list[Watcher]:
        references: list[ref[Watcher]] = vars(self).get("_watchers", [])
        found = [(reference, reference()) for reference in list(references)]
        for reference, watcher in found:
            if watcher is None and reference in references:
                references.remove(reference)
        return [watcher for _, watcher in found if watcher is not None]

    # What is known without asking

    def _all_fixed(self, kind: Kind) -> Sequence[Any] | None:
        """All that there is of a kind, while `_edition` stays; None where only asking can tell."""
        known: dict[Kind, Any] = vars(self).setdefault("_fixed_kinds", {})
        edition, items = known.get(kind, (-1, None))
        if edition != (now := self._edition):
            items = self._fixed(kind)
            for transform in self.transforms:
                items = None if items is None else transform.fixed(kind, items)
            known[kind] = now, items
        return items

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        return None if _asks(type(self), kind) else ()

    def _all_known(self, kind: Kind) -> Sequence[Any]:
        """What is known without asking, while `_edition` stays, though there may be more."""
        items: Sequence[Any] | None = self._known_of(kind)
        for transform in self.transforms:
            items = None if items is None else transform.fixed(kind, items)
        return () if items is None else items

    def _known_of(self, kind: Kind) -> Sequence[Any]:
        return self._fixed(kind) or ()

    def has_to_list(self, kind: Kind) -> bool:
        """Whether a list of a kind has to be asked for, even though single ones may be known."""
        return self._all_fixed(kind) is None

    def may_have(self, kind: Kind, address: str) -> bool:
        """Whether the names that its transforms give leave room for one."""
        return self.address_within(kind, address) is not None

    def address_within(self, kind: Kind, address: str) -> str | None:
        """A name or URI as it is before the transforms; None when they give no such one."""
        inner: str | None = address
        for transform in reversed(self.transforms):
            if inner is not None:
                inner = transform.sought(kind, inner)
        return inner

    @property
    def failures(self) -> Mapping[Provider, str]:
        """Those of the providers that it is made of which fail now, and how."""
        return {}

    @property
    def completes(self) -> bool:
        """Whether components complete arguments in a way of their own."""
        return False

    @property
    def has_tasks(self) -> bool:
        """Whether any component may be run as a background task."""
        return False

    @property
    def has_skills(self) -> bool:
        """Whether any skill is published by the skills extension."""
        return False

    @property
    def _inner_servers(self) -> Sequence[object]:
        """The servers that it is made of, and those that these are made of."""
        return ()

    @property
    def custom_routes(self) -> Sequence[BaseRoute]:
        """Routes beside the MCP endpoint that come with it."""
        return ()

    # What is there

    async def list_tools(self) -> Sequence[Tool]:
        """Every version of every tool."""
        return await self._listed(TOOLS)

    async def list_resources(self) -> Sequence[Resource]:
        """Every version of every resource."""
        return await self._listed(RESOURCES)

    async def list_resource_templates(self) -> Sequence[ResourceTemplate]:
        """Every version of every resource template."""
        return await self._listed(TEMPLATES)

    async def list_prompts(self) -> Sequence[Prompt]:
        """Every version of every prompt."""
        return await self._listed(PROMPTS)

    async def get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
        """The tool of that name, in its highest version that is selected."""
        return await self._found(TOOLS, name, version)

    async def get_resource(self, uri: str, version: VersionSpec | None = None) -> Resource | None:
        """The resource of that URI, chosen as in `get_tool`."""
        return await self._found(RESOURCES, uri, version)

    async def get_resource_template(
        self, uri: str, version: VersionSpec | None = None
    ) -> ResourceTemplate | None:
        """The template that matches a URI, chosen as in `get_tool`."""
        return await self._found(TEMPLATES, uri, version)

    async def get_prompt(self, name: str, version: VersionSpec | None = None) -> Prompt | None:
        """The prompt of that name, chosen as in `get_tool`."""
        return await self._found(PROMPTS, name, version)

    async def get_tasks(self) -> Sequence[Component]:
        """What may run as a background task."""
        listed = [await self.list_tools(), await self.list_resources()]
        listed += [await self.list_resource_templates(), await self.list_prompts()]
        return [
            each for items in listed for each in items if each.task and each.task.supports_tasks()
        ]

    async def _listed(self, kind: Kind) -> Sequence[Any]:
        items = kind.checked(await getattr(self, f"_{kind.listing}")())
        for transform in self.transforms:
            items = await getattr(transform, kind.listing)(items)
        return items

    async def _found(self, kind: Kind, address: str, version: VersionSpec | None) -> Any:
        look_up = getattr(self, f"_{kind.getter}")

        async def innermost(address: str, *, version: VersionSpec | None = None) -> Any:
            found = await look_up(address, version)
            kind.checked(() if found is None else (found,))
            return found

        chain: Any = innermost
        for transform in self.transforms:
            chain = partial(getattr(transform, kind.getter), call_next=chain)
        return await chain(address, version=version)

    # To be overridden

    async def _list_tools(self) -> Sequence[Tool]:
        return ()

    async def _list_resources(self) -> Sequence[Resource]:
        return ()

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        return ()

    async def _list_prompts(self) -> Sequence[Prompt]:
        return ()

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
        return highest([t for t in await self._list_tools() if t.name == name], version)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Resource | None:
        uri = canonical_uri(uri)
        return highest([r for r in await self._list_resources() if r.uri == uri], version)

    async def _get_resource_template(
        self, uri: str, version: VersionSpec | None = None
    ) -> ResourceTemplate | None:
        return first_matching(await self._list_resource_templates(), uri, version)

    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Prompt | None:
        return highest([p for p in await self._list_prompts() if p.name == name], version)


def first_matching(
    templates: Sequence[ResourceTemplate], uri: str, version: VersionSpec | None
) -> ResourceTemplate | None:
    """Of the templates, the first that matches a URI, in its highest version that is selected."""
    uri = canonical_uri(uri)
    for template in templates:
        if template.matches(uri) is not None:
            same = [each for each in templates if each._address == template._address]
            return highest(same, version)
    return None


@cache
def _asks(cls: type[Provider], kind: Kind) -> bool:
    """Whether a class says of a kind what there is."""
    names = (kind.listing, kind.getter, f"_{kind.listing}", f"_{kind.getter}")
    return overrides(cls, Provider, *names, "_listed", "_found")
