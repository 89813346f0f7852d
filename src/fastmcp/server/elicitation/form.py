"""Forms: the flat objects that a client asks its user to fill in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from fastmcp._components.schemas.portable import portable
from fastmcp.wire.revisions import Revision

from .member import Member, Unaskable, member_of
from .vocabulary import Json, said


class Form(Struct):
    """The members of a form, by name, and the names of those that have to be filled in."""

    members: dict[str, Member]
    required: list[str]

    def schema(self, revision: Revision) -> Json:
        """The form as its clients are sent it, as far as the revision has words for it.

        Raises:
            ClientError: it cannot ask for one of the members.
        """
        properties = {
            name: said(name, member.schema, revision) for name, member in self.members.items()
        }
        schema: Json = {"type": "object", "properties": properties}
        return {**schema, "required": list(self.required)} if self.required else schema

    def filled(self, content: Mapping[str, Any]) -> Json:
        """What was filled in. A member left blank is not there, or null where it has to be there.

        Raises:
            ValueError: something was chosen that was not offered.
        """
        filled: Json = {}
        for name, member in self.members.items():
            value = content.get(name)
            if value is not None:
                try:
                    filled[name] = member.meant(value)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
            elif member.left_out or (member.nullable and name in content):
                filled[name] = None
        return filled


def form_of(schema: Json) -> Form:
    """Read the JSON Schema of a flat object.

    Raises:
        TypeError: it is no object, or not flat. The text names the member, and what to do.
    """
    if schema.get("type") != "object":
        raise TypeError("A form asks for an object: put what you ask for into a member of one")
    expected = schema.get("required", ())
    members: dict[str, Member] = {}
    for name, inner in schema.get("properties", {}).items():
        try:
            members[name] = member_of(name, inner, is_expected=name in expected)
        except Unaskable as refusal:
            raise TypeError(f"A form cannot ask for {name!r}: {refusal}") from None
    required = [name for name in members if name in expected and not members[name].nullable]
    return Form(members, required)


def validate_elicitation_json_schema(schema: dict[str, Any]) -> None:
    """Refuse a JSON Schema that no form can show.

    Raises:
        TypeError: it is no object, or not flat. The text names the member, and what to do.
    """
    form_of(portable(schema))
