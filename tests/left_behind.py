"""What this process has open and running, to see that nothing of it is left."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

SECONDS = 20
"""How long a peer may take to notice that it was left."""

if find_spec("uvloop") is not None:
    import uvloop

    uvloop.new_event_loop().close()  # the first one opens a pipe that the process keeps


def children() -> set[int]:
    """The processes that this one has started and not yet seen off, zombies among them."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread may end meanwhile
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return found


def descriptors() -> set[str]:
    """The open files, pipes and sockets."""
    found: set[str] = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{name}: {os.readlink(f'/proc/self/fd/{name}')}")
        except FileNotFoundError:
            continue  # that of the listing
    return found


def threads() -> set[threading.Thread]:
    """Those that run, without the pool for plain functions, which is kept."""
    return {each for each in threading.enumerate() if not each.name.startswith("fastmcp-worker")}


def alive(pid: int) -> bool:
    """Whether there is such a process, other than one that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def nothing_left() -> Generator[None]:
    """Whatever the block opens and starts, it closes and ends, and so does its peer in a thread."""
    gc.collect()
    before = _all()
    yield
    gc.collect()
    deadline = time.monotonic() + SECONDS
    while left := [now - then for now, then in zip(_all(), before, strict=True) if now - then]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
        gc.collect()


def _all() -> tuple[set[int], set[str], set[threading.Thread]]:
    return children(), descriptors(), threads()
