"""What Docket gives to functions: its own objects, and what its dependencies stand for."""
# ruff: noqa: N802 - the defaults are functions with the names of what they stand for

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from fastmcp._components.injection.dependencies import Dependency
from fastmcp.exceptions import ConfigurationError

from ..context import Context
from ..progress import Progress
from ..request.served_request import ServedRequest

if TYPE_CHECKING:
    from docket import Docket, Worker


Part: TypeAlias = Literal["docket", "worker"]

_MARKERS: Final = {"docket": "CurrentDocket()", "worker": "CurrentWorker()"}


def CurrentDocket() -> Docket:
    """A default that stands for the Docket that delivers the server's tasks; what a function adds
    to it is run by the workers, too.
    """
    return cast("Docket", _OfDocket("docket"))


def CurrentWorker() -> Worker:
    """A default that stands for Docket's worker in this process."""
    return cast("Worker", _OfDocket("worker"))


class _OfDocket(Dependency[Any]):
    def __init__(self, part: Part) -> None:
        self._part: Part = part

    async def __aenter__(self) -> Any:
        context = Context.current_or_none()
        return _of_docket_itself(self._part) if context is None else await _of(context, self._part)


async def _of(context: ServedRequest, part: Part) -> Any:
    """Docket's object, which is made now if need be.

    Raises:
        ConfigurationError: there is none, for the reason that the text names.
    """
    tasks, marker = context.host._parts.tasks, _MARKERS[part]
    if not tasks.offered:
        raise ConfigurationError(
            f"{marker} needs a server that has tasks: FastMCP(tasks=True), or task=True with a tool"
        )
    service = tasks.service()
    engine: Any = service.backend.engine
    if not hasattr(engine, "lend"):
        raise ConfigurationError(
            f"{marker}: the tasks at {service.backend.url} are not Docket's; it serves memory:// "
            "and redis://"
        )
    await service.start()
    _acquaint()
    if part == "worker" and not service.backend.concurrency:
        raise ConfigurationError(f"{marker}: this process runs no tasks; its concurrency is 0")
    return await engine.lend(part)


def _acquaint() -> None:
    """Have Docket enter our dependencies, too, in the functions that it is given."""
    import docket.dependencies

    theirs: Any = docket.dependencies.Dependency
    theirs.register(Dependency)


def _of_docket_itself(part: Part) -> Any:
    """For a function that Docket runs, and no server calls."""
    from docket.dependencies import current_docket, current_worker

    try:
        return (current_docket if part == "docket" else current_worker).get()
    except LookupError:
        raise RuntimeError(
            f"{_MARKERS[part]} has a value in a function that a server calls, or Docket"
        ) from None


async def borrowed(context: ServedRequest, asked: Any, kinds: frozenset[str]) -> Any:
    """What a dependency of Docket's stands for in a request, by the names of its classes.

    Raises:
        RuntimeError: it stands for nothing there.
    """
    if "Progress" in kinds:
        return await Progress().__aenter__()
    if "_CurrentDocket" in kinds:
        return await _of(context, "docket")
    if "_CurrentWorker" in kinds:
        return await _of(context, "worker")
    if "_TaskLogger" in kinds:
        named = logging.getLogger(f"docket.task.{context.exchange.method}")
        return logging.LoggerAdapter(named, {"docket.key": context.task_id})
    if "_TaskKey" in kinds:
        return _task_id(context)
    if "_CurrentExecution" in kinds:
        raise RuntimeError("CurrentExecution() has a value only in a function given to Docket")
    return await asked.__aenter__()


def _task_id(context: ServedRequest) -> str:
    if context.task_id is None:
        raise RuntimeError("TaskKey() has a value only in a background task; call it as one")
    return context.task_id
