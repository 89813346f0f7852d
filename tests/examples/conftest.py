"""Examples, copied out of the tree and used by the commands that they show."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from processes import HttpServer, environment, free_port, listening

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
SUFFIXES = (".md", ".py", ".toml", ".yaml", ".yml")
WRITTEN = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.pem", "*.db*", "data")
SECONDS = 60


class Line(NamedTuple):
    """A command, and what it promises behind a `#`: a URL to serve at, or a part of its output."""

    command: str
    promised: str


class Example:
    """A copy of an example, on ports of its own; what it started ends with `stack`."""

    def __init__(self, name: str, folder: Path, stack: ExitStack) -> None:
        source, self.folder = EXAMPLES / name, folder / "examples" / name.removesuffix(".py")
        self.home = folder / "home"
        self._stack = stack
        if source.is_dir():
            shutil.copytree(source, self.folder, ignore=WRITTEN)
        else:
            self.folder.mkdir(parents=True)
            shutil.copy(source, self.folder)
        shutil.copytree(ROOT / "deploy" / "prometheus", folder / "deploy" / "prometheus")
        self._use_other_ports(folder)
        told = "README.md" if source.is_dir() else name
        self.lines = _lines((self.folder / told).read_text("utf-8"))
        self.logs: list[Path] = []

    def _use_other_ports(self, folder: Path) -> None:
        files = [path for path in folder.rglob("*") if path.suffix in SUFFIXES]
        texts = {path: path.read_text("utf-8") for path in files}
        named = "\n".join(text for path, text in texts.items() if self.folder in path.parents)
        ports = {port: str(free_port()) for port in re.findall(r"127\.0\.0\.1:(\d+)", named)}
        if ports:
            pattern = re.compile(rf"\b(?:{'|'.join(ports)})\b")
            for path, text in texts.items():
                path.write_text(pattern.sub(lambda found: ports[found[0]], text), "utf-8")

    @property
    def _environment(self) -> dict[str, str]:
        return environment(
            {
                "PATH": PATH,
                "HOME": str(self.home),
                "FASTMCP_HOME": str(self.home / "fastmcp"),
                "PYTHONUNBUFFERED": "1",
                # The user of an authorization server that asks nothing.
                "BROWSER": "curl --silent --location --output /dev/null %s",
            }
        )

    @property
    def services(self) -> list[Line]:
        """The commands that stay until they are stopped."""
        return [line for line in self.lines if _stays(line)]

    def start(self, line: Line) -> HttpServer:
        """Run a command that stays; it is ready."""
        log = self.folder.parent / f"{len(self.logs)}.log"
        self.logs.append(log)
        served = line.promised.startswith("http://")
        port = urlsplit(line.promised).port if served else None
        command, options = ["sh", "-c", line.command], self.options()
        if port is not None:
            return self._stack.enter_context(listening(command, log, port, **options))
        return self._started(command, log, line.promised, options)

    def _started(
        self, command: list[str], log: Path, promised: str, options: dict[str, Any]
    ) -> HttpServer:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True, **options
            )
        server = HttpServer(process, 0, log)
        self._stack.callback(kill, server)
        server.wait_for(promised)
        return server

    def ask(self, command: str) -> str:
        """What a command prints; fails unless it succeeds, and warns of nothing."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert "Warning" not in done.stderr, f"{command}\n{done.stderr}"
        return done.stdout

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            ["sh", "-c", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            **self.options(),
        )

    def options(self) -> dict[str, Any]:
        """How a process of the example is started, as `Popen` takes it."""
        return {"cwd": self.folder, "env": self._environment}


def kill(server: HttpServer) -> None:
    """End a service and all that it has started, at once."""
    if server.process.poll() is None:
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


def _stays(line: Line) -> bool:
    return line.promised.startswith("http://") or " worker " in line.command


def _lines(text: str) -> list[Line]:
    shown = re.findall(r"^```sh\n(.*?)^```", text, flags=re.M | re.S)
    if not shown:  # a file, whose docstring begins with them
        shown = ["\n".join(re.findall(r"^    (\S.*)$", text.split('"""')[1], flags=re.M))]
    parts = [line.partition("  #") for block in shown for line in block.splitlines()]
    return [Line(command.strip(), promised.strip()) for command, _, promised in parts]


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Callable[[str], Example]]:
    """Copies an example."""
    with ExitStack() as stack:
        yield lambda name: Example(name, tmp_path, stack)


@pytest.fixture
def killed() -> Callable[[HttpServer], None]:
    """Ends a service at once."""
    return kill
