"""The example tasks/: a task outlives the client that has begun it, and the server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any


def test_a_task_outlives_its_client_and_the_server(
    example: Callable[[str], Any], killed: Callable[[Any], None]
) -> None:
    """Both are killed before there is a worker; its result is there for who knows its number."""
    tasks = example("tasks")
    serving, working = tasks.services
    server = tasks.start(serving)
    command = ["python", "client.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **tasks.options()) as client:
        assert client.stdout is not None
        word, number = client.stdout.readline().split()
        client.kill()
    assert word == "task"
    killed(server)

    tasks.start(serving)
    tasks.start(working)

    assert "result: {'import'" in tasks.ask(f"python client.py {number}")
    assert number in tasks.ask("fastmcp tasks list server.py")
