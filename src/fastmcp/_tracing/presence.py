"""Whether this program traces, told without loading OpenTelemetry."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.util import find_spec
from typing import Literal, TypeAlias

from fastmcp.settings import settings

Mode: TypeAlias = Literal["native", "propagation_only", "off"]
"""Spans of our own and the context that comes and goes with requests; that context alone; nothing.
"""


def chosen_mode() -> Mode:
    """What was chosen: by `FASTMCP_TELEMETRY=off`, or by `FASTMCP_TELEMETRY_MODE`.

    Raises:
        ConfigurationError: a variable has a value that means nothing.
    """
    return settings.telemetry_mode if settings.telemetry else "off"


def tracing_mode() -> Mode:
    """What is to be done here and now: `off` in a program that does not use OpenTelemetry.

    One that does has loaded it, or is told of it by a variable of its environment.
    """
    used = "opentelemetry.trace" in sys.modules or _environment_speaks()
    return chosen_mode() if used else "off"


@cache
def _environment_speaks() -> bool:
    """Whether that in which the program was started speaks of it, and it is there."""
    if not any(name.startswith("OTEL_") for name in os.environ):
        return False
    try:
        return find_spec("opentelemetry.trace") is not None
    except ModuleNotFoundError:
        return False
