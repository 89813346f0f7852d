"""Clients that are authorized by a server and call its tool `who`, each a process: those of the
official SDKs, and ours; and a server of theirs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import HttpServer, StdioServer, free_port, listening

CLIENTS = ["ts_sdk.mjs", "ts_client.mjs", "sdk1.py", "sdk2.py"]
OURS = "our_client.py"


class Authorizing:
    """A client that has started."""

    def __init__(self, program: StdioServer) -> None:
        self._program = program

    def wants(self) -> str:
        """The URL that it has a person open."""
        said = self._program.receive()
        assert "open" in said, said
        return said["open"]

    def done(self) -> dict[str, Any]:
        """What came of it."""
        said = self._program.receive()
        assert "done" in said, said
        return said["done"]


@dataclass
class OfficialClients:
    """How the clients are run: `home` has the programs of this folder."""

    node: str
    sdk1_python: str
    home: Path

    @contextmanager
    def authorizing(self, program: str, url: str, **task: Any) -> Generator[Authorizing]:
        """Run one of `CLIENTS`, or `OURS`; the task may have a `name`, and a `method` of
        authenticating.
        """
        python = self.sdk1_python if program == "sdk1.py" else sys.executable
        interpreter = python if program.endswith(".py") else self.node
        browser = self.home / "browser.sh"
        browser.chmod(0o755)
        process = subprocess.Popen(
            [interpreter, str(self.home / program), json.dumps({"url": url, **task})],
            env={**os.environ, "HOME": str(self.home), "BROWSER": f"{browser} %s"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        with process:
            running = StdioServer(process)
            try:
                yield Authorizing(running)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                running.wait()
                running.close()
                sys.stderr.write(running.errors)

    @contextmanager
    def resource_server(self, issuer: str) -> Generator[HttpServer]:
        """A server of the TypeScript SDK whose tokens that provider issues."""
        port = free_port()
        command = [self.node, str(self.home / "resource_server.mjs")]
        wanted = json.dumps({"port": port, "issuer": issuer}).encode()
        log = self.home / "resource_server.log"
        with listening(command, log, port, stdin=wanted, cwd=self.home) as server:
            yield server
