"""Roots: the places that a client lets servers work in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from fastmcp._runtime.calling import call
from fastmcp.wire.inputs import ListRootsRequestParams, ListRootsResult, Root
from fastmcp.wire.lifecycle import ClientCapabilities, RootsCapability
from fastmcp.wire.model import Model

from .handler_context import RequestContext

__all__ = ["Root", "RootsHandler", "RootsList"]

RootsList: TypeAlias = Sequence[Root | str | Path]
"""`file://` URIs, paths, or `Root` objects."""

RootsHandler: TypeAlias = Callable[[RequestContext], Awaitable[RootsList] | RootsList]
"""Asked for the roots each time that a server wants them."""


class RootsAnswers:
    """Answers `roots/list` from a list, or by a handler."""

    params: type[Model] = ListRootsRequestParams

    def __init__(self, roots: RootsList | RootsHandler) -> None:
        self._roots: list[Root] | RootsHandler = roots if callable(roots) else as_roots(roots)

    def declare(self, capabilities: ClientCapabilities) -> None:
        """Say that there are roots, and that changes of them are told."""
        capabilities.roots = RootsCapability(list_changed=True)

    def check(self, params: Model) -> None:
        """Nothing can be wrong with the question."""

    async def answer(self, params: Model, context: RequestContext) -> Model:
        """The roots as they are now."""
        roots = self._roots
        if callable(roots):
            roots = as_roots(await call(roots, context))
        return ListRootsResult(roots=roots)


def as_roots(roots: Sequence[Any]) -> list[Root]:
    """Roots from what a user writes.

    Raises:
        ValueError: one is not a `file://` URI or a path.
    """
    return [_as_root(root) for root in roots]


def _as_root(root: Any) -> Root:
    if isinstance(root, Path):
        root = root.absolute().as_uri()
    foreign = hasattr(root, "model_dump")
    made = Root.model_validate(root) if foreign else Root(uri=str(root))
    if not made.uri.startswith("file://"):
        raise ValueError(f"The root {made.uri!r} is no file:// URI; for a path give a Path object")
    return made
