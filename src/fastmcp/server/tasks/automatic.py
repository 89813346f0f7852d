"""Tasks that begin with the worker: of tools that are to run again and again by themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw, json

from fastmcp._components.functions.signature import Signature
from fastmcp.exceptions import ConfigurationError
from fastmcp.tools.base import Tool
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.revisions import LATEST_MODERN

from .engine import TaskEngine
from .policies import next_run
from .record import Caller, TaskRecord

if TYPE_CHECKING:
    from ..catalogue import Catalogue
    from .store import TaskStore

OWNER: Final = "automatic"
"""In the place of a principal: no client sees them."""


def automatic_tools(catalogue: Catalogue) -> list[tuple[Tool, Any]]:
    """The tools that begin by themselves, and the policy that says so.

    Raises:
        ConfigurationError: one needs arguments.
    """
    tools = catalogue.tools.current.values()
    return [(tool, policy) for tool in tools if (policy := _policy(tool)) is not None]


def _policy(tool: Tool) -> Any:
    signature: Signature | None = getattr(tool.origins[-1], "signature", None)
    if signature is None or tool.task is None or not tool.task.supports_tasks():
        return None
    found = next((each for each in signature.policies if getattr(each, "automatic", False)), None)
    needed = [each.name for each in signature.parameters if each.required]
    if found is not None and needed:
        raise ConfigurationError(
            f"The tool {tool.name!r} runs by itself, without arguments: give a default to "
            f"{', '.join(needed)}, or write automatic=False"
        )
    return found


async def begin_automatic(catalogue: Catalogue, store: TaskStore, engine: TaskEngine) -> None:
    """Have those run that do not yet; one that was cancelled begins anew.

    Raises:
        StoreUnavailable: they could not be kept.
    """
    for tool, policy in automatic_tools(catalogue):
        record = await _kept(store, _record(tool, policy))
        if record is not None and record.status == "working":
            await engine.enqueue(record.id, record.leg, record.delay)


async def _kept(store: TaskStore, record: TaskRecord) -> TaskRecord | None:
    """The record as it is kept now, or anew."""
    if await store.add(record):
        return record
    changed = await store.change(record.id, lambda found: _begin_anew(found, record.due_at))
    return None if changed is None else changed[0]


def _record(tool: Tool, policy: Any) -> TaskRecord:
    now, calendar = time.time(), getattr(policy, "expression", None) is not None
    return TaskRecord(
        id=f"automatic:{tool._address}",
        method="tools/call",
        target=tool._address,
        params=Raw(json.encode({"name": tool._address, "arguments": {}})),
        caller=Caller(
            revision=LATEST_MODERN.text,
            capabilities=ClientCapabilities(),
            transport="memory",
            request_id=OWNER,
        ),
        owner=OWNER,
        created_at=now,
        updated_at=now,
        ttl=None,
        poll_interval=1.0,
        due_at=next_run(policy, now) if calendar else None,
    )


def _begin_anew(record: TaskRecord, due_at: float | None) -> bool:
    if not record.ended:
        return False
    record.begin_anew(due_at)
    return True
