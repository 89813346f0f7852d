"""Programs on a real terminal: started in tmux, typed to, and read from its screen."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from processes import SECONDS, environment

NO_RICH = "raise ImportError('hidden')\n"
"""The source of a module that stands in for one that is not installed."""
_RUN = 'trap : INT; env -i "$@"; echo $? > "$0.new"; mv "$0.new" "$0"; exec sleep 600'
"""Runs a program in a shell that outlives it, for its exit code, and for what is on the screen."""


class Terminal:
    """A screen on which one program runs."""

    def __init__(self, socket: Path, code: Path) -> None:
        self._socket = socket
        self._code = code

    def tmux(self, *words: str) -> str:
        """What a command of tmux prints."""
        run = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", os.devnull, *words],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def type(self, text: str) -> None:
        """Type a text as it is, and then Enter."""
        self.tmux("send-keys", "-l", "--", text)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys by their names in tmux: Enter, C-c, C-d, Tab, Up."""
        self.tmux("send-keys", *keys)

    def screen(self, *, styled: bool = False) -> str:
        """What is on the screen and above it, with wrapped lines in one; with the escape sequences
        of colours if it is `styled`.
        """
        more = ("-e",) if styled else ()
        lines = self.tmux("capture-pane", "-p", "-J", "-S", "-", *more).splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip()

    def wait_for(self, text: str) -> str:
        """The screen, once this text is on it."""
        deadline = time.monotonic() + SECONDS
        while text not in (screen := self.screen()):
            assert time.monotonic() < deadline, f"{text!r} is not on the screen:\n{screen}"
            assert self.code() is None or text in self.screen(), f"it ended:\n{self.screen()}"
            time.sleep(0.02)
        return screen

    def code(self) -> int | None:
        """The exit code of the program; None while it runs."""
        return int(self._code.read_text()) if self._code.exists() else None

    def finish(self) -> tuple[int, str]:
        """The exit code and the screen, once the program has ended by itself."""
        deadline = time.monotonic() + SECONDS
        while (code := self.code()) is None:
            assert time.monotonic() < deadline, f"it does not end:\n{self.screen()}"
            time.sleep(0.02)
        return code, self.screen()


@contextmanager
def tmux(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    columns: int = 120,
    rows: int = 50,
) -> Generator[Terminal]:
    """Run a command on a terminal of its own, which goes away with the block."""
    with tempfile.TemporaryDirectory(prefix="tmux-") as folder:
        code = Path(folder, "code")
        terminal = Terminal(Path(folder, "socket"), code)
        # tmux itself does not always learn how a program ended.
        line = shlex.join(["sh", "-c", _RUN, str(code), *_assignments(env), *map(str, command)])
        size = ("-x", str(columns), "-y", str(rows))
        place = ("-c", str(cwd or Path.cwd()))
        terminal.tmux("new-session", "-d", *size, *place, line)
        try:
            yield terminal
        finally:
            terminal.tmux("kill-server")


def _assignments(env: Mapping[str, str] | None) -> Sequence[str]:
    ours = {name: value for name, value in environment().items() if not name.startswith("TMUX")}
    ours |= {"TERM": "tmux-256color", "LANG": "C.UTF-8"}
    return [f"{name}={value}" for name, value in {**ours, **(env or {})}.items()]


@contextmanager
def fastmcp_on_terminal(
    *arguments: str | Path,
    cwd: Path | None = None,
    rich: bool = True,
    env: Mapping[str, str] | None = None,
) -> Generator[Terminal]:
    """Run our command on a terminal, as if rich were not installed unless it shall be used."""
    with tempfile.TemporaryDirectory(prefix="no-rich-") as folder:
        variables = dict(env or {})
        if not rich:
            Path(folder, "rich.py").write_text(NO_RICH, "utf-8")
            paths = (folder, os.environ.get("PYTHONPATH", ""))
            variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        command = (sys.executable, "-m", "fastmcp", *arguments)
        with tmux(*command, cwd=cwd, env=variables) as terminal:
            yield terminal
