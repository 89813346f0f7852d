"""One server with its sessions in a file: what survives when it is killed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from apps import SECONDS, Mcp, call, messages
from processes import environment, free_port, listening

WORKER = Path(__file__).with_name("worker.py")


@pytest.mark.timeout(90)
def test_a_killed_server_that_starts_again_goes_on(tmp_path: Path) -> None:
    """Its sessions and their state are there; a call that may be repeated gets its answer."""
    port, gate = free_port(), tmp_path / "gate"
    store = f"sqlite:///{tmp_path / 'sessions.db'}"
    env = environment({"FASTMCP_SESSION_STORE": store, "GATE": str(gate)})
    command = [sys.executable, "-m", "uvicorn", "worker:app", "--port", str(port), "--ws", "none"]

    def running() -> object:
        return listening(command, tmp_path / "log", port, cwd=WORKER.parent, env=env)

    with running() as first, Mcp(f"http://127.0.0.1:{port}") as client:
        session = client.open()
        client.post(call("remember", 1, value=7), session)
        waiting = call("wait", 2, number=5)
        waiting["params"]["_meta"] = {"progressToken": "p"}
        with client.stream(waiting, session) as events:
            last = events.next()["id"]
            assert events.message()["method"] == "notifications/progress"
            first.process.send_signal(signal.SIGKILL)
            first.process.wait(SECONDS)

    gate.touch()
    with running(), Mcp(f"http://127.0.0.1:{port}") as client:
        [*_, answer] = messages(client.post(call("remember", 3, value=8), session))
        assert answer["result"]["structuredContent"] == {"result": 7}
        with client.stream(headers={**session, "last-event-id": last}) as events:
            [*_, resumed] = events.rest()
        assert resumed["id"] == 2
        assert resumed["result"]["structuredContent"] == {"result": 5}
