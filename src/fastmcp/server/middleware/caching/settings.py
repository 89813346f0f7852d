"""What is cached of each method, and for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError

HOUR = 3600
FIVE_MINUTES = 300


class SharedMethodSettings(TypedDict, total=False):
    """`ttl` is in seconds. With `shared` all callers get the same answer; otherwise each only what
    was answered to the same credentials.
    """

    ttl: int
    enabled: bool
    shared: bool


class ListToolsSettings(SharedMethodSettings):
    """For the list of tools; five minutes unless said otherwise."""


class ListResourcesSettings(SharedMethodSettings):
    """For the list of resources; five minutes unless said otherwise."""


class ListPromptsSettings(SharedMethodSettings):
    """For the list of prompts; five minutes unless said otherwise."""


class CallToolSettings(SharedMethodSettings, total=False):
    """For calls of tools; an hour unless said otherwise.

    Without `included_tools` these are all but `excluded_tools`, and those that say of themselves,
    by `readOnlyHint: false`, that they change something.
    """

    included_tools: list[str]
    excluded_tools: list[str]


class ReadResourceSettings(SharedMethodSettings):
    """For resources; an hour unless said otherwise."""


class GetPromptSettings(SharedMethodSettings):
    """For prompts; an hour unless said otherwise."""


class MethodSettings:
    """The settings of one method, read.

    Raises:
        ConfigurationError: an unknown member, or one that cannot be.
    """

    __slots__ = ("enabled", "excluded", "included", "shared", "ttl")

    def __init__(self, option: str, given: Any, kind: type[Any], ttl: int) -> None:
        settings = cast("Mapping[str, Any]", given or {})
        known = kind.__annotations__.keys() | SharedMethodSettings.__annotations__.keys()
        for name in settings:
            if name not in known:
                meant = nearest(name, known)
                hint = f"; the nearest is {meant!r}" if meant else ""
                raise ConfigurationError(f"{option} has no {name!r}{hint}")
        seconds: Any = settings.get("ttl", ttl)
        if type(seconds) not in (int, float) or seconds <= 0:
            raise ConfigurationError(
                f"{option}: ttl is a number of seconds above 0, not {seconds!r}; with enabled "
                "False nothing is cached"
            )
        self.ttl: float = seconds
        self.enabled: bool = settings.get("enabled") is not False
        self.shared: bool = bool(settings.get("shared", False))
        self.included: frozenset[str] = _names(
            option, "included_tools", settings.get("included_tools")
        )
        self.excluded: frozenset[str] = _names(
            option, "excluded_tools", settings.get("excluded_tools")
        )


def _names(option: str, member: str, given: Sequence[str] | None) -> frozenset[str]:
    if isinstance(given, str):
        raise ConfigurationError(f"{option}: {member} takes a list of names: [{given!r}]")
    return frozenset(given or ())
