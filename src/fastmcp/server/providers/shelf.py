"""Shelf: the components of one kind, by address and version."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from fastmcp._components.component import Component
from fastmcp._components.functions.signature import where
from fastmcp._components.versions import VersionSpec, version_key
from fastmcp.exceptions import ConfigurationError

logger: Final = logging.getLogger("fastmcp.server")

C = TypeVar("C", bound=Component)
OnDuplicate: TypeAlias = Literal["warn", "error", "replace", "ignore"]


class Shelf(Generic[C]):
    """Components in the order of their registration. `current` has the highest version of each
    address, `has_tasks` tells whether any may run as a task; `changed` is called after every
    change, in whatever thread makes it.
    """

    def __init__(self, on_duplicate: OnDuplicate, changed: Callable[[], None]) -> None:
        self._on_duplicate = on_duplicate
        self._changed = changed
        self._versions: dict[str, dict[str | None, C]] = {}
        self.current: dict[str, C] = {}
        self.edition: int = 0
        self.has_tasks: bool = False

    def __iter__(self) -> Iterator[C]:
        for versions in list(self._versions.values()):
            yield from list(versions.values())

    def add(self, component: C) -> C:
        """Add a component, or what `on_duplicate` says when it is there already.

        Raises:
            ConfigurationError: it is there, or only one of its versions has a number.
        """
        if component.task is not None and component.task.supports_tasks():
            self.has_tasks = True
        address = component._address
        versions = self._versions.setdefault(address, {})
        present = versions.get(component.version)
        what = f"{component.KIND} {_titled(component)}"
        if present is not None:
            if self._on_duplicate == "error":
                raise ConfigurationError(
                    f"{_where(component)}{what} is registered already; choose another name, or "
                    "another on_duplicate"
                )
            if self._on_duplicate == "ignore":
                return present
            if self._on_duplicate == "warn":
                text = "%s%s is registered already; the later one replaces it"
                logger.warning(text, _where(component), what)
        elif versions and (None in versions or component.version is None):
            raise ConfigurationError(
                f"{_where(component)}{what} is registered both with a version and without; give "
                "every one of that name a version, or none"
            )
        versions[component.version] = component
        self._settle(address)
        return component

    def remove(self, address: str, version: str | None = None) -> bool:
        """Remove a version of a component, or all of them; whether there was one."""
        versions = self._versions.get(address)
        if not versions or (version is not None and version not in versions):
            return False
        if version is None:
            versions.clear()
        else:
            del versions[version]
        self._settle(address)
        return True

    def versions(self, address: str) -> list[C]:
        """Every version at an address."""
        return list(self._versions.get(address, {}).values())

    def _settle(self, address: str) -> None:
        versions = self._versions[address]
        if not versions:
            del self._versions[address]
            del self.current[address]
        elif None in versions:
            self.current[address] = versions[None]
        else:
            known = [v for v in versions if v is not None]
            ordered = sorted(known, key=lambda version: (version_key(version), version))
            for component in versions.values():
                component.versions = tuple(reversed(ordered))
            self.current[address] = versions[ordered[-1]]
        self.edition += 1
        self._changed()


def highest(components: list[C], spec: VersionSpec | None) -> C | None:
    """The highest version that a spec selects."""
    chosen = [c for c in components if spec is None or spec.matches(c.version)]
    if len(chosen) < 2:
        return chosen[0] if chosen else None
    return max(chosen, key=lambda c: (version_key(c.version), c.version or ""))


def _where(component: Any) -> str:
    signature = getattr(component, "signature", None)
    return "" if signature is None else f"{where(signature.call)}: "


def _titled(component: Any) -> str:
    version = component.version
    return repr(component._address) if version is None else f"{component._address!r} {version}"
