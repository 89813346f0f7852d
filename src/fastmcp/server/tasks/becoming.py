"""A request that goes on as a task, from the middle of its function."""

from __future__ import annotations

from typing import Final

from fastmcp._runtime.exchange import Exchange

from ..inputs.rounds import Suspended
from ..state.session_names import values_of

BECOMING: Final = "what makes a task of the request"
"""The name of the value by which a request is known that may become one."""


async def become_task(exchange: Exchange) -> None:
    """Have a request go on as a task, if it may be one and is none yet: this run of its function
    ends here.
    """
    begin = values_of(exchange).get(BECOMING)
    if begin is not None:
        exchange.goes_on = begin
        raise Suspended
