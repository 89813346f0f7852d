"""Limits: what a server takes upon itself, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, UnsetType, field, structs

from fastmcp.exceptions import ConfigurationError
from fastmcp.exceptions import LimitError as LimitError
from fastmcp.transports import check_positive

if TYPE_CHECKING:
    from .middleware.middleware import Middleware

# What has to be a number: there is no being without it.
_NUMBERS = ("max_request_size", "max_queue", "max_sessions", "max_sessions_per_principal")


class ToolLimits(Struct, frozen=True, kw_only=True):
    """Limits of one tool where they are others than the server's; None is without a limit."""

    timeout: float | UnsetType | None = UNSET
    max_depth: int | UnsetType | None = UNSET
    max_result_size: int | UnsetType | None = UNSET
    max_concurrent: int | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        given = structs.asdict(self).items()
        check_positive(**{name: value for name, value in given if value is not UNSET})


class Limits(Struct, frozen=True, kw_only=True):
    """What a server takes upon itself. Times are in seconds, sizes in bytes, None is no limit.

    - `request_timeout` is for a request of any kind, `tool_timeout` for the run of a tool.
    - `max_request_size` is for the body of an HTTP request, `max_depth` for how deep the arguments
      of a tool are nested, `max_result_size` for the texts and data in a result.
    - `max_concurrent` are the functions of tools, resources and prompts that run at a time;
      `max_queue` more requests wait, each for `max_wait` at most.
    - `session_idle_timeout`, `max_sessions` and `max_sessions_per_principal` are for HTTP sessions.
    - `tools` has the `ToolLimits` of those whose limits are others, by name.
    """

    request_timeout: float | None = None
    tool_timeout: float | None = 600
    session_idle_timeout: float | None = 1800
    max_request_size: int = 4 * 1024 * 1024
    max_depth: int | None = 64
    max_result_size: int | None = 16 * 1024 * 1024
    max_concurrent: int | None = 1000
    max_queue: int = 1000
    max_wait: float | None = 30
    max_sessions: int = 10_000
    max_sessions_per_principal: int = 1_000
    tools: Mapping[str, ToolLimits] = field(default_factory=dict[str, ToolLimits])

    def __post_init__(self) -> None:
        numbers = structs.asdict(self)
        del numbers["tools"]
        for name in _NUMBERS:
            if numbers[name] is None:
                raise ConfigurationError(f"{name}=None: it has to be a number")
        if self.max_queue == 0:
            del numbers["max_queue"]  # nobody waits
        check_positive(**numbers)
        for name, own in self.tools.items():
            self._check_own(name, own)

    def _check_own(self, name: str, own: Any) -> None:
        if not isinstance(own, ToolLimits):
            raise ConfigurationError(
                f"tools={{{name!r}: ...}} takes ToolLimits(...), not {type(own).__name__}"
            )
        whole, seconds = self.request_timeout, own.timeout
        if whole is not None and isinstance(seconds, (int, float)) and seconds > whole:
            raise ConfigurationError(
                f"The timeout of the tool {name!r} is {seconds:g} seconds, but request_timeout "
                f"ends every request after {whole:g}: raise that, or lower this"
            )

    def outermost(self) -> list[Middleware]:
        """The middleware that goes around all other: it judges what comes in and goes out."""
        from .middleware.message_limits import ArgumentDepthMiddleware

        found: list[Middleware] = []
        depths = self._of_tools("max_depth")
        if self.max_depth is not None or depths:
            found.append(ArgumentDepthMiddleware(self.max_depth, tools=depths))
        return [*found, *self.around_results()]

    def around_results(self) -> list[Middleware]:
        """The middleware that judges what goes out, also as the result of a background task."""
        from .middleware.message_limits import ResultSizeMiddleware

        sizes = self._of_tools("max_result_size")
        if self.max_result_size is None and not sizes:
            return []
        return [ResultSizeMiddleware(self.max_result_size, tools=sizes)]

    def innermost(self) -> list[Middleware]:
        """The middleware that goes inside all other: it bounds the running of functions."""
        from .middleware.concurrency import ConcurrencyLimitMiddleware
        from .middleware.timeouts import TimeoutMiddleware

        found: list[Middleware] = []
        places, times = self._of_tools("max_concurrent"), self._of_tools("timeout")
        if self.max_concurrent is not None or places:
            found.append(
                ConcurrencyLimitMiddleware(
                    self.max_concurrent,
                    tools=places,
                    max_queue=self.max_queue,
                    max_wait=self.max_wait,
                )
            )
        if self.tool_timeout is not None or times:
            found.append(
                TimeoutMiddleware(None, methods={"tools/call": self.tool_timeout}, tools=times)
            )
        return found

    def http_options(self) -> dict[str, Any]:
        """The keywords of `http_app` that mean the same."""
        return {
            "request_timeout": self.request_timeout,
            "session_idle_timeout": self.session_idle_timeout,
            "max_request_size": self.max_request_size,
            "max_sessions": self.max_sessions,
            "max_sessions_per_principal": self.max_sessions_per_principal,
        }

    def stdio_options(self) -> dict[str, Any]:
        """The keywords of `run("stdio")` that mean the same."""
        return {"timeout": self.request_timeout}

    def _of_tools(self, limit: str) -> dict[str, Any]:
        found = {name: getattr(own, limit) for name, own in self.tools.items()}
        return {name: value for name, value in found.items() if value is not UNSET}
