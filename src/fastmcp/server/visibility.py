"""Visibility: rules that show and hide components; the last one that fits a component decides."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from typing import Final, TypedDict, Unpack

from msgspec import Struct

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec, as_spec


class Criteria(TypedDict, total=False):
    """Which components are meant: those that fit every criterion given. `names` are names or URIs,
    `keys` are `"tool:name@version"`, `tags` fit a component that has one of them, `components` are
    `"tool"`, `"resource"`, `"template"` and `"prompt"`.
    """

    names: Iterable[str] | None
    keys: Iterable[str] | None
    version: VersionSpec | str | None
    tags: Iterable[str] | None
    components: Iterable[str] | None


KINDS: Final = ("tool", "resource", "template", "prompt")


class Rule(Struct, frozen=True, kw_only=True):
    """Shows or hides what fits; a rule without criteria fits nothing."""

    enabled: bool
    everything: bool = False
    names: frozenset[str] | None = None
    keys: frozenset[str] | None = None
    version: VersionSpec | None = None
    tags: frozenset[str] | None = None
    components: frozenset[str] | None = None

    def fits(self, component: Component) -> bool:
        """Whether it speaks of this component."""
        if self.everything:
            return True
        if self.components is not None and component.KIND not in self.components:
            return False
        if self.keys is not None and component.key not in self.keys:
            return False
        if self.names is not None and self.names.isdisjoint(component.spellings):
            return False
        if self.tags is not None and self.tags.isdisjoint(component.tags):
            return False
        if self.version is not None:
            return self.version.matches(component.version, match_none=False)
        return any(c is not None for c in (self.components, self.keys, self.names, self.tags))


def rule(enabled: bool, **criteria: Unpack[Criteria]) -> Rule:
    """A rule of these criteria; a single text counts as one."""
    keys = _frozen(criteria.get("keys"))
    if keys is not None:
        _check_keys(keys)
    return Rule(
        enabled=enabled,
        names=_frozen(criteria.get("names")),
        keys=keys,
        version=as_spec(criteria.get("version")),
        tags=_frozen(criteria.get("tags")),
        components=_frozen(criteria.get("components")),
    )


def is_visible(component: Component, given: Iterable[Rule]) -> bool:
    """What the last fitting rule says; without one, what the component itself says."""
    visible = component.enabled
    for each in given:
        if each.enabled is not visible and any(map(each.fits, component.origins)):
            visible = each.enabled
    return visible


def _check_keys(keys: Iterable[str]) -> None:
    """Warn of keys that no component has."""
    for key in sorted(keys):
        kind, mark, name = key.partition(":")
        if mark and kind in KINDS and "@" in name:
            continue
        whole = f"{key}@" if mark and kind in KINDS else f"tool:{key}@"
        warnings.warn(
            f"keys={{{key!r}}}: a key is {whole!r}, its version after the @; this one fits "
            "nothing. Use names= for what is meant in any kind and version",
            UserWarning,
            stacklevel=_level_of_caller(),
        )


def _level_of_caller() -> int:
    """The `stacklevel` of whoever has called this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("fastmcp."):
        level, frame = level + 1, frame.f_back
    return level


def _frozen(values: Iterable[str] | None) -> frozenset[str] | None:
    if values is None:
        return None
    return frozenset((values,) if isinstance(values, str) else values)
