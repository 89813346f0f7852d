"""TemplateIndex: finds the templates that a URI may match, without asking every one."""

from __future__ import annotations

from collections.abc import Iterable

from .function_template import FunctionResourceTemplate
from .template import ResourceTemplate
from .uri.decoding import decode

_OWN = (ResourceTemplate.matches, FunctionResourceTemplate.matches)


class TemplateIndex:
    """Templates by the literal text that their URIs begin with."""

    def __init__(self, templates: Iterable[ResourceTemplate]) -> None:
        self._lengths: dict[int, dict[str, list[tuple[int, ResourceTemplate]]]] = {}
        for order, template in enumerate(templates):
            prefix = _prefix(template)
            prefixes = self._lengths.setdefault(len(prefix), {})
            prefixes.setdefault(prefix, []).append((order, template))

    def candidates(self, uri: str) -> list[ResourceTemplate]:
        """The templates that may match, in the order in which they were given."""
        text = decode(uri)
        found: list[tuple[int, ResourceTemplate]] = []
        for length, prefixes in self._lengths.items():
            found += prefixes.get(text[:length], ())
        if len(found) > 1:
            found.sort(key=lambda each: each[0])
        return [template for _, template in found]


def _prefix(template: ResourceTemplate) -> str:
    """The beginning of all its URIs; nothing is known of one that matches in its own way."""
    matcher = template.matcher
    return matcher.prefix if matcher is not None and type(template).matches in _OWN else ""
