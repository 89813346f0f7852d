"""Component: what every tool, resource, template and prompt has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict, TypeVar

from msgspec import Struct, field, structs

from fastmcp.exceptions import InvalidSignature
from fastmcp.wire.content import Icon

from .blocks import as_model
from .signature import Signature, where


class ComponentOptions(TypedDict, total=False):
    """What the decorator of every kind takes."""

    name: str | None
    version: str | int | None
    title: str | None
    description: str | None
    icons: list[Any] | None
    tags: set[str] | None
    meta: dict[str, Any] | None


Self_ = TypeVar("Self_", bound="Component")


class Component(Struct, kw_only=True, dict=True, eq=False):
    """A described, addressable piece of a server.

    Subclasses may add annotated fields; they become keywords of the constructor.
    """

    KIND: ClassVar[str] = "component"

    name: str
    version: str | None = None
    title: str | None = None
    description: str | None = None
    icons: list[Icon] | None = None
    tags: set[str] = field(default_factory=set[str])
    meta: dict[str, Any] | None = None
    auth: Any = None
    enabled: bool = True

    @property
    def key(self) -> str:
        """The address of this component among all of its kind, with its version."""
        return f"{self.KIND}:{self.address}@{self.version or ''}"

    @property
    def address(self) -> str:
        """What a client names to reach it."""
        return self.name

    def model_copy(
        self: Self_, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self_:
        """A copy with some members replaced."""
        del deep
        copied = structs.replace(self)
        vars(copied).update(vars(self))
        for name, value in (update or {}).items():
            setattr(copied, name, value)
        return copied

    copy = model_copy

    def _wire_meta(self) -> dict[str, Any] | None:
        """`_meta` as clients see it: the author's, and under `fastmcp` what has no other place."""
        own: dict[str, Any] = {}
        if self.tags:
            own["tags"] = sorted(self.tags)
        if self.version is not None:
            own["version"] = self.version
        if not own:
            return self.meta
        return {**(self.meta or {}), "fastmcp": own}


def described(signature: Signature, options: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a component made from a function: what was said of it, or else what the
    function says of itself.

    Raises:
        InvalidSignature: a lambda without a name.
    """
    name = options.get("name") or signature.name
    if name == "<lambda>":
        raise InvalidSignature(f"{where(signature.call)}: a lambda needs name=")
    version, description = options.get("version"), options.get("description")
    icons: list[Any] | None = options.get("icons")
    return {
        "name": name,
        "version": None if version is None else str(version),
        "title": options.get("title"),
        "description": signature.doc if description is None else description,
        "icons": None if icons is None else [as_model(icon, Icon) for icon in icons],
        "tags": set(options.get("tags") or ()),
        "meta": options.get("meta"),
    }
