"""What a configuration changes about a server's tools, and which tags it shows."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from msgspec import Raw, Struct, json

from fastmcp.exceptions import ConfigurationError, InvalidParams, ValidationError
from fastmcp.tools.argument_map import checked
from fastmcp.tools.base import Tool as Component
from fastmcp.tools.transform_reading import read_changes
from fastmcp.tools.transformed_tool import TransformedTool
from fastmcp.wire.features import Tool

# Where servers of this family put the tags, in `_meta`; the second is that of FastMCP 2.
TAG_HOLDERS = ("fastmcp", "_fastmcp")


class ChangedTool(Struct, frozen=True):
    """A tool as the client sees it, and how its calls become those of the server's."""

    tool: Tool
    original: str
    made: TransformedTool
    enabled: bool

    def call(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a call, as the server takes them.

        Raises:
            InvalidParams: the arguments do not fit.
        """
        given = params.get("arguments")
        arguments = dict((json.decode(given) if isinstance(given, Raw) else given) or {})
        made = self.made
        if made.transform_args:
            try:
                given = checked(made.parameters, made.mapping, made.defaults, arguments)
                arguments = made.mapping.to_parent(given)
            except ValidationError as error:
                raise InvalidParams(f"Error calling tool {self.tool.name!r}: {error}") from None
        return {**params, "name": self.original, "arguments": arguments}


class ToolChanges:
    """Changes of tools by the server's names for them, and the tags of what is shown."""

    def __init__(
        self, tools: Mapping[str, Any], include_tags: set[str], exclude_tags: set[str]
    ) -> None:
        self._changes = read_changes(tools)
        self._include = include_tags
        self._exclude = exclude_tags
        self.names: set[str] = set(self._changes)
        self.new_names: set[str] = {
            each.name for each in self._changes.values() if each.name
        } - self.names

    @property
    def filters(self) -> bool:
        """Whether some things are hidden for their tags."""
        return bool(self._include or self._exclude)

    def touch(self, name: str) -> bool:
        """Whether it is, or was, the name of a tool that is changed."""
        return name in self.names or name in self.new_names

    def shows(self, item: Any) -> bool:
        """Whether something that is listed has one of the tags to include and none to exclude."""
        if not self.filters:
            return True
        tags = tags_of(item.meta)
        return tags.isdisjoint(self._exclude) and (
            not self._include or not tags.isdisjoint(self._include)
        )

    def change(self, tool: Tool, label: str) -> ChangedTool | None:
        """A tool as the client is to see it; None when it stays as it is.

        Raises:
            ConfigurationError: the changes do not fit it.
        """
        change = self._changes.get(tool.name)
        if change is None:
            return None
        try:
            made = change.apply(_component(tool))
        except ValueError as error:
            raise ConfigurationError(f"{label}: tools.{tool.name}: {error}") from None
        shown, said = copy(tool), change.model_fields_set
        shown.name = made.name
        if "title" in said:
            shown.title = made.title
        if "description" in said:
            shown.description = made.description
        if said & {"tags", "meta", "version"}:
            shown.meta = made.get_meta()
        if made.transform_args:
            shown.input_schema = made.parameters
        return ChangedTool(shown, tool.name, made, bool(made.enabled))


def tags_of(meta: Mapping[str, Any] | None) -> set[str]:
    """The tags that a server tells of something."""
    for holder in TAG_HOLDERS:
        notes = (meta or {}).get(holder)
        if isinstance(notes, Mapping) and notes.get("tags"):  # pyright: ignore[reportUnknownMemberType]
            return set(map(str, notes["tags"]))  # pyright: ignore[reportUnknownArgumentType]
    return set()


def _component(tool: Tool) -> Component:
    return Component(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
        icons=tool.icons,
        tags=tags_of(tool.meta),
        meta=tool.meta,
    )
