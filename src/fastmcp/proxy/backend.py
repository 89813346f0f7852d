"""Backend: one of the servers that a proxy sends requests to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from fastmcp.exceptions import ClientError, ConfigurationError, TimedOut
from fastmcp.transports import check_positive

from .faults import fault_in, is_busy
from .health import Health, HealthPolicy, State
from .under_way import UnderWay

if TYPE_CHECKING:
    from fastmcp.server.providers.base import Provider

    from .forwarding import Ping


class Backend:
    """A server to which a proxy sends requests, and what is known of it.

    `target` is a server in this process, or a provider; or what a `Client` takes: a URL, a command,
    the path of a script, a transport; or a client. `weight` is its share where a strategy goes by
    weights. With `max_concurrent` no more requests than that are under way to it.
    """

    def __init__(
        self,
        target: Any,
        name: str | None = None,
        *,
        weight: float = 1.0,
        max_concurrent: int | None = None,
    ) -> None:
        from .forwarding import name_of, route_to

        check_positive(weight=weight, max_concurrent=max_concurrent)
        route = route_to(target)
        self.target = target
        self.name: str = name or name_of(target)
        self.weight = weight
        self.max_concurrent = max_concurrent
        self.provider: Provider = route.provider
        self.ping: Ping | None = route.ping
        self.health: Health = Health(HealthPolicy())
        self.in_flight: int = 0
        self.requests: int = 0
        self.faults = 0
        self.turn: int = 0
        self.when_idle: Callable[[], object] | None = None
        self._revocable: set[UnderWay] = set()

    def __repr__(self) -> str:
        return f"Backend({self.name!r}, {self.state})"

    @property
    def state(self) -> State:
        """Whether it is used."""
        return self.health.state

    @property
    def has_room(self) -> bool:
        """Whether one more request may be sent there."""
        return self.max_concurrent is None or self.in_flight < self.max_concurrent

    @property
    def status(self) -> dict[str, Any]:
        """What is known of it, as plain data."""
        return {
            "name": self.name,
            "state": self.state,
            "weight": self.weight,
            "in_flight": self.in_flight,
            "requests": self.requests,
            "faults": self.faults,
            "last_error": self.health.last_error,
        }

    def takes(self, under_way: UnderWay | None, turn: int) -> None:
        """A request is sent there, which can be taken back if `under_way` is given."""
        self.in_flight += 1
        self.requests += 1
        self.turn = turn
        if under_way is not None:
            self._revocable.add(under_way)

    def has_ended(self, under_way: UnderWay | None) -> None:
        """That request has ended."""
        self.in_flight -= 1
        if under_way is not None:
            self._revocable.discard(under_way)
        if self.when_idle is not None and self.in_flight == 0:
            self.when_idle()

    def give_up(self) -> None:
        """Take back what can be taken back."""
        for each in list(self._revocable):
            each.give_up()

    def fault_in(self, error: BaseException) -> ClientError | None:
        """How this server failed, unless the error is its answer; the functions of one in this
        process may raise anything.
        """
        return None if self.ping is None else fault_in(error)

    def is_reason(self, fault: ClientError) -> bool:
        """Whether a fault is a reason to use it no more. A late answer is none where it can be
        asked whether it is there: then it may be the tool that is slow.
        """
        checked = self.health.policy.interval is not None
        return not is_busy(fault) and not (checked and isinstance(fault, TimedOut))


def backends_of(given: Any) -> list[Backend]:
    """Backends from what a user gives: one target or several, by their names in a mapping.

    Raises:
        ConfigurationError: a target cannot be reached in any way, or two have the same name.
    """
    backends: list[Backend] = []
    for name, target in _targets(given):
        add_backend(backends, target, name)
    return backends


def add_backend(backends: list[Backend], target: Any, name: str | None = None) -> Backend:
    """One more, whose name is made unique unless it was given.

    Raises:
        ConfigurationError: there is one of that name.
    """
    added = target if isinstance(target, Backend) else Backend(target, name)
    if any(added is each for each in backends):
        raise ConfigurationError(f"The backend {added.name!r} is added already")
    names = {each.name for each in backends}
    if added.name in names:
        if name is not None or isinstance(target, Backend):
            raise ConfigurationError(
                f"There is a backend {added.name!r} already; give each a name of its own"
            )
        numbers = range(2, len(names) + 3)
        added.name = next(n for i in numbers if (n := f"{added.name}-{i}") not in names)
    backends.append(added)
    return added


def _targets(given: Any) -> list[tuple[str | None, Any]]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        from fastmcp.client.plain.targets import targets_of

        return list(targets_of(cast("Mapping[str, Any]", given)).items())
    if isinstance(given, (list, tuple, set)):
        return [(None, each) for each in cast("list[Any]", given)]
    return [(None, given)]
