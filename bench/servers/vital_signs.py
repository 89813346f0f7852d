"""What a process under soak says about itself."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from resident import resident_bytes


def vital_signs() -> dict[str, Any]:
    """Memory, tasks by name, open files and threads."""
    gc.collect()
    tasks = asyncio.all_tasks()
    names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
    return {
        "rss": resident_bytes(),
        "blocks": sys.getallocatedblocks(),
        "tasks": len(tasks),
        "task_names": dict(names.most_common(6)),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
    }
