"""Work beside the requests: started with the server or by hand, restarted after a crash, stopped
by a deadline.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import (
    Any,
    Final,
    Literal,
    Self,
    TypeAlias,
    TypedDict,
    Unpack,
    cast,
    overload,
)

from fastmcp._components.functions.function import is_async
from fastmcp._logging.tracebacks import exc_info_of
from fastmcp.exceptions import ConfigurationError

Worker: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]
Home: TypeAlias = tuple[asyncio.AbstractEventLoop, contextvars.Context]
Status: TypeAlias = Literal["new", "running", "waiting", "crashed", "finished", "stopped", "stuck"]

LONGEST_DELAY = 60.0
# For a task whose turn to stop comes when the time for all of them is over, in seconds.
MOMENT = 0.05

logger: Final = logging.getLogger("fastmcp.background")


class BackgroundOptions(TypedDict, total=False):
    """How a background task runs; times are in seconds.

    `every` runs the function again, that long after it returned. `restart` runs it again after a
    crash: `restart_delay` (1) later, and twice as long each further time, up to a minute; a run
    that lasted a minute begins the count anew. `stop_timeout` (5) is how long it may take to end.
    """

    name: str | None
    every: float | None
    restart: bool
    restart_delay: float
    stop_timeout: float


class BackgroundTask:
    """An async function that runs beside the requests, and how it is doing.

    `status` is `"new"` before it starts, then `"running"`, `"waiting"` between periodic runs and
    `"crashed"` until it starts again or for good; it ends as `"finished"`, as `"stopped"`, or as
    `"stuck"` when it did not end in time. `restarts` counts those after crashes since it started,
    `last_error` is what it raised last. Calling it calls the function.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[Any]],
        function: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        every: float | None = None,
        restart: bool = True,
        restart_delay: float = 1.0,
        stop_timeout: float = 5.0,
        logger: logging.Logger = logger,
    ) -> None:
        if every is not None and every <= 0:
            raise ConfigurationError(
                f"every={every}: give the seconds between two runs, more than 0"
            )
        if restart_delay <= 0:
            raise ConfigurationError(f"restart_delay={restart_delay}: give seconds, more than 0")
        self.function: Callable[..., Any] = function or work
        self.name: str = name or getattr(self.function, "__name__", None) or repr(self.function)
        self.status: Status = "new"
        self.restarts: int = 0
        self.last_error: BaseException | None = None
        self._work = work
        self._every = every
        self._restart = restart
        self._restart_delay = restart_delay
        self._stop_timeout = stop_timeout
        self._logger = logger
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<BackgroundTask {self.name!r}: {self.status}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def begin(self) -> asyncio.Task[None]:
        """Start it on the running loop, unless it runs."""
        if self._task is None or self._task.done():
            self.status, self.restarts, self.last_error = "running", 0, None
            self._task = asyncio.get_running_loop().create_task(self._live(), name=self.name)
        return self._task

    async def stop(self, timeout: float | None = None) -> None:
        """Cancel it and wait for its end, `timeout` seconds at most; by default its own.

        One that has not ended by then is reported, and nobody waits for it any more.
        """
        task, self._task = self._task, None
        if task is None or task.done():
            return
        patience = self._stop_timeout if timeout is None else timeout
        task.cancel()
        await asyncio.wait([task], timeout=patience)
        if task.done():
            self.status = "stopped"
            return
        self.status = "stuck"
        _leave_behind(task)
        self._logger.error(
            "Background task %r did not stop within %g seconds and is left behind",
            self.name,
            patience,
        )

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        delay = self._restart_delay
        while True:
            self.status = "running"
            began = loop.time()
            error = await self._run()
            if error is None and self._every is None:
                self.status = "finished"
                return
            if error is None or loop.time() - began > LONGEST_DELAY:
                delay = self._restart_delay
            if error is None:
                self.status = "waiting"
                await asyncio.sleep(self._every or 0)
                continue
            self._report(error, delay)
            if not self._restart:
                return
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)
            self.restarts += 1

    async def _run(self) -> BaseException | None:
        """Run the function once; what it raised.

        Raises:
            CancelledError: it is being stopped, whatever it made of that.
        """
        task = asyncio.current_task()
        assert task is not None
        error: BaseException | None = None
        try:
            await self._work()
        except (Exception, asyncio.CancelledError) as fault:
            error = fault
        if not task.cancelling():
            return error
        if isinstance(error, Exception):
            self.last_error = error
            self._logger.error(
                "Background task %r failed while it stopped", self.name, exc_info=exc_info_of(error)
            )
        raise asyncio.CancelledError

    def _report(self, error: BaseException, delay: float) -> None:
        self.status, self.last_error = "crashed", error
        if self._restart:
            text = "Background task %r crashed; it starts again in %g seconds"
            self._logger.error(text, self.name, delay, exc_info=exc_info_of(error))
        else:
            self._logger.error("Background task %r crashed", self.name, exc_info=exc_info_of(error))


def _leave_behind(task: asyncio.Task[Any]) -> None:
    """Let the loop end without this task, for which `asyncio.run` would wait without end."""
    asyncio.tasks._unregister_task(task)
    # It has been reported; asyncio would report it a second time.
    task._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue]


