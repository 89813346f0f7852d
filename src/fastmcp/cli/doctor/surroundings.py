"""What can be wrong around an installation: uv, the command on PATH, folders, settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fastmcp.exceptions import ConfigurationError
from fastmcp.settings import NAMES, settings, unread

from .findings import Finding

_PATIENCE: Final = 10.0


def findings_of_surroundings() -> Iterator[Finding]:
    """uv, the command, the home folder, and settings."""
    yield _uv()
    yield from _command()
    yield _home()
    yield from _settings()


def _uv() -> Finding:
    found = shutil.which("uv")
    cure = "install it: https://docs.astral.sh/uv/getting-started/installation/"
    if found is None:
        text = "there is none, and environments of fastmcp.json and --with are built by it"
        return Finding("uv", "note", text, cure)
    try:
        run = subprocess.run(
            [found, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("uv", "error", f"{found} does not run: {error}", cure)
    return Finding("uv", "ok", f"{run.stdout.strip()}, {found}")


def _command() -> Iterator[Finding]:
    """The command that a shell finds should be that of this Python."""
    found = shutil.which("fastmcp")
    if found is not None and Path(found).parent.resolve() != Path(sys.executable).parent.resolve():
        yield Finding(
            "Command",
            "warning",
            f"`fastmcp` is {found}, which is not of this environment",
            f"activate the environment, or use {sys.executable} -m fastmcp",
        )


def _home() -> Finding:
    try:
        home = settings.home
    except ConfigurationError as error:
        return Finding("Home", "error", str(error), "set FASTMCP_HOME to a folder")
    there = next(place for place in (home, *home.absolute().parents) if place.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding("Home", "ok", f"{home} can be written")
    return Finding(
        "Home",
        "error",
        f"{home}, where tokens and tasks are kept, cannot be written",
        f"make {there} writable, or set FASTMCP_HOME",
    )


def _settings() -> Iterator[Finding]:
    try:
        told = unread()
    except ConfigurationError as error:
        yield Finding("Settings", "error", str(error), "mend the file")
        return
    for text in told:
        yield Finding("Settings", "warning", text, "correct its name, or remove it")
    wrong = False
    for name in NAMES:
        try:
            getattr(settings, name)
        except ConfigurationError as error:
            wrong = True
            yield Finding("Settings", "error", str(error), "correct its value, or remove it")
    if not told and not wrong:
        yield Finding("Settings", "ok", "nothing that is set means nothing")
