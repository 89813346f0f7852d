"""TaskStore: the records of tasks, kept in a backplane."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Final

from fastmcp.exceptions import ConfigurationError

from ..backplane.backplane import Backplane
from ..backplane.encrypted import EncryptedBackplane
from .record import TaskRecord, read_record, write_record

logger: Final = logging.getLogger("fastmcp.server.tasks")

MOST_LISTED: Final = 10_000
"""Of so many tasks the ids are kept in a list, the latest ones."""
LONGEST: Final = 30 * 86_400.0
"""How long an unfinished task is kept, and the longest time to live, in seconds."""
SHORTEST: Final = 60.0
"""How long a result is kept at least, once it is there."""
UNSETTLED: Final = 60.0
"""How long a task is kept of which it is not yet sure that it will be run."""
_CHANGES = "changes"
_ALL = "all"
_PLAIN = b"not encrypted"


class TaskStore:
    """Reads, adds and changes the records, and tells everybody of changes.

    A change is made on what the record is at that moment: of two at the same time the second sees
    what the first one made.
    """

    def __init__(self, backplane: Backplane, name: str, key: str | None = None) -> None:
        self._plain = backplane
        self._backplane = backplane if key is None else EncryptedBackplane(backplane, key)
        self._prefix = f"{name}:tasks:"
        self._hear: Callable[[str | None], None] | None = None

    async def open(self, hear: Callable[[str | None], None], *, settles_key: bool = True) -> None:
        """Connect. `hear` is called with the id of each task that changes anywhere, and with None
        when some may have been missed. In a store that is new, the key is from now on this one,
        unless that is not for this process to settle.

        Raises:
            StoreUnavailable: it cannot be reached.
            ConfigurationError: what it keeps was written with another key.
        """
        await self._backplane.open()
        try:
            await self._check_key(settles_key)
            self._hear = hear
            await self._backplane.subscribe(self._prefix + _CHANGES, self._heard)
        except BaseException:
            await self._backplane.close()
            raise

    async def close(self) -> None:
        """Disconnect."""
        if self._hear is not None:
            self._hear = None
            await self._backplane.unsubscribe(self._prefix + _CHANGES, self._heard)
        await self._backplane.close()

    def _heard(self, message: bytes | None) -> None:
        if self._hear is not None:
            self._hear(None if message is None else message.decode())

    async def _check_key(self, settles: bool) -> None:
        """All who share tasks need one key, or none: a worker without it would lose them."""
        proof, name = _PLAIN, self._prefix + "key"
        if isinstance(self._backplane, EncryptedBackplane):
            proof = self._backplane.proof(self._prefix)
        if settles and await self._plain.add(name, proof, LONGEST):
            return
        known = await self._plain.get(name)
        if known in (proof, None):
            await self._plain.touch(name, LONGEST)
            return
        theirs = "without one" if known == _PLAIN else "with another"
        raise ConfigurationError(
            f"The tasks in this store are kept {theirs}: give every server and worker the same "
            "FASTMCP_TASKS_ENCRYPTION_KEY, or new ones another FASTMCP_DOCKET_NAME"
        )

    # Records

    async def add(self, record: TaskRecord, *, settled: bool = True) -> bool:
        """Keep a new task; False for one that is there. What is not `settled` is forgotten soon:
        who adds it may end before it is sure that it will be run.
        """
        life = _kept_for(record) if settled else UNSETTLED
        if not await self._backplane.add(self._key(record.id), write_record(record), life):
            return False
        for name in (_ALL, owners_list(record)):
            if name is not None:
                log = self._prefix + name
                await self._backplane.append(
                    log, record.id.encode(), limit=MOST_LISTED, ttl=LONGEST
                )
        return True

    async def settle(self, record: TaskRecord) -> None:
        """Keep a task that was added, until its end. If it has been run meanwhile, it is."""
        data = write_record(record)
        await self._backplane.swap(self._key(record.id), data, data, _kept_for(record))

    async def get(self, id: str) -> TaskRecord | None:
        """A task; None for one that is not there, or no longer."""
        found = await self._backplane.get(self._key(id))
        return None if found is None else self._read(id, found)

    async def change(
        self, id: str, change: Callable[[TaskRecord], bool]
    ) -> tuple[TaskRecord, bool] | None:
        """Have `change` alter a task, unless it says False; what it is now, and whether that was
        changed. None for a task that is not there. `change` is called anew when somebody else was
        faster.
        """
        key = self._key(id)
        while (before := await self._backplane.get(key)) is not None:
            record = self._read(id, before)
            if record is None:
                return None
            if not change(record):
                return record, False
            record.updated_at = time.time()
            if await self._backplane.swap(key, before, write_record(record), _kept_for(record)):
                await self._backplane.publish(self._prefix + _CHANGES, id.encode())
                return record, True
        return None

    async def ids(self, of: str | None = None) -> list[str]:
        """The ids of all tasks, or of those in one of the lists that `owners_list` names; the
        latest first. Some may be gone.
        """
        entries = await self._backplane.entries(self._prefix + (of or _ALL))
        return [id.decode() for _, id in reversed(entries)]

    async def delete(self, id: str) -> bool:
        """Forget a task; whether it was there."""
        return await self._backplane.delete(self._key(id))

    def _key(self, id: str) -> str:
        return f"{self._prefix}task:{id}"

    def _read(self, id: str, data: bytes) -> TaskRecord | None:
        try:
            return read_record(data)
        except ValueError:
            logger.error("The task %s was written by another version, and is not read", id)
            return None


def owners_list(record: TaskRecord) -> str | None:
    """The list that a task is in, beside that of all."""
    return list_of(record.owner, record.caller.session or record.caller.session_name)


def list_of(owner: str | None, session: str | None) -> str | None:
    """The list of those tasks that a caller may see: its own, or without a name those of its
    session; None when it has neither.
    """
    if owner is not None:
        return "of:" + hashlib.sha256(owner.encode()).hexdigest()[:32]
    return None if session is None else "in:" + hashlib.sha256(session.encode()).hexdigest()[:32]


def _kept_for(record: TaskRecord) -> float:
    """How long from now, in seconds. What is unfinished is not forgotten for being late."""
    if not record.ended or record.ttl is None:
        return LONGEST + record.delay
    return max(record.created_at + record.ttl - time.time(), SHORTEST)
