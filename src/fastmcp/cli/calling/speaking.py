"""A client that is waited for on the terminal, and whose server may ask its user there."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from ..connecting import connected
from .questions import Questions
from .waiting import Waiting

if TYPE_CHECKING:
    from fastmcp.client.client import Client


@contextlib.asynccontextmanager
async def speaking(
    options: argparse.Namespace, what: str | None = None, *, run: Sequence[str] = ()
) -> AsyncGenerator[Client]:
    """A client of the server that is meant, which is asked for `what`, or for all that it has; with
    `run` as `connected` has it.
    """
    async with (
        Waiting(what or options.server or options.command or "the server") as waiting,
        connected(
            options,
            run=run,
            say=waiting.say,
            log_handler=waiting.hear,
            progress_handler=waiting.progress,
            elicitation_handler=Questions(waiting).answer,
        ) as client,
    ):
        yield client
