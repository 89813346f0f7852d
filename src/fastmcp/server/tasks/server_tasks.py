"""ServerTasks: whether a server has tasks, and the service of them once it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from ..metrics.task_numbers import TaskNumbers
    from ..server import FastMCP
    from .config import TaskConfig
    from .service import TaskService


class ServerTasks:
    """The background tasks of a server. `default` is for components that say nothing themselves,
    `url` where the tasks are to be kept, if that was said; `numbers` counts them, where the server
    is measured.
    """

    def __init__(self, server: FastMCP, name: str | None, tasks: Any, url: Any) -> None:
        self._server = server
        self._name = name
        self.url: str | None = None if url is None else str(url)
        self.numbers: TaskNumbers | None = None
        self._service: TaskService | None = None
        self.default: TaskConfig | None = None
        if tasks is not None:
            if not isinstance(tasks, bool):
                raise ConfigurationError(f"tasks= takes True or False, not {tasks!r}")
            if tasks:
                from .config import TaskConfig

                self.default = TaskConfig()

    @property
    def offered(self) -> bool:
        """Whether anything of the server's can be run as a task."""
        return self.default is not None or self._server._parts.sources.has_tasks

    @property
    def running(self) -> TaskService | None:
        """The service, if it was needed."""
        return self._service

    @property
    def docket(self) -> Any:
        """The Docket behind the service; None before it runs, and where it is something else."""
        engine = None if self._service is None else self._service.backend.engine
        return getattr(engine, "docket", None)

    def service(self) -> TaskService:
        """The service, which is made now if need be.

        Raises:
            ConfigurationError: the URL means nothing, or an extra is missing.
        """
        if self._service is None:
            from .opening import backend_of
            from .service import TaskService

            self._service = TaskService(self._server, backend_of(self._name, self.url))
        return self._service

    async def start(self) -> None:
        """Begin to work where others may have left tasks; elsewhere that has time until there are
        some.

        Raises:
            StoreUnavailable: the backend cannot be reached.
        """
        if self.offered:
            from .automatic import automatic_tools

            service = self.service()
            if service.backend.lasting or automatic_tools(self._server._parts.catalogue):
                await service.start()

    async def stop(self) -> None:
        """End what was started."""
        if self._service is not None:
            await self._service.stop()
