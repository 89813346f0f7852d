"""When a backend is used, and when it is left alone."""

from __future__ import annotations

import pytest

from fastmcp.exceptions import ConfigurationError
from fastmcp.proxy import HealthPolicy
from fastmcp.proxy.health import Health

BROKEN = ConnectionError("refused")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def health_at(clock: Clock, **policy: float) -> Health:
    return Health(HealthPolicy(**{"failures": 2, "backoff": 1, "max_backoff": 3, **policy}), clock)  # type: ignore[arg-type]


def test_failures_in_a_row_eject_and_others_do_not() -> None:
    """A success in between begins the count anew."""
    health = health_at(Clock())

    assert not health.failed(BROKEN)
    health.succeeded()
    assert not health.failed(BROKEN)
    assert health.state == "healthy"
    assert health.failed(BROKEN)

    assert health.state == "ejected"
    assert not health.admits
    assert health.last_error == "ConnectionError: refused"


def test_after_its_rest_one_call_is_a_trial() -> None:
    """No second one, until it is known how the first ended."""
    clock = Clock()
    health = health_at(clock, failures=1)
    health.failed(BROKEN)
    assert health.rest == 1
    clock.now += 1

    assert health.admits
    assert health.begin()
    assert health.state == "on trial"
    assert not health.admits

    assert health.succeeded()
    assert health.state == "healthy"


def test_a_trial_that_was_cancelled_leaves_room_for_another() -> None:
    """It said nothing."""
    clock = Clock()
    health = health_at(clock, failures=1)
    health.failed(BROKEN)
    clock.now += 1
    trial = health.begin()

    health.forgone(trial)

    assert health.admits


def test_each_further_failure_doubles_the_rest_up_to_the_longest() -> None:
    """And a success begins with the shortest again."""
    clock = Clock()
    health = health_at(clock, failures=1)
    health.failed(BROKEN)
    rests = [health.rest]
    for _ in range(3):
        clock.now += health.rest
        assert health.failed(BROKEN, health.begin())
        rests.append(health.rest)
    clock.now += health.rest
    health.begin()
    health.succeeded()
    health.failed(BROKEN)

    assert rests == [1, 2, 3, 3]
    assert health.rest == 1


def test_what_was_under_way_when_it_was_ejected_changes_nothing() -> None:
    """A hundred calls that fail together are one reason to rest."""
    clock = Clock()
    health = health_at(clock)

    ejections = [health.failed(BROKEN) for _ in range(100)]

    assert ejections.count(True) == 1
    assert health.rest == 1


@pytest.mark.parametrize("name", ["interval", "timeout", "failures", "backoff", "max_backoff"])
def test_numbers_that_cannot_be_are_refused(name: str) -> None:
    """By their names."""
    with pytest.raises(ConfigurationError, match=f"{name}=0: it must be greater than 0"):
        HealthPolicy(**{name: 0})
