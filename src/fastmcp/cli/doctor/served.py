"""Whether a server begins and answers."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path

from fastmcp.exceptions import FastMCPError

from ..calling.offer import KINDS, Offer, offer_of
from ..connecting import connected
from ..inspecting.checks import lacks_of
from ..loading import FILES
from .findings import Finding


def findings_of_server(options: argparse.Namespace) -> Iterator[Finding]:
    """Whether the server that is named, or else this folder's, answers; nothing without one."""
    is_named = options.server is not None or options.command is not None
    if not is_named and not any(Path(name).is_file() for name in FILES):
        yield Finding("Server", "note", f"none is named, and none of {', '.join(FILES)} is here")
        return
    try:
        offer = asyncio.run(_offer(options))
    except (FastMCPError, OSError, ValueError) as error:
        yield Finding("Server", "error", str(error), "fastmcp list tells the same")
        return
    info = offer.server_info
    tools, resources, prompts = (
        len(found or ()) for found in (offer.tools, offer.resources, offer.prompts)
    )
    text = (
        f"{info.name} {info.version} answers, with {tools} tools, {resources} resources and "
        f"{prompts} prompts"
    )
    yield Finding("Server", "ok", text)
    if lacks := len(list(lacks_of(offer))):
        text = f"{lacks} descriptions, types or annotations are missing"
        yield Finding("Server", "note", text, "fastmcp inspect --check lists them")


async def _offer(options: argparse.Namespace) -> Offer:
    async with connected(options) as client:
        return await offer_of(client, KINDS)
