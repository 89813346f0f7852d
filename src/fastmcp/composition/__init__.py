"""ServerComposer: a server made of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .server_composer import ServerComposer as ServerComposer

__all__ = ["ServerComposer"]

lazy_names(__name__, {"ServerComposer": ".server_composer"})
