"""Programs that enter a server themselves: `claude mcp add` and `gemini mcp add`, which are called
with lists of arguments, never by a shell.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from fastmcp.exceptions import ConfigurationError

from ..terminal import shown
from .launching import Server
from .programs.description import Program
from .refusing import refuse_batch, refuse_shell

PATIENCE: Final = 120.0
_ELSEWHERE: Final = {
    "claude": ("~/.claude/local/claude", "~/.local/bin/claude", "~/.npm-global/bin/claude"),
    "gemini": ("~/.gemini/local/gemini", "~/.npm-global/bin/gemini", "/opt/homebrew/bin/gemini"),
}
"""Where a program may be whose name is but an alias of a shell's."""
_SHORTEST_SECRET: Final = 3


def add_by_command(program: Program, server: Server, scope: str | None) -> None:
    """Have the program enter a server.

    Raises:
        ConfigurationError: the program is not here, or did not do it; the text has no value of the
            server's environment.
    """
    assert program.command is not None
    line = _line(program, _found(program), server, scope)
    refuse_shell(server.paths, "a command line")
    refuse_batch(line)
    try:
        done = subprocess.run(
            line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
        )
    except OSError as error:
        raise ConfigurationError(f"{line[0]} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise ConfigurationError(
            f"{program.command} mcp add was not done after {PATIENCE:g} seconds"
        ) from None
    if done.returncode:
        said = _without_values(done.stderr.strip() or done.stdout.strip(), server.launch.env)
        raise ConfigurationError(
            f"{program.command} mcp add failed (exit code {done.returncode}): {shown(said)}"
        )


def _found(program: Program) -> str:
    assert program.command is not None
    on_path = shutil.which(program.command)
    if on_path is not None:
        return os.path.abspath(on_path)
    for each in _ELSEWHERE[program.command]:
        path = Path(each).expanduser()
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise ConfigurationError(
        f"{program.title} was not found: there is no {program.command} on PATH; install it, or "
        "write a file with --config-path"
    )


def _line(program: Program, found: str, server: Server, scope: str | None) -> list[str]:
    """The options behind the name: they take any number of values, up to what begins with a dash.
    What follows `--` is no option of the program's.
    """
    launch = server.launch
    options = [each for pair in launch.env.items() for each in ("-e", "=".join(pair))]
    if scope is not None:
        options += ["--scope", scope]
    if program.command == "gemini":
        _refuse_lost(launch.env.items())
        return [found, "mcp", "add", server.name, launch.command, *options, "--", *launch.args]
    return [found, "mcp", "add", server.name, *options, "--", launch.command, *launch.args]


def _refuse_lost(variables: Iterable[tuple[str, str]]) -> None:
    for name, value in variables:
        if "=" in value or not value:
            raise ConfigurationError(
                f"gemini mcp add loses the value of {name}, which is empty or has a =; write the "
                "file with --config-path ~/.gemini/settings.json"
            )


def _without_values(text: str, variables: Mapping[str, str]) -> str:
    for name, value in sorted(variables.items(), key=lambda each: -len(each[1])):
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, f"[{name}]")
    return text
