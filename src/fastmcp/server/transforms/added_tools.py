"""AddedTools: tools that a transform makes itself, beside those of its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError

from .transform import GetToolNext

if TYPE_CHECKING:
    from fastmcp.tools.base import Tool

    from .transform import Transform


class AddedTools:
    """Tools of a transform, made on first use; `cure` says how to call them something else, and
    `keywords` with which keyword, by their names.
    """

    def __init__(
        self,
        transform: Transform,
        make: Callable[[], Iterable[Tool]],
        cure: str,
        keywords: Mapping[str, str] | None = None,
    ) -> None:
        self._transform = transform
        self._make = make
        self._cure = cure
        self._keywords = keywords or {}
        self._made: dict[str, Tool] | None = None

    @property
    def by_name(self) -> Mapping[str, Tool]:
        """The tools.

        Raises:
            ConfigurationError: two of them have the same name.
        """
        if self._made is None:
            made: dict[str, Tool] = {}
            for tool in self._make():
                if tool.name in made:
                    raise ConfigurationError(
                        f"{self._transform!r} adds two tools called {tool.name!r}: {self._cure}"
                    )
                made[tool.name] = tool
            self._made = made
        return self._made

    def beside(self, tools: Sequence[Tool]) -> list[Tool]:
        """The tools of the source, and these after them.

        Raises:
            ConfigurationError: one of the source has a name of one of these.
        """
        added = self.by_name
        for tool in tools:
            if tool.name in added:
                self._require_free(tool)
        return [*(tool for tool in tools if tool.name not in added), *added.values()]

    def fixed(self, tools: Sequence[Any]) -> Sequence[Any] | None:
        """As `beside`; None where names clash, which is told to whoever lists or calls."""
        try:
            return self.beside(tools)
        except ConfigurationError:
            return None

    async def get(self, name: str, call_next: GetToolNext, version: VersionSpec | None) -> Any:
        """The one of that name, or else the source's.

        Raises:
            ConfigurationError: both have one.
        """
        found = await call_next(name, version=version)
        own = self.by_name.get(name)
        if own is None:
            return found
        if found is not None:
            self._require_free(found)
        return own

    def require_apart(self, other: AddedTools) -> None:
        """Refuse a transform right after another that adds tools of the same names.

        Raises:
            ConfigurationError: both have one.
        """
        same = [name for name in self.by_name if name in other.by_name]
        if same:
            keywords = [self._keywords[name] for name in same if name in self._keywords]
            cure = f"give {' and '.join(keywords)} to one of them" if keywords else self._cure
            raise ConfigurationError(
                f"{self._transform!r} adds {' and '.join(map(repr, same))}, and so does "
                f"{other._transform!r}: {cure}"
            )

    def _require_free(self, tool: Tool) -> None:
        # What is hidden cannot be called, so that its name may be taken.
        if tool.enabled:
            raise ConfigurationError(
                f"{self._transform!r} adds a tool called {tool.name!r}, and there is one already: "
                f"{self._cure}, or hide the other with disable(names={{{tool.name!r}}})"
            )


def require_apart(added: Transform, present: Sequence[Transform]) -> None:
    """Refuse a transform whose tools are called as those of one right before it. One that stands
    between them may give other names.

    Raises:
        ConfigurationError: there is such a one.
    """
    own = _tools_of(added)
    for before in reversed(present):
        other = _tools_of(before)
        if own is None or other is None:
            return
        own.require_apart(other)


def _tools_of(transform: Transform) -> AddedTools | None:
    tools: Any = vars(transform).get("_added")
    return tools if isinstance(tools, AddedTools) else None
