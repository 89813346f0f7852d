"""The arguments of a function that takes any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import DecodeError, Raw, Struct, json

from fastmcp._components.schemas.arguments import NOT_AN_OBJECT, Arguments
from fastmcp.exceptions import ValidationError


class OpenArguments(Struct, frozen=True):
    """Checks those that are named, and passes on the others, but for those that are `taken`."""

    named: Arguments
    taken: frozenset[str]

    def read(self, given: Raw | Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments of a call.

        Raises:
            ValidationError: a named one is missing or does not fit, or one is taken.
        """
        if isinstance(given, Raw):
            try:
                given = json.decode(given, type=dict[str, Any])
            except (DecodeError, UnicodeError, RecursionError):
                raise ValidationError(NOT_AN_OBJECT) from None
        checked: set[str] = {*self.named.schema["properties"], *self.taken}
        named = {name: value for name, value in given.items() if name in checked}
        others = {name: value for name, value in given.items() if name not in checked}
        return {**others, **self.named.read(named)}
