"""ArgTransform: what changes about an argument when a tool is made from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from fastmcp.exceptions import ConfigurationError
from fastmcp.wire.model import Model, absent_as_none


class ArgTransform(Struct, kw_only=True):
    """Changes to one argument; `...` changes nothing, and None takes away a description or name.

    A hidden argument is not the client's to give: its `default`, what its `default_factory` makes
    for each call, or the parent's own default goes to the parent. `required` can only be True: an
    argument becomes optional by a default.
    """

    name: Any = ...
    description: Any = ...
    default: Any = ...
    default_factory: Any = ...
    type: Any = ...
    hide: bool = False
    required: Any = ...
    examples: Any = ...

    def __post_init__(self) -> None:
        if mistake := self._mistake():
            raise ConfigurationError(f"ArgTransform: {mistake}")

    @property
    def has_default(self) -> bool:
        """Whether it says what an argument is that nobody gave."""
        return self.default is not ... or self.default_factory is not ...

    def _mistake(self) -> str | None:
        if self.default is not ... and self.default_factory is not ...:
            return "give either default= or default_factory="
        if self.default_factory is not ... and not self.hide:
            return "default_factory= needs hide=True, since a schema cannot show what it makes"
        if self.required not in (True, ...):
            return "required=False says nothing; give the argument a default="
        if self.required is True and self.has_default:
            return "a required argument cannot have a default"
        if self.required is True and self.hide:
            return "a hidden argument cannot be required, since no client can give it"
        return None


@absent_as_none("name", "description", "default", "required", "examples")
class ArgTransformConfig(Model, forbid_unknown_fields=True):
    """The same as JSON can say it; what is absent changes nothing."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    default: Any = UNSET
    hide: bool = False
    required: bool | UnsetType | None = UNSET
    examples: Any = UNSET

    def to_arg_transform(self) -> ArgTransform:
        """The changes that it asks for."""
        return ArgTransform(**{name: getattr(self, name) for name in self.model_fields_set})


def as_transforms(given: Mapping[str, Any] | None) -> dict[str, ArgTransform]:
    """Changes by argument; a plain text is a new name.

    Raises:
        ConfigurationError: something else stands for a change.
    """
    return {name: _as_transform(name, transform) for name, transform in (given or {}).items()}


def _as_transform(name: str, given: Any) -> ArgTransform:
    if isinstance(given, ArgTransform):
        return given
    if isinstance(given, ArgTransformConfig):
        return given.to_arg_transform()
    if isinstance(given, str):
        return ArgTransform(name=given)
    raise ConfigurationError(
        f"transform_args[{name!r}] must be an ArgTransform, not {type(given).__name__}"
    )
