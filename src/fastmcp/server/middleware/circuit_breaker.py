"""CircuitBreakerMiddleware: a tool that keeps failing is left alone for a while."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias, cast

from fastmcp.exceptions import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    AuthorizationError,
    ConfigurationError,
    DisabledError,
    InputUnavailable,
    LimitError,
    McpError,
    NotFoundError,
    ValidationError,
)
from fastmcp.transports import check_positive
from fastmcp.wire.inputs import InputRequiredResult

from .called_tool import called_tool, names_of
from .middleware import CallNext, Middleware, MiddlewareContext

State: TypeAlias = Literal["closed", "open", "half-open"]
Kinds: TypeAlias = type[Exception] | tuple[type[Exception], ...]

NO_FAILURES: Final = (
    AuthorizationError,
    DisabledError,
    InputUnavailable,
    NotFoundError,
    ValidationError,
)
"""What does not tell of the tool, but of its caller. Errors of the protocol such as invalid
parameters do not, either.
"""
_CALLERS = (INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND)
_MOST = 10_000
# In seconds: how long a trial takes is not known.
_DURING_TRIAL = 1.0


class CircuitOpenError(LimitError):
    """The tool has failed too often just now, and is not called."""


class CircuitBreakerMiddleware(Middleware):
    """Stops calling a tool that failed `failure_threshold` times in a row.

    Its circuit is then open: calls are refused for `recovery_timeout` seconds. After that it is
    half-open: `half_open_calls` at a time are let through, `success_threshold` successes close it,
    a failure opens it again. Failures are exceptions of the kinds in `failures` that are not
    `ignored`; those of the caller's (`NO_FAILURES`) and refusals for a limit never are. `tools` are
    the names of those that are watched, all by default.
    """

    def __init__(
        self,
        failure_threshold: int = 5,
        recovery_timeout: float = 30.0,
        *,
        half_open_calls: int = 1,
        success_threshold: int = 1,
        failures: Kinds = Exception,
        ignored: Kinds = (),
        tools: Iterable[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_positive(
            failure_threshold=failure_threshold,
            recovery_timeout=recovery_timeout,
            half_open_calls=half_open_calls,
            success_threshold=success_threshold,
        )
        self._failures = _kinds("failures", failures)
        self._ignored = (*_kinds("ignored", ignored), *NO_FAILURES)
        self._tools = names_of("tools", tools)
        self._clock = clock
        self._threshold = failure_threshold
        self._recovery = recovery_timeout
        self._trials = half_open_calls
        self._successes = success_threshold
        self._lock = threading.Lock()
        # Of tools that have failed since they last succeeded.
        self._circuits: OrderedDict[str, _Circuit] = OrderedDict()

    def state(self, tool: str) -> State:
        """How the circuit of a tool is now."""
        with self._lock:
            circuit = self._circuits.get(tool)
            if circuit is None or circuit.opened is None:
                return "closed"
            return "open" if self._left(circuit.opened) > 0 else "half-open"

    def reset(self, tool: str | None = None) -> None:
        """Close the circuit of a tool, or all."""
        with self._lock:
            if tool is None:
                self._circuits.clear()
            else:
                self._circuits.pop(tool, None)

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """Call the tool, unless its circuit is open."""
        name = called_tool(context)
        if self._tools is not None and name not in self._tools:
            return await call_next(context)
        trial = self._admit(name) if name in self._circuits else None
        try:
            result = await call_next(context)
        except BaseException as error:
            self._ended(name, trial, failed=None if _asks(context) else self._is_failure(error))
            raise
        if trial is not None or name in self._circuits:
            asks = isinstance(result, InputRequiredResult)
            self._ended(name, trial, failed=None if asks else False)
        return result

    def _admit(self, name: str) -> _Circuit | None:
        """Let a call through: the circuit, if the call is a trial.

        Raises:
            CircuitOpenError: it is not let through.
        """
        with self._lock:
            circuit = self._circuits.get(name)
            if circuit is None or circuit.opened is None:
                return None
            left = self._left(circuit.opened)
            if left <= 0 and circuit.trials >= self._trials:
                left = _DURING_TRIAL
            if left <= 0:
                circuit.trials += 1
                return circuit
        raise CircuitOpenError(
            f"The tool {name!r} has failed {self._threshold} times in a row, and is not called "
            f"for now; try again in {left:.3g} seconds",
            math.ceil(left * 1000) / 1000,
        )

    def _ended(self, name: str, trial: _Circuit | None, *, failed: bool | None) -> None:
        """A call is over; `failed` is None when that says nothing of the tool."""
        with self._lock:
            if trial is not None:
                trial.trials -= 1
            circuit = self._circuits.get(name)
            late = trial is None and circuit is not None and circuit.opened is not None
            if failed is None or late:  # what was called before it opened is no trial
                return
            if failed:
                self._failed(name, circuit)
            elif circuit is not None:
                circuit.successes += 1
                if circuit.opened is None or circuit.successes >= self._successes:
                    del self._circuits[name]

    def _failed(self, name: str, circuit: _Circuit | None) -> None:
        if circuit is None:
            circuit = self._circuits[name] = _Circuit()
            if len(self._circuits) > _MOST:
                self._circuits.popitem(last=False)
        circuit.failures += 1
        circuit.successes = 0
        if circuit.failures >= self._threshold:
            circuit.opened = self._clock()

    def _left(self, opened: float) -> float:
        return opened + self._recovery - self._clock()

    def _is_failure(self, error: BaseException) -> bool | None:
        """None for what says nothing of the tool: a caller's mistake, a refusal, a cancellation."""
        if isinstance(error, self._ignored) or not isinstance(error, self._failures):
            return None
        if isinstance(error, McpError) and error.code in _CALLERS:
            return None
        if isinstance(error, LimitError) and error.retry_after is not None:
            return None  # further inside it was refused; a timeout has nothing to wait for
        return True


class _Circuit:
    """Failures in a row, and since when no call is let through."""

    __slots__ = ("failures", "opened", "successes", "trials")

    def __init__(self) -> None:
        self.failures = 0
        self.opened: float | None = None
        self.successes = 0
        self.trials = 0


def _asks(context: MiddlewareContext[Any]) -> bool:
    """Whether the call ended with a question to its client, whatever it raised then."""
    served = context.fastmcp_context
    rounds: Any = None if served is None else served.exchange.rounds
    return rounds is not None and bool(rounds.questions)


def _kinds(name: str, given: Any) -> tuple[type[Exception], ...]:
    kinds = cast("tuple[Any, ...]", given if isinstance(given, tuple) else (given,))
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise ConfigurationError(f"{name}= takes classes of exceptions, not {kind!r}")
    return kinds
