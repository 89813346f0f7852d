"""The example balancer/: what its README says of backends that are killed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from settled import wait_until

CALLS = 1000


def test_no_call_fails_when_a_backend_is_killed(
    example: Callable[[str], Any], killed: Callable[[Any], None], tmp_path: Path
) -> None:
    """A client that calls meanwhile notices nothing; the backend is used again when it is back."""
    balancer = example("balancer")
    first, second, front = [balancer.start(line) for line in balancer.services]
    lost, _, fronts = balancer.services
    answered = "POST /mcp"

    def calling() -> subprocess.Popen[str]:
        command = ["python", "client.py", fronts.promised, str(CALLS)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **balancer.options())

    def states() -> dict[str, str]:
        found = json.loads(balancer.ask(f"fastmcp call {fronts.promised} backends"))
        return {each["name"]: each["state"] for each in found}

    before = front.output.count(answered)
    with calling() as client:
        wait_until(lambda: front.output.count(answered) > before + CALLS // 4)
        killed(first)
        printed, _ = client.communicate(timeout=60)

    assert client.returncode == 0
    made = {port: int(count) for port, count in re.findall(r"^(\d+) made (\d+) of", printed, re.M)}
    assert sum(made.values()) == CALLS
    assert made[str(second.port)] > made[str(first.port)] > 0
    assert states()[lost.promised] == "ejected"

    balancer.start(lost)
    wait_until(lambda: states()[lost.promised] == "healthy")


def test_a_call_that_may_not_be_repeated_says_that_it_is_lost(
    example: Callable[[str], Any], killed: Callable[[Any], None]
) -> None:
    """Or finds no backend; it never is made twice."""
    balancer = example("balancer")
    first, second, _ = [balancer.start(line) for line in balancer.services]
    url = balancer.services[-1].promised
    assert "knows 4 words" in balancer.ask(f"fastmcp call {url} learn word=salt german=Salz")

    killed(first)
    killed(second)
    done = balancer.run(f"fastmcp call {url} learn word=oil german=Öl")

    assert done.returncode == 1
    assert "Translators" in done.stderr
