"""The arguments of a call: checked straight from JSON, and forgiven what models get wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec import Raw, Struct

from fastmcp.exceptions import ValidationError

from .annotated import Json

NOT_AN_OBJECT = "The arguments are not a JSON object"

Check = Callable[[Any], Any]


class Arguments(Struct, frozen=True):
    """How the arguments of a function are checked, from JSON and from a mapping.

    `names` has the parameters that clients know by another name.
    """

    check_json: Check
    check_python: Check
    schema: Json
    names: Mapping[str, str] = {}
    strict: bool = False

    def read(self, given: Raw | Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments of a call.

        Raises:
            ValidationError: an argument is missing, unknown or does not fit. The text names each
                and what to send instead, and says nothing of the values.
        """
        if isinstance(given, Raw):
            data = bytes(given)
            if not data.startswith(b"{"):
                raise ValidationError(NOT_AN_OBJECT)
        else:
            data = _encoded(given)
        try:
            return self.check_python(given) if data is None else self.check_json(data)
        except ValueError as error:
            refusal = error
        return self._forgiven(data, refusal)  # out of the handler: its values stay out of logs

    def _forgiven(self, data: bytes | None, refusal: ValueError) -> dict[str, Any]:
        """What the arguments mean when JSON that was sent in strings is decoded, once.

        Raises:
            ValidationError: nothing that fits.
        """
        from .mending import members_of, mended, unwrapped
        from .refusal import problems_of, refuse

        for mend in () if data is None or self.strict else (unwrapped, mended):
            data = cast("bytes", data)
            inner = mend(data, self.schema, refusal)
            if inner is None:
                continue
            try:
                arguments = self.check_json(inner)
            except ValueError as error:
                data, refusal = inner, error
            else:
                _log("Arguments that were sent as JSON in a string, or in an object, were taken")
                return arguments
        sent = {} if data is None else members_of(data)
        text = refuse(refusal, self.schema["properties"].keys() - sent.keys())
        invalid = ValidationError(text or NOT_AN_OBJECT)
        invalid.problems = problems_of(refusal)
        raise invalid


def _log(text: str) -> None:
    import logging

    logging.getLogger(__name__).debug(text)


def _encoded(given: Mapping[str, Any]) -> bytes | None:
    """The JSON of what is JSON data, so that it means what it would mean when sent; else None."""
    import pydantic_core

    try:
        return pydantic_core.to_json(given) if _is_json(given) else None
    except (ValueError, RecursionError):
        return None


def _is_json(value: Any) -> bool:
    kind = cast("Any", type(value))
    if value is None or kind in (str, int, float, bool):
        return True
    if kind is dict:
        members = cast("Json", value)
        return all(type(name) is str and _is_json(member) for name, member in members.items())
    return kind is list and all(_is_json(item) for item in cast("list[Any]", value))
