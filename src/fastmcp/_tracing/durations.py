"""Histograms of durations by OpenTelemetry's API, for whatever the program has set up for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from opentelemetry import metrics
from opentelemetry.metrics import Histogram, MeterProvider

from fastmcp._version import VERSION

from .bounds import DURATIONS
from .spans import INSTRUMENTATION_NAME

# A provider complains of instruments that are made twice.
_made: Final[WeakKeyDictionary[MeterProvider, dict[str, Histogram]]] = WeakKeyDictionary()


def meter_provider() -> MeterProvider | None:
    """That of the program; None as long as it has set up none."""
    provider = metrics.get_meter_provider()
    if type(provider).__module__.startswith("opentelemetry.metrics"):
        return None  # what the API has in the place of one
    return provider


def durations(
    provider: MeterProvider, name: str, meaning: str, bounds: Sequence[float] = DURATIONS
) -> Histogram:
    """The histogram of that name, in seconds."""
    of_provider = _made.setdefault(provider, {})
    found = of_provider.get(name)
    if found is None:
        meter = provider.get_meter(INSTRUMENTATION_NAME, VERSION)
        found = meter.create_histogram(
            name, "s", meaning, explicit_bucket_boundaries_advisory=bounds
        )
        found = of_provider.setdefault(name, found)
    return found


def of_metrics(attributes: dict[str, Any]) -> dict[str, Any]:
    """Those of a span that metrics have, too: not those of whose values there is no end."""
    return {key: each for key, each in attributes.items() if key not in _ENDLESS}


_ENDLESS: Final = {"mcp.session.id", "mcp.resource.uri", "jsonrpc.request.id"}
