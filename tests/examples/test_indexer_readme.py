"""What the README of the indexer says is so: each of its commands is run."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from indexing import EXAMPLES, ROOT, environment, settled
from processes import SECONDS, HttpServer, free_port, http_server

from fastmcp import Client

README = (EXAMPLES / "indexer" / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


LINES = [line for block in blocks("sh") for line in block.splitlines()]
STARTS = [line for line in LINES if "examples.indexer" in line]
ASKS = [line for line in LINES if line not in STARTS]


def found(target: Any) -> list[str]:
    """The ids of what a service finds about JSON."""

    async def main() -> list[str]:
        async with Client(target) as client:
            result = await client.call_tool("search", {"query": "decode json"})
            return [hit.id for hit in result.data.hits]

    return asyncio.run(main())


class Services:
    """The services of the README, started by its commands, on ports that are free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, int] = {}
        self.servers: list[HttpServer] = []

    def here(self, text: str) -> str:
        """A text of the README with our ports and our folder."""
        if self.ports:  # all at once: one of ours may have one of theirs in it
            text = re.sub("|".join(self.ports), lambda found: str(self.ports[found[0]]), text)
        return text.replace("/tmp/", f"{self.folder}/")

    def start(self, line: str, stack: ExitStack) -> None:
        """Run a command that serves."""
        port = "".join(re.findall(r"--port (\d+)", line)) or "8000"
        self.ports[port] = free_port()
        variables, command = self.here(line).split("uv run python ")
        env = environment(self.folder, INDEXER_CORPUS="stdlib", INDEXER_IMPORTS=str(ROOT))
        env.update(pair.split("=", 1) for pair in variables.split())
        if env["INDEXER_CORPUS"] == "docs":
            env["INDEXER_CORPUS"] = str(ROOT / "docs")
        arguments = shlex.split(command)
        if "--port" not in arguments:
            arguments += ["--port", str(self.ports[port])]
        log = self.folder / f"{port}.log"
        server = http_server(arguments, log, port=self.ports[port], env=env)
        self.servers.append(stack.enter_context(server))


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Generator[Services]:
    """All of them, with what they begin with."""
    services = Services(tmp_path_factory.mktemp("readme"))
    with ExitStack() as stack:
        for line in STARTS:
            services.start(line, stack)
            settled(services.servers[-1])
            found(services.servers[0].url)  # each of them comes while the first is in use
        yield services


def test_the_readme_starts_each_way_to_serve_http(services: Services) -> None:
    """The first fills an index, which the second has then; the third has one of its own."""
    http, api, docs = [settled(server) for server in services.servers]

    assert http["indexed"] > 4000 and api["indexed"] == 0
    assert http["documents"] == api["documents"]
    assert 10 < docs["indexed"] == docs["documents"] < 1000


@pytest.mark.parametrize("line", ASKS, ids=range(len(ASKS)))
def test_what_the_readme_asks_is_answered_so(services: Services, line: str) -> None:
    """The answer of each command has in it what stands behind the `#`."""
    command, _, promised = services.here(line).partition("  # ")
    program, *arguments = shlex.split(command)
    if program == "curl":
        whole = [program, "--silent", "--show-error", "--fail", *arguments]
    else:
        assert [program, *arguments[:2]] == ["uv", "run", "fastmcp"]
        whole = [sys.executable, "-m", "fastmcp", *arguments[2:]]

    done = subprocess.run(
        whole, capture_output=True, text=True, timeout=SECONDS, cwd=ROOT, check=False
    )

    assert done.returncode == 0, done.stderr
    assert promised.strip() in done.stdout
    settled(services.servers[0])  # the next command may ask for what this one has added


def test_the_configuration_of_the_readme_is_one_of_a_host(services: Services) -> None:
    """A client that reads it reaches the service through the proxy."""
    [text] = blocks("json")
    config = json.loads(services.here(text))
    entry = config["mcpServers"]["indexer"]
    assert [entry["command"], *entry["args"][:4]] == [
        "uv", "run", "--directory", "/path/to/this/checkout", "python"
    ]  # fmt: skip
    entry.update(command=sys.executable, args=entry["args"][4:], cwd=str(ROOT))

    assert any("json" in id for id in found(config))


def test_the_readme_names_every_file_and_variable() -> None:
    """Its tables are complete."""
    package = EXAMPLES / "indexer"
    files = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    assert set(re.findall(r"^\| `(\w+\.py)`", README, flags=re.M)) == files
    variables = set(re.findall(r"INDEXER_\w+", (package / "settings.py").read_text()))
    assert set(re.findall(r"^\| `(INDEXER_\w+)`", README, flags=re.M)) == variables
