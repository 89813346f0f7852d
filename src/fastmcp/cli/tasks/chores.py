"""`fastmcp tasks list`, `show`, `cancel` and `retry`."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from msgspec import json

from fastmcp.exceptions import ConfigurationError

from ..terminal import print_result
from .place import opened
from .reading import latest
from .tables import print_table
from .telling import facts, one_line

if TYPE_CHECKING:
    from fastmcp.server.tasks.record import TaskRecord
    from fastmcp.server.tasks.service import TaskService


def act(options: argparse.Namespace) -> int:
    """Do what the command says."""
    asyncio.run(_ACTS[options.command](options))
    return 0


async def _list(options: argparse.Namespace) -> None:
    async with opened(options) as service:
        tasks = await latest(service.store, options.limit, options.status)
    if options.json:
        for each in tasks:
            print_result(json.encode(each.as_object()).decode())
    else:
        print_table(tasks)


async def _show(options: argparse.Namespace) -> None:
    async with opened(options) as service:
        known = facts(await _found(service, options.id))
    if options.json:
        print_result(json.format(json.encode(known), indent=2).decode())
        return
    for name, value in known.items():
        if value is not None:
            text = value if isinstance(value, str) else json.encode(value).decode()
            print(f"{name.replace('_', ' '):<12} {one_line(text)}")


async def _cancel(options: argparse.Namespace) -> None:
    async with opened(options) as service:
        await _found(service, options.id)
        record, cancelled = await service.cancel(options.id)
    if not cancelled:
        raise ConfigurationError(f"The task {record.id} has ended: it is {record.status}")
    print(f"{record.id} is cancelled")


async def _retry(options: argparse.Namespace) -> None:
    async with opened(options) as service:
        await _found(service, options.id)
        await service.backend.engine.open()
        try:
            await service.retry(options.id)
        finally:
            await service.backend.engine.close()
    print(f"{options.id} is run once more")


async def _found(service: TaskService, id: str) -> TaskRecord:
    record = await service.store.get(id)
    if record is None:
        raise ConfigurationError(f"There is no task {id} in {service.backend.name}")
    return record


_ACTS = {"list": _list, "show": _show, "cancel": _cancel, "retry": _retry}
