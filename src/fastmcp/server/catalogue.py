"""Catalogue: what a server offers now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from fastmcp._components.choices import has_choices
from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec, as_spec, version_key
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.security import DEFAULT_RESOURCE_SECURITY, ResourceSecurity
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.template_index import TemplateIndex
from fastmcp.tools.base import Tool

from .providers.aggregate import AggregateProvider
from .providers.kinds import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Feature, Kind
from .providers.shelf import highest
from .visibility import Rule, is_visible

C = TypeVar("C", bound=Component)
Selection = VersionSpec | str | None


class Index(Generic[C]):
    """The visible components of one kind: `current` has the highest version of each name."""

    __slots__ = ("current", "edition", "has_to_ask", "has_to_list", "versions")

    def __init__(self, edition: tuple[int, int], found: Iterable[C]) -> None:
        self.edition: tuple[int, int] = edition
        self.versions: dict[str, list[C]] = {}
        for component in found:
            self.versions.setdefault(component._address, []).append(component)
        self.current: dict[str, C] = {}
        for address, same in self.versions.items():
            if len(same) > 1:
                same[:] = _knowing_each_other(same)
            best = highest(same, None)
            assert best is not None
            self.current[address] = best
        self.has_to_ask: bool = False
        self.has_to_list: bool = False


class View(Generic[C]):
    """The components of one kind that a session sees: those that the sources offer, as `rules` let
    them through.

    What is known without asking is looked up in an index, which is made anew after changes.
    """

    def __init__(self, kind: Kind, sources: AggregateProvider, rules: Sequence[Rule]) -> None:
        self._kind = kind
        self._sources = sources
        self._rules = rules
        self._built: Index[C] | None = None

    @property
    def edition(self) -> tuple[int, int]:
        """What changes whenever the view may have changed."""
        return (self._sources._edition, len(self._rules))

    @property
    def index(self) -> Index[C]:
        """What is known now."""
        built = self._built
        if built is None or built.edition != self.edition:
            edition = self.edition
            built = Index(edition, self._visible(self._sources._all_known(self._kind)))
            built.has_to_ask = self._sources._all_fixed(self._kind) is None
            built.has_to_list = self._sources.has_to_list(self._kind)
            self._built = built
        return built

    @property
    def current(self) -> Mapping[str, C]:
        """Of what is known without asking, the highest visible version of each, by address."""
        return self.index.current

    def find(self, address: str, version: Selection = None) -> C | None:
        """Of what is known without asking, the highest visible version of one that is selected;
        `name@version` selects, too.
        """
        index = self.index
        if version is None and (found := index.current.get(address)) is not None:
            return found
        return _select(index.versions, address, as_spec(version))

    async def get(self, address: str, version: Selection = None) -> C | None:
        """As `find`, from all sources."""
        found, spec = self.find(address, version), as_spec(version)
        if not self.index.has_to_ask or (found is not None and _is_final(found, address, spec)):
            return found
        known, found = found, await self._ask(address, spec)
        if known is not None:
            return known if found is None else highest([known, found], spec)
        name, _, wanted = address.rpartition("@")
        if found is None and spec is None and name and wanted:
            found = await self._ask(name, VersionSpec(eq=wanted))
            return None if found is None or found.version is None else found
        return found

    async def _ask(self, address: str, spec: VersionSpec | None) -> C | None:
        found = await getattr(self._sources, self._kind.getter)(address, spec)
        return found if found is not None and self._sees(found) else None

    async def list(self) -> Sequence[C]:
        """The highest visible version of everything, from all sources."""
        index = await self._listed()
        return list(index.current.values())

    async def all(self) -> list[C]:
        """Every visible version of everything, from all sources."""
        index = await self._listed()
        return [component for same in index.versions.values() for component in same]

    async def _listed(self) -> Index[C]:
        index = self.index
        if not index.has_to_list:
            return index
        items = await getattr(self._sources, self._kind.listing)()
        return Index(index.edition, self._visible(items))

    def _visible(self, items: Iterable[C]) -> list[C]:
        return [component for component in items if self._sees(component)]

    def _sees(self, component: Component) -> bool:
        return is_visible(component, self._rules)


class Catalogue:
    """A view of each kind, through the `rules` of a session.

    `security` screens the values in URIs, where a resource does not say how.
    """

    def __init__(
        self,
        sources: AggregateProvider,
        rules: Sequence[Rule] = (),
        security: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY,
    ) -> None:
        self.tools: View[Tool] = View(TOOLS, sources, rules)
        self.resources: View[Resource] = View(RESOURCES, sources, rules)
        self.templates: View[ResourceTemplate] = View(TEMPLATES, sources, rules)
        self.prompts: View[Prompt] = View(PROMPTS, sources, rules)
        self._choices: tuple[Any, bool] = ((), False)
        self.security = security
        self._index: tuple[Any, TemplateIndex] = ((), TemplateIndex(()))

    def find_resource(
        self, uri: str, version: Selection = None
    ) -> tuple[Resource | ResourceTemplate, dict[str, Any]] | None:
        """The resource of that URI with the values of its query, or else the first template that
        matches, with its values; of those that are known without asking.
        """
        resource = self.resources.find(uri, version)
        if resource is not None:
            return resource, {}
        path, mark, _ = uri.partition("?")
        resource = self.resources.find(path, version) if mark else None
        if resource is not None and (given := resource.query_of(uri, self.security)) is not None:
            return resource, given
        return self.match(uri, version)

    async def get_resource(
        self, uri: str, version: Selection = None
    ) -> tuple[Resource | ResourceTemplate, dict[str, Any]] | None:
        """As `find_resource`, from all sources."""
        found = self.find_resource(uri, version)
        if found is not None:
            return found
        if self.resources.index.has_to_ask:
            resource = await self.resources.get(uri, version)
            if resource is not None:
                return resource, {}
            path, mark, _ = uri.partition("?")
            resource = await self.resources.get(path, version) if mark else None
            if resource is not None:
                given = resource.query_of(uri, self.security)
                if given is not None:
                    return resource, given
        return await self.get_template(uri, version)

    async def get_template(
        self, uri: str, version: Selection = None
    ) -> tuple[ResourceTemplate, dict[str, Any]] | None:
        """As `match`, from all sources."""
        found = self.match(uri, version)
        if found is not None or not self.templates.index.has_to_ask:
            return found
        template = await self.templates.get(uri, version)
        values = None if template is None else template.values_of(uri, self.security)
        return None if template is None or values is None else (template, values)

    def shown(self) -> dict[Feature, list[Mapping[str, Any]]]:
        """What each list shows now, as far as that is known without asking."""
        return {
            "tools": [self.tools.current],
            "resources": [self.resources.current, self.templates.current],
            "prompts": [self.prompts.current],
        }

    def has_choices(self) -> bool:
        """Whether the values of some argument are listed in its schema."""
        edition = (self.prompts.edition, self.templates.edition)
        if edition != self._choices[0]:
            listed = (*self.prompts.current.values(), *self.templates.current.values())
            self._choices = edition, any(has_choices(each.arguments_schema) for each in listed)
        return self._choices[1]

    def match(
        self, uri: str, version: Selection = None
    ) -> tuple[ResourceTemplate, dict[str, Any]] | None:
        """The first template that matches a URI, with its values; of those that are known without
        asking.
        """
        for template in self._templates_like(uri):
            values = template.values_of(uri, self.security)
            if values is not None:
                if version is None:
                    return template, values
                chosen = self.templates.find(template._address, version)
                return None if chosen is None else (chosen, values)
        return None

    def _templates_like(self, uri: str) -> list[ResourceTemplate]:
        edition = self.templates.edition
        if edition != self._index[0]:
            self._index = edition, TemplateIndex(self.templates.current.values())
        return self._index[1].candidates(uri)


def _is_final(found: Component, address: str, spec: VersionSpec | None) -> bool:
    """Whether no higher version can be meant that has to be asked for."""
    return (
        found.version is None or found._address != address or (spec is not None and bool(spec.eq))
    )


def _select(versions: Mapping[str, list[C]], address: str, spec: VersionSpec | None) -> C | None:
    found = highest(versions.get(address, []), spec)
    if found is None and spec is None:
        name, _, wanted = address.rpartition("@")
        found = highest(versions.get(name, []), VersionSpec(eq=wanted)) if name and wanted else None
        return None if found is None or found.version is None else found
    return found


def _knowing_each_other(same: list[C]) -> list[C]:
    """The versions of one component, from several sources, each with the numbers of all."""
    known = {each.version for each in same if each.version is not None}
    known.update(*(vars(each).get("versions", ()) for each in same))
    ordered = tuple(sorted(known, key=lambda each: (version_key(each), each), reverse=True))

    def told(component: C) -> C:
        if component.version is None or vars(component).get("versions") == ordered:
            return component
        copied = component.model_copy()
        copied.versions = ordered
        return copied

    return [told(each) for each in same]


def version_asked_for(meta: dict[str, Any] | None) -> str | None:
    """The version of a component that a client asks for, in `_meta.fastmcp.version`."""
    own: Any = (meta or {}).get("fastmcp")
    version: Any = cast("dict[str, Any]", own).get("version") if isinstance(own, dict) else None
    return version if isinstance(version, str) else None


def unasked(failures: Mapping[Any, str]) -> str:
    """What is to be added to the words that something is unknown, while providers fail."""
    if not failures:
        return ""
    return ", unless it is of a source of the server's that cannot be reached now; try again later"
