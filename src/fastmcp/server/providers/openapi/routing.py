"""Route maps: what becomes of an operation."""

from __future__ import annotations

import enum
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from re import Pattern
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, get_args

from fastmcp.exceptions import ConfigurationError

from .route import HttpMethod, HTTPRoute

if TYPE_CHECKING:
    from .components import OpenAPIResource, OpenAPIResourceTemplate, OpenAPITool

METHODS = frozenset(get_args(HttpMethod))

logger: Final = logging.getLogger("fastmcp.server")


class MCPType(enum.Enum):
    """What an operation is shown as; EXCLUDE leaves it out."""

    TOOL = "TOOL"
    RESOURCE = "RESOURCE"
    RESOURCE_TEMPLATE = "RESOURCE_TEMPLATE"
    EXCLUDE = "EXCLUDE"


@dataclass(kw_only=True)
class RouteMap:
    """What operations become that have one of the methods, a path in which the pattern is found,
    and all of the tags. `mcp_tags` are added to theirs.
    """

    methods: Iterable[HttpMethod] | Literal["*"] | str = "*"
    pattern: Pattern[str] | str = r".*"
    tags: Iterable[str] = field(default_factory=set[str])
    mcp_type: MCPType
    mcp_tags: Iterable[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        given: Any = self.mcp_type
        if not isinstance(given, MCPType):
            raise ConfigurationError(f"mcp_type={given!r}: use a member of MCPType")
        try:
            self._pattern = re.compile(self.pattern)
        except re.error as error:
            raise ConfigurationError(
                f"The pattern {self.pattern!r} of a RouteMap cannot be read: {error}"
            ) from None
        self._methods = None if self.methods == "*" else _methods(self.methods)
        self._tags = _texts(self.tags)
        self.mcp_tags = _texts(self.mcp_tags)

    def fits(self, route: HTTPRoute) -> bool:
        """Whether an operation is meant."""
        if self._methods is not None and route.method not in self._methods:
            return False
        return self._pattern.search(route.path) is not None and self._tags <= set(route.tags)


def _methods(given: Iterable[str]) -> set[str]:
    methods = {each.upper() for each in _texts(given)}
    if unknown := sorted(methods - METHODS):
        raise ConfigurationError(
            f"methods={given!r} of a RouteMap: there is no {', '.join(unknown)}; use "
            f'{", ".join(sorted(METHODS))}, or "*"'
        )
    return methods


def _texts(given: Iterable[str]) -> set[str]:
    """A set of texts; one alone counts as one."""
    return {given} if isinstance(given, str) else set(given)


RouteMapFn: TypeAlias = Callable[[HTTPRoute, MCPType], "MCPType | None"]
ComponentFn: TypeAlias = Callable[
    [HTTPRoute, "OpenAPITool | OpenAPIResource | OpenAPIResourceTemplate"], None
]

DEFAULT_ROUTE_MAPPINGS = [RouteMap(mcp_type=MCPType.TOOL)]


def checked(given: Any) -> list[RouteMap]:
    """Maps that somebody gave.

    Raises:
        ConfigurationError: it is no list of them.
    """
    if isinstance(given, RouteMap) or not isinstance(given, Iterable):
        raise ConfigurationError(f"route_maps={given!r}: give a list of RouteMap(...)")
    maps: list[Any] = list(cast("Iterable[Any]", given))
    for each in maps:
        if not isinstance(each, RouteMap):
            raise ConfigurationError(f"route_maps has {each!r}, which is no RouteMap(...)")
    return maps


def route_map_of(route: HTTPRoute, mappings: Iterable[RouteMap]) -> RouteMap:
    """The first map that fits, or else the default."""
    for each in mappings:
        if each.fits(route):
            return each
    return DEFAULT_ROUTE_MAPPINGS[0]


def chosen_type(route: HTTPRoute, usual: MCPType, choose: RouteMapFn | None) -> MCPType:
    """What the user's function says, or else what is usual."""
    if choose is None:
        return usual
    try:
        chosen: Any = choose(route, usual)
    except Exception as error:
        logger.warning(
            "Error in route_map_fn for %s %s: %s. Using default values.",
            route.method,
            route.path,
            error,
        )
        return usual
    if chosen is None:
        return usual
    if not isinstance(chosen, MCPType):
        raise ConfigurationError(
            f"route_map_fn returned {chosen!r} for {route.method} {route.path}: return a member "
            "of MCPType, or None"
        )
    return chosen


_determine_route_type = route_map_of
