"""Whether a server begins and answers."""

from __future__ import annotations

import argparse
import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path

from fastmcp.exceptions import FastMCPError

from ..calling.offer import KINDS, Offer, offer_of
from ..connecting import connected
from ..inspecting.checks import lacks_of
from ..loading import FILES
from ..terminal import counted
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
    resources = [*(offer.resources or ()), *(offer.resource_templates or ())]
    tools, readable, prompts = (
        counted(len(found or ()), what)
        for found, what in (
            (offer.tools, "tool"),
            (resources, "resource"),
            (offer.prompts, "prompt"),
        )
    )
    text = f"{info.name} {info.version} answers, with {tools}, {readable} and {prompts}"
    yield Finding("Server", "ok", text)
    if lacks := len(list(lacks_of(offer))):
        text = f"it lacks {counted(lacks, 'thing')} that models need to know"
        yield Finding("Server", "note", text, f"{_inspect(options)} --check lists them")


def _inspect(options: argparse.Namespace) -> str:
    words = [options.server] if options.server else []
    if options.command is not None:
        words += ["--command", options.command]
    return shlex.join(["fastmcp", "inspect", *words])


async def _offer(options: argparse.Namespace) -> Offer:
    async with connected(options) as client:
        return await offer_of(client, KINDS)
