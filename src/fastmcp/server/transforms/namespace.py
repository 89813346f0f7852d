"""Namespace: every name of a source under a common beginning."""

from __future__ import annotations

import re
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

from ..providers.kinds import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Kind
from .component_transform import C, ComponentTransform

_GOOD = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class Namespace(ComponentTransform):
    """Tools and prompts are called `prefix_name`; what has a URI is at `scheme://prefix/path`.

    Raises:
        ConfigurationError: the prefix cannot be part of both names and URIs.
    """

    def __init__(self, prefix: str) -> None:
        if not isinstance(prefix, str) or not _GOOD.fullmatch(prefix):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                f"The namespace {prefix!r} cannot be part of names and URIs: use 1 to 64 of the "
                "characters A-Z a-z 0-9 _ - ."
            )
        self.prefix = prefix
        self._of_names = f"{prefix}_"
        self._of_paths = f"{prefix}/"

    def __repr__(self) -> str:
        return f"Namespace({self.prefix!r})"

    def changed(self, kind: Kind, component: C) -> C:
        return component._make_derived(
            ("namespace", self.prefix),
            lambda inner: inner.model_copy(update=self._members(kind, inner)),
        )

    def sought(self, kind: Kind, address: str) -> str | None:
        if kind in (TOOLS, PROMPTS):
            begins = address.startswith(self._of_names)
            return address[len(self._of_names) :] if begins else None
        scheme, mark, path = address.partition("://")
        if not mark:
            return address  # it has no place for a namespace
        begins = path.startswith(self._of_paths)
        return f"{scheme}://{path[len(self._of_paths) :]}" if begins else None

    def shown(self, kind: Kind, address: str) -> str:
        return self._of_names + address if kind in (TOOLS, PROMPTS) else self._uri(address)

    def _members(self, kind: Kind, component: Any) -> dict[str, Any]:
        if kind is RESOURCES:
            return {"uri": self._uri(component.uri), "written": self._written(component)}
        if kind is TEMPLATES:
            written = self._written(component)
            return {"uri_template": self._uri(component.uri_template), "written": written}
        name = {"name": self.shown(kind, component.name)}
        return name if kind is PROMPTS else {**name, "meta": self._meta(component.meta)}

    def _meta(self, meta: dict[str, Any] | None) -> dict[str, Any] | None:
        """`_meta` of a tool, whose interface is in the namespace, too."""
        ui = None if meta is None else meta.get("ui")
        uri: Any = cast("dict[str, Any]", ui).get("resourceUri") if isinstance(ui, dict) else None
        if not isinstance(uri, str):
            return meta
        return {**(meta or {}), "ui": {**cast("Any", ui), "resourceUri": self._uri(uri)}}

    def _uri(self, uri: str) -> str:
        scheme, mark, path = uri.partition("://")
        return f"{scheme}://{self._of_paths}{path}" if mark else uri

    def _written(self, component: Any) -> str:
        written: str = component.written
        return self._uri(written) if "://" in written else self._of_paths + written
