"""Soak: one client that calls, and many that come and go. Memory stays flat, nothing is left."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from churn import add_growth
from process import SERVERS, Program, http_server, running
from soaked import Finding, megabytes

SAMPLES = 20
"""In so many parts the work is done, with a look at memory after each."""
WARM_UP = 200
SPARE = {"tasks": 0, "files": 16, "threads": 0}
"""What may be there more than before: connections that are kept for the next calls in flight."""


@dataclass(frozen=True)
class Vitals:
    """What the client's process says about itself."""

    rss: int
    blocks: int
    tasks: int
    task_names: dict[str, int]
    files: int
    threads: int


async def soak(python: Path, *, calls: int, reconnects: int) -> Finding:
    """`python` is the client's; the server is ours."""
    finding = Finding()
    options = ["http", "--json"]
    with http_server(Path(sys.executable), SERVERS / "app.py", *options) as (_, port):
        url = f"http://127.0.0.1:{port}/mcp"
        with running(python, SERVERS / "soak_client.py", url) as client:
            _vitals(client)
            for what in ("calls", "reconnects"):
                _ask(client, what, WARM_UP)
            for what, number in {"calls": calls, "reconnects": reconnects}.items():
                _measure(client, what, number, finding)
    return finding


def _measure(client: Program, what: str, number: int, finding: Finding) -> None:
    before = _ask(client, what, 1)
    samples = [_ask(client, what, number // SAMPLES) for _ in range(SAMPLES)]
    add_growth(finding, f"memory over {number:,} {what}", [s.rss for s in samples], megabytes)
    blocks = [sample.blocks for sample in samples]
    add_growth(finding, f"live allocations over {number:,} {what}", blocks, "{:,}".format)
    after = samples[-1]
    for thing, spare in SPARE.items():
        left = max(getattr(after, thing) - getattr(before, thing), 0)
        names = f"there are: {after.task_names}" if thing == "tasks" else f"at most {spare}"
        finding.add(f"{thing} left after {what}", str(left), names if left > spare else None)


def _ask(client: Program, what: str, number: int) -> Vitals:
    client.write(b"%s %d\n" % (what.encode(), number))
    return _vitals(client)


def _vitals(client: Program) -> Vitals:
    return Vitals(**json.loads(client.read_line()))
