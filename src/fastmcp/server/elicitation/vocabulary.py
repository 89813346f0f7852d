"""What the forms of each revision can say of a member (PROTOCOL 3.12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from fastmcp.exceptions import InputUnavailable
from fastmcp.wire.revisions import R2025_06_18, R2025_11_25, Revision

Json: TypeAlias = dict[str, Any]

_LABELS = {"type": R2025_06_18, "title": R2025_06_18, "description": R2025_06_18}
_LIMITS = {"minimum": R2025_06_18, "maximum": R2025_06_18}
_DEFAULT = {"default": R2025_11_25}
_SEVERAL = ("type", "title", "description", "items", "minItems", "maxItems", "default")

# The keywords of each kind of member, and the first revision that has them.
_KEYWORDS: Mapping[str, Mapping[str, Revision]] = {
    "string": {
        **_LABELS,
        "minLength": R2025_06_18,
        "maxLength": R2025_06_18,
        "format": R2025_06_18,
        "pattern": R2025_11_25,
        **_DEFAULT,
    },
    "integer": {**_LABELS, **_LIMITS, **_DEFAULT},
    "number": {**_LABELS, **_LIMITS, **_DEFAULT},
    "boolean": {**_LABELS, "default": R2025_06_18},
    "choice": {
        **_LABELS,
        "oneOf": R2025_11_25,
        "enum": R2025_06_18,
        "enumNames": R2025_06_18,
        **_DEFAULT,
    },
    "array": dict.fromkeys(_SEVERAL, R2025_11_25),
}
FORMATS: Final = ("email", "uri", "date", "date-time")
"""What a text can be said to be."""


def said(name: str, member: Json, revision: Revision) -> Json:
    """The schema of a member in the words of a revision.

    What it has no words for is left out, but for `x-` keywords, which are between the author of
    the schema and the client. Titles of choices are put the older way where they have to be.

    Raises:
        InputUnavailable: it cannot ask for such a member at all.
    """
    kind = "choice" if "oneOf" in member or "enum" in member else member["type"]
    keywords = _KEYWORDS[kind]
    if revision < keywords["type"]:
        raise InputUnavailable(
            f"The client cannot ask its user to choose several, as for {name!r}: its revision of "
            f"the protocol, {revision}, has no such question. Ask for one at a time"
        )
    if "oneOf" in member and revision < keywords["oneOf"]:
        member = {
            **member,
            "enum": [each["const"] for each in member["oneOf"]],
            "enumNames": [each["title"] for each in member["oneOf"]],
        }
    known = {key: member[key] for key in keywords if key in member and keywords[key] <= revision}
    return known | {key: value for key, value in member.items() if key.startswith("x-")}
