"""`Caddyfile`: Caddy accepts it, and serves two processes by it."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from apps import Mcp, call, messages
from deploying import DEPLOY, installed, run
from processes import environment, free_port, http_server, listening

CADDYFILE = DEPLOY / "Caddyfile"
SERVERS = "127.0.0.1:8000 127.0.0.1:8001"


def test_caddy_accepts_it() -> None:
    """And would not write it otherwise."""
    caddy = installed("caddy", "caddy")
    run(caddy, "validate", "--adapter", "caddyfile", "--config", CADDYFILE)

    assert run(caddy, "fmt", CADDYFILE) == CADDYFILE.read_text("utf-8")


def test_it_serves_two_servers(program: Path, tmp_path: Path) -> None:
    """On other ports, and without a certificate: in turn, unbuffered, and all but large bodies."""
    port = free_port()
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                http_server([program], tmp_path / f"{n}.log", env={"STATELESS": "1"})
            )
            for n in range(2)
        ]
        text = CADDYFILE.read_text("utf-8")
        for old, new in (
            ("mcp.example.com {", f"{{\n\tadmin off\n}}\nhttp://127.0.0.1:{port} {{"),
            (SERVERS, " ".join(f"127.0.0.1:{server.port}" for server in servers)),
        ):
            assert text.count(old) == 1
            text = text.replace(old, new)
        config = tmp_path / "Caddyfile"
        config.write_text(text, "utf-8")
        homes = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
        command = [installed("caddy", "caddy"), "run", "--config", config, "--adapter", "caddyfile"]
        log = tmp_path / "caddy.log"
        stack.enter_context(
            listening(command, log, port, env=environment({**homes, "PATH": os.environ["PATH"]}))
        )
        mcp = stack.enter_context(Mcp(f"http://127.0.0.1:{port}"))

        answered = Counter(
            messages(mcp.post(call("who")))[-1]["result"]["content"][0]["text"] for _ in range(10)
        )
        assert answered == {str(server.process.pid): 5 for server in servers}

        message = call("steps", folder=str(tmp_path))
        message["params"]["_meta"] = {"progressToken": 1}
        with mcp.stream(message) as events:
            for step in range(3):
                assert events.message()["params"]["progress"] == step
                (tmp_path / str(step)).touch()
            assert "result" in events.message()

        assert mcp.post(b" " * (4 * 1024 * 1024 + 1)).status_code == 413
