"""Abilities: what a client can be asked, as a proxy tells the servers behind it."""

from __future__ import annotations

from typing import Any, Self

from msgspec import Struct

from fastmcp.wire.lifecycle import (
    ClientCapabilities,
    ElicitationCapability,
    RootsCapability,
    SamplingCapability,
)
from fastmcp.wire.revisions import R2025_06_18, R2025_11_25, Revision


class Abilities(Struct, frozen=True):
    """Which questions a client answers."""

    roots: bool = False
    sampling: bool = False
    sampling_tools: bool = False
    sampling_context: bool = False
    forms: bool = False
    pages: bool = False

    @classmethod
    def of(cls, capabilities: ClientCapabilities, revision: Revision) -> Self:
        """What a client has declared, as far as its revision has that."""
        supports = capabilities.supports
        newer = revision >= R2025_11_25
        asks = revision >= R2025_06_18 and supports("elicitation")
        pages = newer and asks and supports("elicitation.url")
        return cls(
            roots=supports("roots"),
            sampling=supports("sampling"),
            sampling_tools=newer and supports("sampling.tools"),
            sampling_context=newer and supports("sampling.context"),
            forms=asks and (supports("elicitation.form") or not pages),
            pages=pages,
        )

    def declare(self, method: str, capabilities: ClientCapabilities) -> None:
        """Enter what belongs to one of the methods that servers ask."""
        if method == "roots/list" and self.roots:
            capabilities.roots = RootsCapability(list_changed=True)
        elif method == "sampling/createMessage" and self.sampling:
            can: dict[str, Any] = {}
            if self.sampling_tools:
                can["tools"] = {}
            if self.sampling_context:
                can["context"] = {}
            capabilities.sampling = SamplingCapability.model_validate(can)
        elif method == "elicitation/create" and (self.forms or self.pages):
            modes: dict[str, Any] = {}
            if self.forms:
                modes["form"] = {}
            if self.pages:
                modes["url"] = {}
            capabilities.elicitation = ElicitationCapability.model_validate(modes)


NONE = Abilities()
ALL = Abilities(True, True, True, True, True, True)
