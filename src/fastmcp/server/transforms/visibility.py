"""Visibility: shows or hides what fits; later transforms may decide otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from fastmcp._components.component import Component
from fastmcp.exceptions import ConfigurationError

from ..providers.kinds import Kind
from ..visibility import Criteria, Rule, rule
from .component_transform import C, ComponentTransform

if TYPE_CHECKING:
    from ..context import Context


class Visibility(ComponentTransform):
    """Components that fit all criteria, or all with `match_all`, are enabled, or are not.

    What is not is still passed on, with `enabled` False: the last transform that fits decides.

    Raises:
        ConfigurationError: there is no such criterion.
    """

    def __init__(
        self, enabled: bool, *, match_all: bool = False, **criteria: Unpack[Criteria]
    ) -> None:
        if unknown := criteria.keys() - Criteria.__optional_keys__:
            known = ", ".join(sorted(Criteria.__optional_keys__))
            raise ConfigurationError(
                f"Visibility() knows no {', '.join(sorted(unknown))}: use {known}"
            )
        self.rule: Rule = (
            Rule(enabled=enabled, everything=True) if match_all else rule(enabled, **criteria)
        )

    def __repr__(self) -> str:
        said = {name: getattr(self.rule, name) for name in sorted(Criteria.__optional_keys__)}
        shown = [f"{name}={value!r}" for name, value in said.items() if value is not None]
        what = ["match_all=True"] if self.rule.everything else shown
        return f"Visibility({', '.join([str(self.rule.enabled), *what])})"

    def changed(self, kind: Kind, component: C) -> C | None:
        enabled = self.rule.enabled
        if component.enabled is enabled or not self.rule.fits(component):
            return component
        return component._make_derived(
            ("enabled", enabled), lambda inner: inner.model_copy(update={"enabled": enabled})
        )


def visibilities(
    enabled: bool, *, only: bool = False, **criteria: Unpack[Criteria]
) -> list[Visibility]:
    """The transform, after one that hides everything else when `only` these are meant."""
    wanted = Visibility(enabled, **criteria)
    return [Visibility(False, match_all=True), wanted] if only else [wanted]


def is_enabled(component: Component | Any) -> bool:
    """Whether a component that a provider lists is to be seen."""
    return bool(component.enabled)


async def enable_components(
    context: Context, *, match_all: bool = False, **criteria: Unpack[Criteria]
) -> None:
    """As `Context.enable_components`."""
    await context.enable_components(match_all=match_all, **criteria)


async def disable_components(
    context: Context, *, match_all: bool = False, **criteria: Unpack[Criteria]
) -> None:
    """As `Context.disable_components`."""
    await context.disable_components(match_all=match_all, **criteria)


async def reset_visibility(context: Context) -> None:
    """As `Context.reset_visibility`."""
    await context.reset_visibility()