class BackgroundTasks:
    """Tasks that are started one by one and stopped together, in reverse.

    `async with BackgroundTasks() as tasks:` stops them at its end. Those of a server are better
    declared with `@mcp.background`.
    """

    def __init__(self, logger: logging.Logger = logger) -> None:
        self._logger = logger
        self._tasks: list[BackgroundTask] = []

    @property
    def tasks(self) -> tuple[BackgroundTask, ...]:
        """What was started and has not been stopped, in that order."""
        return tuple(self._tasks)

    def start(
        self, work: Worker | Coroutine[Any, Any, Any], **options: Unpack[BackgroundOptions]
    ) -> BackgroundTask:
        """Start a coroutine, or an async function without parameters.

        Options as in `FastMCP.background`, but that nothing is restarted without `restart=True`.
        """
        options.setdefault("restart", False)
        if isinstance(work, Coroutine):
            task = self._once(cast("Coroutine[Any, Any, Any]", work), options)
        else:
            task = BackgroundTask(_callable_with(work, ()), work, logger=self._logger, **options)
        task.begin()
        self._tasks = [each for each in self._tasks if each.status != "finished"]
        self._tasks.append(task)
        return task

    def _once(
        self, coroutine: Coroutine[Any, Any, Any], options: BackgroundOptions
    ) -> BackgroundTask:
        if options.get("restart") or options.get("every") is not None:
            coroutine.close()
            raise ConfigurationError("A coroutine runs once; to repeat it, pass its function")
        options["name"] = options.get("name") or getattr(coroutine, "__name__", None)
        task = BackgroundTask(lambda: coroutine, logger=self._logger, **options)
        # It may be stopped before it ran.
        task.begin().add_done_callback(lambda _: coroutine.close())
        return task

    async def stop_all(self, timeout: float = 5.0) -> None:
        """Stop all of them, the latest first, in `timeout` seconds altogether."""
        deadline = asyncio.get_running_loop().time() + timeout
        while self._tasks:
            left = deadline - asyncio.get_running_loop().time()
            await self._tasks.pop().stop(max(left, MOMENT))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop_all()


class ServerBackground:
    """The background tasks of a server, which run while its lifespan does: at the `home` of that,
    None while it does not.

    It is what `FastMCP.background` is: called, it adds a task.
    """

    def __init__(self, server: Any, home: Callable[[], Home | None]) -> None:
        self._server = server
        self._home = home
        self._tasks: list[BackgroundTask] = []

    @property
    def tasks(self) -> tuple[BackgroundTask, ...]:
        """All of them, in the order in which they start."""
        return tuple(self._tasks)

    @overload
    def __call__(self, fn: Worker, /, **options: Unpack[BackgroundOptions]) -> BackgroundTask: ...
    @overload
    def __call__(
        self, fn: None = None, /, **options: Unpack[BackgroundOptions]
    ) -> Callable[[Worker], BackgroundTask]: ...
    def __call__(self, fn: Any = None, /, **options: Unpack[BackgroundOptions]) -> Any:
        """Have an async function run beside the requests: `@mcp.background`,
        `@mcp.background(every=60)`, `mcp.background(fn)`.

        It takes nothing, or the server. What it becomes tells how it is doing. In a server that
        runs already it starts at once; this may be called in any thread.

        Raises:
            ConfigurationError: the function is not async, or needs more than the server.
        """
        if fn is None:
            return functools.partial(self.__call__, **options)
        work = _callable_with(fn, (self._server,))
        task = BackgroundTask(work, fn, logger=self._server.logger, **options)
        self._tasks.append(task)
        if (home := self._home()) is not None:
            loop, context = home
            loop.call_soon_threadsafe(self._begin, task, context=context.copy())
        return task

    def _begin(self, task: BackgroundTask) -> None:
        if self._home() is not None:
            task.begin()

    def begin(self) -> None:
        """Start them, in order."""
        for task in self._tasks:
            task.begin()

    async def stop(self) -> None:
        """Stop them, in reverse, each in its own time."""
        for task in reversed(self._tasks):
            await task.stop()


def _callable_with(function: Any, given: tuple[Any, ...]) -> Callable[[], Awaitable[Any]]:
    """The function without parameters: with as many of `given` as it asks for.

    Raises:
        ConfigurationError: it is not async, or asks for more.
    """
    name = getattr(function, "__qualname__", None) or repr(function)
    if not is_async(function):
        raise ConfigurationError(
            f"{name} cannot run in the background: it is not an async function. Blocking work can "
            "be awaited in one, with `await asyncio.to_thread(...)`"
        )
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    by_name = any(parameter.kind is parameter.KEYWORD_ONLY for parameter in needed)
    if by_name or len(needed) > len(given):
        takes = "nothing, or the server" if given else "nothing"
        wants = ", ".join(parameter.name for parameter in needed)
        raise ConfigurationError(f"{name} wants {wants}; a background task takes {takes}")
    return functools.partial(function, *given[: len(needed)])
