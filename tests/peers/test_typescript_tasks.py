"""The task client of the official TypeScript SDK 1.x uses our tasks."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import free_port

from .environments import NodePackages
from .processes import output_of, serving

pytestmark = pytest.mark.timeout(300, func_only=True)

TASK_SERVER = [sys.executable, str(Path(__file__).parent / "task_server.py")]


@pytest.fixture(params=["stdio", "http"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """How the client is told to reach the server."""
    if request.param == "stdio":
        yield ["stdio", *TASK_SERVER]
        return
    port = free_port()
    log = tmp_path / "log"
    with serving([*TASK_SERVER, "http", str(port)], port, log) as server:
        yield ["http", server.url]
    print(log.read_text(errors="replace"), file=sys.stderr)


def test_it_calls_follows_asks_lists_and_cancels(
    home: Path, node_packages: NodePackages, way: list[str]
) -> None:
    """A task gives its result as often as it is asked for, and its question comes with it."""
    seen: dict[str, Any] = json.loads(
        output_of([node_packages.node(22), "ts_tasks.mjs", *way], home=home)
    )

    # What is heard between the beginning and the end depends on when the client looks.
    index = seen.pop("index")
    assert index["heard"][0] == "taskCreated"
    assert index["heard"][-2:] == ["completed", "result"]
    assert index["text"] == seen.pop("again") == "3 pages"
    shelve = seen.pop("shelve")
    assert shelve["heard"][0] == "taskCreated"
    assert shelve["heard"][-2:] == ["input_required", "result"]
    assert shelve["text"] == "on shelf B7"
    fail = seen.pop("fail")
    assert fail["heard"][-2:] == ["failed", "error"]
    assert (fail["isError"], fail["text"]) == (True, "out of paper")
    assert seen == {
        "offers": {"call": {}},
        "support": {
            "index": "optional",
            "shelve": "required",
            "wait": "optional",
            "fail": "optional",
        },
        "related": True,
        "ended": "completed",
        "asked": [["On which shelf?", True]],
        "cancelled": "cancelled",
        "left": ["cancelled", "error"],
        "listed": True,
        "twice": -32602,
        "unknown": -32602,
        "none": -32602,
        "unasked": "1 pages",
    }
