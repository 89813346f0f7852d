"""The example examples/indexer/ in processes of its own, and documents for it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from processes import SECONDS, HttpServer, free_port, http_server

from fastmcp.client.transports import StdioTransport

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PYTHONPATH = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
if str(EXAMPLES) not in sys.path:
    sys.path.insert(0, str(EXAMPLES))  # for tests that import the package itself


def notes(folder: Path, count: int) -> Path:
    """A new folder with that many documents: `0.md` has the heading Note 0 and the word word0."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nIt has word{number} in it.\n")
    return folder


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Variables for an index in that folder, which begins with nothing and imports from there."""
    return {
        "PYTHONPATH": PYTHONPATH,
        "INDEXER_DB": str(folder / "index.db"),
        "INDEXER_IMPORTS": str(folder),
        "INDEXER_CORPUS": "none",
        **variables,
    }


@contextmanager
def indexer(
    folder: Path, way: str = "http", *, port: int | None = None, **variables: str
) -> Generator[HttpServer]:
    """The service, served in that way, with its index and its log in the folder."""
    port = port or free_port()
    command = ["-m", "examples.indexer", way, "--port", str(port)]
    env = environment(folder, **variables)
    with http_server(command, folder / "log", port=port, env=env) as server:
        yield server


def health(server: HttpServer) -> dict[str, Any]:
    """What the service says of itself."""
    response = httpx2.get(server.url.replace("/mcp", "/health"), timeout=SECONDS)
    assert response.status_code == 200, response.text
    return response.json()


def settled(server: HttpServer) -> dict[str, Any]:
    """Its health, once everything is imported and indexed."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = health(server)
        if found["tasks"]["import_corpus"] == "finished" and not found["pending"]:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def proxy(url: str) -> StdioTransport:
    """The stdio proxy to a service, as a host starts it."""
    env = {"PYTHONPATH": PYTHONPATH, "INDEXER_URL": url}
    return StdioTransport(sys.executable, ["-m", "examples.indexer", "stdio"], env=env)
