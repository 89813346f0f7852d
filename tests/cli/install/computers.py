"""A computer of its own for each test: a home, a project with a server, and programs on PATH."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import run_python

SERVER = """
    from fastmcp import FastMCP

    print("loading")
    mcp = FastMCP("Shop & Co")

    @mcp.tool
    def add(a: int, b: int = 2) -> int:
        return a + b
"""
RECORDER = """#!{python}
import json, os, sys
with open({file!r}, "a") as file:
    json.dump(sys.argv[1:], file)
    file.write("\\n")
{rest}
"""


@dataclass
class Computer:
    """Where commands are run, and what they find there."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.home, self.project, self.programs):
            folder.mkdir(parents=True)
        uv = self.programs / "uv"
        uv.write_text("#!/bin/sh\nexit 1\n")
        uv.chmod(0o755)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def project(self) -> Path:
        return self.home / "project"

    @property
    def programs(self) -> Path:
        return self.root / "bin"

    def has_program(self, name: str, rest: str = "") -> Path:
        """Put a program on PATH that notes how it is called; the file of these notes."""
        notes = self.root / f"{name}.calls"
        program = self.programs / name
        program.write_text(RECORDER.format(python=sys.executable, file=str(notes), rest=rest))
        program.chmod(0o755)
        return notes

    def write(self, path: str, text: str) -> Path:
        """Write a file of the home."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": "",
            "APPDATA": "",
            "CLAUDE_CONFIG_DIR": "",
            "DISPLAY": "",
            "WAYLAND_DISPLAY": "",
            "PATH": f"{self.programs}:/usr/bin:/bin",
            **self.variables,
        }

    def fastmcp(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command in the project."""
        return run_python(
            "-m", "fastmcp", *map(str, arguments), cwd=self.project, env=self.environment()
        )

    def install(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self.fastmcp("install", *arguments)

    def entry(self, path: Path, *keys: str) -> Any:
        """What a JSON file has below these names."""
        data = json.loads(path.read_text())
        for key in keys:
            data = data[key]
        return data


def calls(notes: Path) -> list[list[str]]:
    """How a program was called."""
    return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def without_uv(computer: Computer) -> None:
    """Take uv away; nothing of the system's is on PATH then, either."""
    shutil.rmtree(computer.programs)
    computer.programs.mkdir()
    computer.variables["PATH"] = str(computer.programs)
