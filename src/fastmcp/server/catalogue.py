"""Catalogue: what a server offers now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from fastmcp._components.choices import has_choices
from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec, as_spec
from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.security import DEFAULT_RESOURCE_SECURITY, ResourceSecurity
from fastmcp.resources.template import ResourceTemplate
from fastmcp.resources.template_index import TemplateIndex
from fastmcp.tools.base import Tool

from .providers.local import Feature, LocalProvider
from .providers.shelf import Shelf, highest
from .visibility import Rule, is_visible

C = TypeVar("C", bound=Component)


class View(Generic[C]):
    """The components of one kind that the rules let through.

    What is seen is found out once, and again when the shelf or the rules have changed.
    """

    def __init__(self, shelf: Shelf[C], rules: Sequence[Sequence[Rule]]) -> None:
        self._shelf = shelf
        self._rules = rules
        self._edition: tuple[int, ...] = ()
        self._current: dict[str, C] = {}

    @property
    def edition(self) -> tuple[int, ...]:
        """What changes whenever the view may have changed."""
        return (self._shelf.edition, *map(len, self._rules))

    @property
    def current(self) -> Mapping[str, C]:
        """By address, each in its highest visible version."""
        if not any(self._rules):
            return self._shelf.current
        edition = self.edition
        if edition != self._edition:
            self._current = {
                address: best
                for address in list(self._shelf.current)
                if (best := self._best(address)) is not None
            }
            self._edition = edition
        return self._current

    def all(self) -> list[C]:
        """Every visible version of every component."""
        return [component for component in self._shelf if self._sees(component)]

    def find(self, address: str, version: VersionSpec | str | None = None) -> C | None:
        """The highest visible version of one that is selected; `name@version` selects, too."""
        if version is None and (found := self.current.get(address)) is not None:
            return found
        return self._select(address, as_spec(version))

    def _select(self, address: str, spec: VersionSpec | None) -> C | None:
        found = self._best(address, spec)
        if found is None and spec is None:
            name, _, wanted = address.rpartition("@")
            found = self._best(name, VersionSpec(eq=wanted)) if name and wanted else None
            return None if found is None or found.version is None else found
        return found

    def _best(self, address: str, spec: VersionSpec | None = None) -> C | None:
        seen = [c for c in self._shelf.versions(address) if self._sees(c)]
        return highest(seen, spec)

    def _sees(self, component: Component) -> bool:
        return is_visible(component, (rule for level in self._rules for rule in level))


class Catalogue:
    """A view of each kind, through the provider's rules and then the `levels` of others.

    `security` screens the values in URIs, where a resource does not say how.
    """

    def __init__(
        self,
        provider: LocalProvider,
        levels: Sequence[Sequence[Rule]],
        security: ResourceSecurity | None = DEFAULT_RESOURCE_SECURITY,
    ) -> None:
        levels = (provider.rules, *levels)
        self.tools: View[Tool] = View(provider.tools, levels)
        self.resources: View[Resource] = View(provider.resources, levels)
        self.templates: View[ResourceTemplate] = View(provider.templates, levels)
        self.prompts: View[Prompt] = View(provider.prompts, levels)
        self._choices: tuple[Any, bool] = ((), False)
        self._security = security
        self._index: tuple[Any, TemplateIndex] = ((), TemplateIndex(()))

    def find_resource(
        self, uri: str, version: VersionSpec | str | None = None
    ) -> tuple[Resource | ResourceTemplate, dict[str, Any]] | None:
        """The resource of that URI with the values of its query, or else the first template that
        matches, with its values.
        """
        resource = self.resources.find(uri, version)
        if resource is not None:
            return resource, {}
        path, mark, _ = uri.partition("?")
        resource = self.resources.find(path, version) if mark else None
        if resource is not None and (given := resource.query_of(uri, self._security)) is not None:
            return resource, given
        return self.match(uri, version)

    def shown(self) -> dict[Feature, list[Mapping[str, Any]]]:
        """What each list shows now."""
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
        self, uri: str, version: VersionSpec | str | None = None
    ) -> tuple[ResourceTemplate, dict[str, Any]] | None:
        """The first template that matches a URI, with its values."""
        for template in self._templates_like(uri):
            values = template.values_of(uri, self._security)
            if values is not None:
                if version is None:
                    return template, values
                chosen = self.templates.find(template.address, version)
                return None if chosen is None else (chosen, values)
        return None

    def _templates_like(self, uri: str) -> list[ResourceTemplate]:
        edition = self.templates.edition
        if edition != self._index[0]:
            self._index = edition, TemplateIndex(self.templates.current.values())
        return self._index[1].candidates(uri)


def version_asked_for(meta: dict[str, Any] | None) -> str | None:
    """The version of a component that a client asks for, in `_meta.fastmcp.version`."""
    own: Any = (meta or {}).get("fastmcp")
    version: Any = cast("dict[str, Any]", own).get("version") if isinstance(own, dict) else None
    return version if isinstance(version, str) else None
