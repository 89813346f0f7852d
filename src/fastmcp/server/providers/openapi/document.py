"""Document: an OpenAPI document as plain JSON, and what its references refer to.

Nothing is ever fetched: a reference leads to a place in the document, or it is refused.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from msgspec import DecodeError, json

from fastmcp._components.schemas.pointers import pointed_at
from fastmcp._components.writing import to_json
from fastmcp.exceptions import ConfigurationError

Json: TypeAlias = dict[str, Any]

_REFERENCE = re.compile(rb'"\$ref":("[^"\\]*(?:\\.[^"\\]*)*")')
_VERSION = re.compile(r"3\.([012])(\.|-|$)")
_HOPS = 32
"""References that lead to references; more of them are a circle."""


def malformed(place: str, problem: str) -> ConfigurationError:
    """The error about something in a document."""
    return ConfigurationError(f"The OpenAPI document cannot be used: {place}: {problem}")


class Document:
    """A specification, which is not to be changed any more.

    `doubtful` are the references in it that lead nowhere or out of it. They may be part of an
    example, or of what no operation uses.

    Raises:
        ConfigurationError: it is no OpenAPI 3.0, 3.1 or 3.2 document.
    """

    def __init__(self, spec: Any) -> None:
        text = _written(spec)
        # Copying a large document would take longer than all the rest.
        self.root: Json = spec if _is_plain(spec) else _read(text)
        self.version: str = _version_of(self.root)
        self.minor: int = int(self.version.split(".")[1])
        self._found: dict[str, Any] = {}
        self.doubtful: set[str] = {ref for ref in _references(text) if not self._is_schema(ref)}

    def schema_at(self, ref: str, place: str) -> Json | bool:
        """The schema that a reference refers to.

        Raises:
            ConfigurationError: there is none.
        """
        found = self._pointed_at(ref, place)
        if isinstance(found, (dict, bool)):
            return cast("Json | bool", found)
        raise malformed(place, f"the reference {ref!r} leads to no schema")

    def object_at(self, node: Any, place: str) -> Json:
        """An object of the document, where there may be a reference in its stead.

        Raises:
            ConfigurationError: there is none.
        """
        for _ in range(_HOPS):
            if not isinstance(node, dict):
                raise malformed(place, f"there is {_kind(node)} where an object is expected")
            members = cast("Json", node)
            ref: Any = members.get("$ref")
            if ref is None:
                return members
            if not isinstance(ref, str):
                raise malformed(place, f"the reference {ref!r} is no text")
            node = self._pointed_at(ref, place)
        raise malformed(place, "its references lead back to themselves")

    def _pointed_at(self, ref: str, place: str) -> Any:
        if not ref.startswith("#"):
            raise malformed(
                place,
                f"the reference {ref!r} leads out of the document, and nothing is fetched; put "
                "what it refers to under components, or bundle the document first",
            )
        found = self._at(ref)
        if found is None:
            raise malformed(place, f"the reference {ref!r} leads nowhere")
        return found

    def _is_schema(self, ref: str) -> bool:
        return isinstance(self._at(ref), (dict, bool))

    def _at(self, ref: str) -> Any:
        if ref not in self._found:
            self._found[ref] = pointed_at(self.root, ref)
        return self._found[ref]


def as_object(node: Any) -> Json:
    """The object that a node is; an empty one where it is something else."""
    return cast("Json", node) if isinstance(node, dict) else {}


def _written(spec: Any) -> bytes:
    if not isinstance(spec, Mapping) and not hasattr(spec, "model_dump"):
        raise ConfigurationError(
            f"openapi_spec must be an OpenAPI document as a dict, not {type(spec).__name__}; "
            "read it first, with json.loads or yaml.safe_load"
        )
    try:
        return to_json(cast("Any", spec))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            "The OpenAPI document cannot be written as JSON: it refers to itself without $ref, is "
            f"nested too deeply, or has values that JSON does not know ({error})"
        ) from None


def _read(text: bytes) -> Json:
    try:
        return json.decode(text, type=dict[str, Any])
    except (DecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"The OpenAPI document cannot be read; is it nested too deeply? ({error})"
        ) from None


def _is_plain(spec: Any) -> bool:
    """Whether it is what a reader of JSON gives. One of YAML makes dates of some texts, and numbers
    of the statuses of responses.
    """
    try:
        marshal.dumps(spec)
    except ValueError:
        return False
    items = as_object(as_object(spec).get("paths")).values()
    operations = [as_object(each) for item in items for each in as_object(item).values()]
    return all(type(status) is str for each in operations for status in _statuses(each))


def _statuses(operation: Json) -> Iterable[Any]:
    return as_object(operation.get("responses"))


def _version_of(root: Json) -> str:
    version = root.get("openapi")
    if isinstance(version, str) and _VERSION.match(version):
        return version
    if "swagger" in root:
        raise ConfigurationError(
            f"This is a Swagger {root['swagger']} document; convert it to OpenAPI 3 first, for "
            "example with swagger2openapi"
        )
    raise ConfigurationError(
        f"The OpenAPI document says openapi: {version!r}; versions 3.0, 3.1 and 3.2 can be read"
    )


def _references(text: bytes) -> set[str]:
    return {json.decode(each, type=str) for each in set(_REFERENCE.findall(text))}


def _kind(node: Any) -> str:
    return "nothing" if node is None else f"{type(node).__name__} {str(node)[:40]!r}"
